package ai.tandem.app

import android.app.Activity
import android.app.Instrumentation
import android.content.ContentValues
import android.content.Intent
import android.net.Uri
import android.provider.MediaStore
import androidx.test.ext.junit.runners.AndroidJUnit4
import androidx.test.filters.SdkSuppress
import androidx.test.platform.app.InstrumentationRegistry
import androidx.test.uiautomator.By
import org.junit.After
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith

/**
 * A `.tandem` file in the phone's downloads becomes the bundle in use, by the core and through the models screen. The picker itself is the system's and
 * looks different on each phone: it is answered for, with the address that it would give.
 */
@SdkSuppress(minSdkVersion = 29) // the downloads need no permission from there on
@RunWith(AndroidJUnit4::class)
class ImportTest {
  private val instrumentation = InstrumentationRegistry.getInstrumentation()
  private val app = instrumentation.targetContext
  private val downloads = app.contentResolver
  private val file: Uri =
      downloads.insert(
          MediaStore.Downloads.EXTERNAL_CONTENT_URI, ContentValues().apply { put(MediaStore.Downloads.DISPLAY_NAME, "instrumentation-test.tandem") })!!
  private val picker = Picker(file)

  @Before
  fun theModelsScreenIsOpen() {
    Screen.requireBundle()
    instrumentation.addMonitor(picker)
    app.startActivity(
        app.packageManager.getLaunchIntentForPackage(app.packageName)!!.addFlags(Intent.FLAG_ACTIVITY_NEW_TASK or Intent.FLAG_ACTIVITY_CLEAR_TASK))
    Screen.open(Screen.SETTINGS)
    Screen.tap(Screen.MODELS)
  }

  @After
  fun theDownloadIsDeleted() {
    instrumentation.removeMonitor(picker)
    downloads.delete(file, null, null)
  }

  @Test
  fun aBundleIsImportedUsedAndRemoved() {
    write { _, bytes -> bytes }
    Screen.tap(Screen.IMPORT)
    Screen.find(By.textContains(Screen.IN_USE), Screen.MODEL_MS)
    Screen.share(Screen.CHAT)
    Screen.tap(Screen.SUMMARISE)
    assertTrue(Screen.answer().isNotBlank())
    Screen.open(Screen.SETTINGS)
    Screen.tap(Screen.MODELS)
    Screen.tap(Screen.REMOVE)
    Screen.tap(Screen.REMOVE_SURELY)
    Screen.gone(By.textContains(Screen.IN_USE))
  }

  @Test
  fun aBundleWithAChangedAdapterIsRefusedAndNothingOfItStays() {
    write { path, bytes -> if (path.endsWith("adapter_model.safetensors")) bytes.also { it[it.size - 1] = (it.last() + 1).toByte() } else bytes }
    Screen.tap(Screen.IMPORT)
    Screen.find(By.textContains(Screen.REFUSED), Screen.MODEL_MS)
    Screen.gone(By.textContains(Screen.IN_USE))
  }

  private fun write(change: (path: String, bytes: ByteArray) -> ByteArray) =
      downloads.openOutputStream(file, "wt")!!.use { TandemFile.write(Screen.bundle!!, it, change) }

  /** In place of the system's picker: the user picks this file at once. */
  private class Picker(private val file: Uri) : Instrumentation.ActivityMonitor() {
    override fun onStartActivity(intent: Intent): Instrumentation.ActivityResult? =
        if (intent.action == Intent.ACTION_OPEN_DOCUMENT) Instrumentation.ActivityResult(Activity.RESULT_OK, Intent().setData(file)) else null
  }
}
