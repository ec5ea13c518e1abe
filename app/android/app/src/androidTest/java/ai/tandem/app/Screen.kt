package ai.tandem.app

import ai.tandem.app.files.DeviceFiles
import ai.tandem.app.language.LanguageNames
import android.content.Intent
import androidx.test.platform.app.InstrumentationRegistry
import androidx.test.uiautomator.By
import androidx.test.uiautomator.BySelector
import androidx.test.uiautomator.UiDevice
import androidx.test.uiautomator.UiObject2
import androidx.test.uiautomator.Until
import java.io.File
import java.util.regex.Pattern
import org.junit.Assert.fail

/** The app as a user sees and touches it, in English: words are those of app/src/i18n/en.ts, ids the screens' testIDs. */
object Screen {
  const val SUMMARISE = "Summarise"
  const val STOP = "Stop"
  const val REPLACE = "Replace the text"
  const val SETTINGS = "Settings"
  const val MODELS = "Models"
  const val IMPORT = "Import a bundle"
  const val IN_USE = "in use"
  const val REMOVE = "Remove"
  const val REMOVE_SURELY = "Yes, remove"
  const val REFUSED = "The bundle was refused"

  // Bounds for the slowest phone, not measures.
  private const val START_UP_MS = 30_000L
  private const val SCREEN_MS = 10_000L
  const val MODEL_MS = 240_000L

  val CHAT =
      """
      Ana: Are we still on for lunch on Friday?
      Ben: Yes, but I have a call until 1. Can we say 1:30?
      Ana: 1:30 is fine. The place by the station?
      Ben: It's closed for two weeks. Let's go to the Thai one, I'll book a table for three, Leo wants to come
      """
          .trimIndent()

  private val instrumentation = InstrumentationRegistry.getInstrumentation()
  val device: UiDevice = UiDevice.getInstance(instrumentation)

  /** The bundle that was pushed, if any. */
  val bundle: File?
    get() = DeviceFiles(instrumentation.targetContext).bundle

  /** The demo bundle must be in the app's files: `scripts/android/push-bundle.sh` puts it there, docs/android.md says how. */
  fun requireBundle() {
    if (bundle?.let { File(it, "manifest.json").isFile } != true) fail("no bundle on the phone: run scripts/android/push-bundle.sh first")
  }

  /** Shares text with the app, as another app does. */
  fun share(text: String) {
    val context = instrumentation.context
    context.startActivity(
        Intent(Intent.ACTION_SEND)
            .setType("text/plain")
            .setPackage(instrumentation.targetContext.packageName)
            .putExtra(Intent.EXTRA_TEXT, text)
            .addFlags(Intent.FLAG_ACTIVITY_NEW_TASK))
    find(By.res("android:id/content"), START_UP_MS)
  }

  fun find(what: BySelector, withinMs: Long = SCREEN_MS): UiObject2 =
      device.wait(Until.findObject(what), withinMs) ?: throw AssertionError("nothing on the screen after $withinMs ms that matches $what")

  fun gone(what: BySelector) {
    if (!device.wait(Until.gone(what), SCREEN_MS)) throw AssertionError("still on the screen after $SCREEN_MS ms: what matches $what")
  }

  /** Taps an icon of a header, which has a name and no text. */
  fun open(name: String) = find(By.desc(name), START_UP_MS).click()

  fun tap(words: String) = find(By.text(words), START_UP_MS).click()

  fun chooseSpanish() =
      find(By.desc(Pattern.compile(Pattern.quote(LanguageNames.nameIn("es", "en")), Pattern.CASE_INSENSITIVE or Pattern.UNICODE_CASE)), START_UP_MS).click()

  /** The answer, once it is complete: then its statistics appear. */
  fun answer(): String {
    find(By.res("statistics"), MODEL_MS)
    return find(By.res("summary")).text
  }

  /** Waits for the first word of the answer. */
  fun awaitFirstWord() {
    device.wait(Until.findObject(By.res("summary").text(Pattern.compile(".*\\p{L}.*", Pattern.DOTALL))), MODEL_MS)
        ?: throw AssertionError("no word of an answer after $MODEL_MS ms")
  }
}
