package ai.tandem.app.security

import ai.tandem.app.bridge.Refusal
import android.app.Activity
import android.app.KeyguardManager
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf

/** The way of the lock screen, which Android 10 and earlier take; the system's prompt of the later ones is only on a phone. */
@RunWith(RobolectricTestRunner::class)
class AppLockTest {
  private val context = RuntimeEnvironment.getApplication()
  private val keyguard = shadowOf(context.getSystemService(KeyguardManager::class.java))
  private val activity = Robolectric.buildActivity(Activity::class.java).setup().get()
  private val lock = AppLock(context, isPromptOffered = false)
  private val answers = mutableListOf<Boolean>()

  private fun code() = assertThrows(Refusal::class.java) { lock.unlock(activity, "Tandem", answers::add) }.code

  @Test
  fun aPhoneWithoutALockHasNothingToAskFor() {
    keyguard.setIsDeviceSecure(false)
    assertFalse(lock.isAvailable)
    assertEquals("unavailable", code())
    assertEquals(null, shadowOf(activity).nextStartedActivityForResult)
  }

  @Test
  fun theLockScreensAnswerIsTheAnswerAndComesOnce() {
    keyguard.setIsDeviceSecure(true)
    assertTrue(lock.isAvailable)
    for ((result, isOpen) in mapOf(Activity.RESULT_OK to true, Activity.RESULT_CANCELED to false)) {
      lock.unlock(activity, "Tandem", answers::add)
      val started = shadowOf(activity).nextStartedActivityForResult
      assertEquals(AppLock.REQUEST_CODE, started.requestCode)
      assertEquals("busy", code())
      lock.onActivityResult(started.requestCode + 1, Activity.RESULT_OK)
      assertEquals(emptyList<Boolean>(), answers)
      repeat(2) { lock.onActivityResult(started.requestCode, result) }
      assertEquals(listOf(isOpen), answers)
      answers.clear()
    }
  }
}
