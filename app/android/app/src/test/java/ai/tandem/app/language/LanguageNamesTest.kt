package ai.tandem.app.language

import java.util.Locale
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Test

class LanguageNamesTest {

  @Test
  fun aLanguageIsNamedInThatOfTheApp() {
    val locales = listOf(Locale.ENGLISH, Locale.FRENCH, Locale.GERMAN, Locale.JAPANESE, Locale("es"), Locale("es", "MX"))
    for (locale in locales) {
      for (own in locales) {
        val name = LanguageNames.nameIn(locale.toLanguageTag(), own.toLanguageTag())
        assertEquals(locale.getDisplayName(own), name)
        assertNotEquals(locale.toLanguageTag(), name)
      }
    }
    assertEquals("espagnol", LanguageNames.nameIn("es", "fr"))
  }

  @Test
  fun whatIsNoKnownLanguageHasNoName() {
    for (tag in listOf("", "und", "xx", "e", "es_", "-", "no language at all", "\u0000", "es-", "x".repeat(100_000))) {
      assertEquals("", LanguageNames.nameIn(tag, "en"))
      assertEquals("", LanguageNames.nameIn("es", tag))
    }
  }
}
