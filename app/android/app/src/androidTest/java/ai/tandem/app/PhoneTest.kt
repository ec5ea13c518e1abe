package ai.tandem.app

import ai.tandem.app.health.DeviceHealth
import ai.tandem.app.longrun.LongRun
import ai.tandem.app.longrun.LongRunLabels
import ai.tandem.app.longrun.LongRunNotification
import ai.tandem.app.security.DatabaseKey
import ai.tandem.app.security.KeystoreKey
import android.Manifest
import android.app.NotificationManager
import android.content.Intent
import android.os.Build
import android.os.SystemClock
import androidx.test.ext.junit.runners.AndroidJUnit4
import androidx.test.platform.app.InstrumentationRegistry
import java.io.File
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith

/** What only a phone has: a Keystore, foreground services, sensors of heat and memory. */
@RunWith(AndroidJUnit4::class)
class PhoneTest {
  private val instrumentation = InstrumentationRegistry.getInstrumentation()
  private val app = instrumentation.targetContext

  @Test
  fun theDatabaseKeyIsKeptByTheKeystore() {
    val file = File(app.noBackupFilesDir, "test.key")
    // Another alias than the history's, which is not to be touched.
    fun key() = DatabaseKey(file, KeystoreKey(app, "tandem.test"))
    try {
      val made = key().get()
      assertEquals(made, key().get())
    } finally {
      key().forget()
    }
  }

  @Test
  fun aLongRunIsShownUntilItsEnd() {
    if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) {
      instrumentation.uiAutomation.grantRuntimePermission(app.packageName, Manifest.permission.POST_NOTIFICATIONS)
    }
    // Android lets the service start only while the app is seen.
    app.startActivity(app.packageManager.getLaunchIntentForPackage(app.packageName)!!.addFlags(Intent.FLAG_ACTIVITY_NEW_TASK))
    Screen.device.waitForIdle()
    assertTrue(LongRun.begin(app, LongRunLabels("Test", "Measuring", "Stop")))
    await(true)
    LongRun.progress(app, 1, 2)
    LongRun.end(app)
    await(false)
  }

  @Test
  fun thePhoneTellsItsHealth() {
    val health = DeviceHealth(app).read()
    assertTrue("${health.availableBytes} of ${health.totalBytes}", health.availableBytes in 1 until health.totalBytes)
    assertTrue("${health.thresholdBytes}", health.thresholdBytes in 1 until health.totalBytes)
  }

  private fun await(shown: Boolean) {
    val notifications = app.getSystemService(NotificationManager::class.java)!!
    val until = SystemClock.elapsedRealtime() + 20_000 // Android may hold a notification back for ten seconds
    while (notifications.activeNotifications.any { it.id == LongRunNotification.ID } != shown) {
      if (SystemClock.elapsedRealtime() > until) throw AssertionError("the notification is ${if (shown) "missing" else "still there"}")
      SystemClock.sleep(200)
    }
  }
}
