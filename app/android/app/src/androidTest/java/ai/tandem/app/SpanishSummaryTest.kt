package ai.tandem.app

import androidx.test.ext.junit.runners.AndroidJUnit4
import androidx.test.uiautomator.By
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith

/** The whole app on a phone: a shared conversation becomes its summary in Spanish, and a run can be stopped. */
@RunWith(AndroidJUnit4::class)
class SpanishSummaryTest {

  @Before fun aBundleIsInstalled() = Screen.requireBundle()

  @Test
  fun aSharedConversationIsSummarisedInSpanish() {
    Screen.share(Screen.CHAT)
    Screen.chooseSpanish()
    Screen.tap(Screen.SUMMARISE)

    val words = Screen.answer().lowercase().split(Regex("\\P{L}+"))
    val spanish = words.count { it in SPANISH }
    val english = words.count { it in ENGLISH }
    assertTrue("wanted Spanish; of ${words.size} words $spanish are common in Spanish and $english in English", spanish > english)
  }

  @Test
  fun aStoppedRunCanBeFollowedByAnother() {
    Screen.share(Screen.CHAT)
    Screen.chooseSpanish()
    Screen.tap(Screen.SUMMARISE)
    Screen.awaitFirstWord()
    Screen.tap(Screen.STOP)
    // The button is there again when nothing runs.
    Screen.find(By.text(Screen.SUMMARISE))
    Screen.tap(Screen.SUMMARISE)
    assertTrue(Screen.answer().isNotBlank())
  }

  private companion object {
    val SPANISH = setOf("el", "la", "los", "las", "un", "una", "de", "del", "que", "y", "en", "para", "con", "se", "su", "por", "es", "va")
    val ENGLISH = setOf("the", "a", "an", "of", "to", "and", "in", "for", "with", "is", "are", "will", "that", "they", "his", "her", "on", "wants")
  }
}
