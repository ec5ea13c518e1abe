package ai.tandem.app.language

import java.util.IllformedLocaleException
import java.util.Locale

/** The names that languages have in themselves, by the phone's own data. */
object LanguageNames {

  /** The name for a BCP-47 tag, as `español` for `es`; empty for a tag that is ill-formed or that the phone does not know. */
  fun nameOf(tag: String): String {
    val locale =
        try {
          Locale.Builder().setLanguageTag(tag).build()
        } catch (_: IllformedLocaleException) {
          return ""
        }
    // Java names a language that it does not know by its code.
    val isKnown = locale.language.isNotEmpty() && locale.getDisplayLanguage(Locale.ENGLISH) != locale.language
    return if (isKnown) locale.getDisplayName(locale) else ""
  }
}
