package ai.tandem.app.language

import java.util.IllformedLocaleException
import java.util.Locale

/** The names of languages, by the phone's own data. */
object LanguageNames {

  /** The name of the language of a BCP-47 tag in that of another, as `espagnol` for `es` in `fr`; empty for a tag that is ill-formed or that the phone does not know. */
  fun nameIn(tag: String, locale: String): String {
    val named = known(tag) ?: return ""
    return named.getDisplayName(known(locale) ?: return "")
  }

  private fun known(tag: String): Locale? {
    val locale =
        try {
          Locale.Builder().setLanguageTag(tag).build()
        } catch (_: IllformedLocaleException) {
          return null
        }
    // Java names a language that it does not know by its code.
    return locale.takeIf { it.language.isNotEmpty() && it.getDisplayLanguage(Locale.ENGLISH) != it.language }
  }
}
