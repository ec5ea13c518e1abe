package ai.tandem.app.language

import java.util.Locale
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Test

class LanguageNamesTest {

  @Test
  fun aLanguageIsNamedInItself() {
    for (locale in listOf(Locale.ENGLISH, Locale.FRENCH, Locale.GERMAN, Locale.JAPANESE, Locale("es"), Locale("es", "MX"))) {
      val name = LanguageNames.nameOf(locale.toLanguageTag())
      assertEquals(locale.getDisplayName(locale), name)
      assertNotEquals(locale.toLanguageTag(), name)
    }
  }

  @Test
  fun whatIsNoKnownLanguageHasNoName() {
    for (tag in listOf("", "und", "xx", "e", "es_", "-", "no language at all", "\u0000", "es-", "x".repeat(100_000))) {
      assertEquals("", LanguageNames.nameOf(tag))
    }
  }
}
