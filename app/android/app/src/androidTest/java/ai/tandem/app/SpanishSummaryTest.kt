package ai.tandem.app

import ai.tandem.app.files.DeviceFiles
import ai.tandem.app.language.LanguageNames
import android.content.Intent
import androidx.test.ext.junit.runners.AndroidJUnit4
import androidx.test.platform.app.InstrumentationRegistry
import androidx.test.uiautomator.By
import androidx.test.uiautomator.BySelector
import androidx.test.uiautomator.UiDevice
import androidx.test.uiautomator.UiObject2
import androidx.test.uiautomator.Until
import java.io.File
import java.util.regex.Pattern
import org.junit.Assert.assertTrue
import org.junit.Assert.fail
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith

/**
 * The whole app on a phone: one tap on a sample conversation gives its summary in Spanish. It needs the demo bundle in the app's files:
 * `scripts/android/push-bundle.sh` puts it there, docs/android.md says how.
 */
@RunWith(AndroidJUnit4::class)
class SpanishSummaryTest {
  private val instrumentation = InstrumentationRegistry.getInstrumentation()
  private val device = UiDevice.getInstance(instrumentation)

  @Before
  fun aBundleIsInstalled() {
    val manifest = File(DeviceFiles(instrumentation.targetContext).bundle, "manifest.json")
    if (!manifest.isFile) fail("no bundle on the phone: run scripts/android/push-bundle.sh first")
  }

  @Test
  fun oneTapSummarisesInSpanish() {
    val app = instrumentation.targetContext
    app.startActivity(
        app.packageManager.getLaunchIntentForPackage(app.packageName)!!.addFlags(Intent.FLAG_ACTIVITY_NEW_TASK or Intent.FLAG_ACTIVITY_CLEAR_TASK))

    find(By.desc(Pattern.compile(Pattern.quote(LanguageNames.nameOf("es")), Pattern.CASE_INSENSITIVE or Pattern.UNICODE_CASE)), START_UP).click()
    find(By.text("Summarise"), SCREEN).click()
    // The statistics appear when the answer is complete.
    find(By.res("statistics"), MODEL)
    val summary = find(By.res("summary"), SCREEN).text

    val words = summary.lowercase().split(Regex("\\P{L}+"))
    val spanish = words.count { it in SPANISH }
    val english = words.count { it in ENGLISH }
    assertTrue("wanted Spanish; of ${words.size} words $spanish are common in Spanish and $english in English", spanish > english)
  }

  private fun find(what: BySelector, withinMs: Long): UiObject2 =
      device.wait(Until.findObject(what), withinMs) ?: throw AssertionError("nothing on the screen after $withinMs ms that matches $what")

  private companion object {
    const val START_UP = 30_000L
    const val SCREEN = 10_000L
    // Load of the model, up to its limit of tokens: a bound for the slowest phone, not a measure.
    const val MODEL = 240_000L
    val SPANISH = setOf("el", "la", "los", "las", "un", "una", "de", "del", "que", "y", "en", "para", "con", "se", "su", "por", "es", "va")
    val ENGLISH = setOf("the", "a", "an", "of", "to", "and", "in", "for", "with", "is", "are", "will", "that", "they", "his", "her", "on", "wants")
  }
}
