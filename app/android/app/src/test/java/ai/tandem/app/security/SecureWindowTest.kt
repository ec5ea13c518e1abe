package ai.tandem.app.security

import android.app.Activity
import android.view.WindowManager.LayoutParams.FLAG_SECURE
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment

@RunWith(RobolectricTestRunner::class)
class SecureWindowTest {
  private val context = RuntimeEnvironment.getApplication()
  private val window = Robolectric.buildActivity(Activity::class.java).setup().get().window

  private fun isShown() = window.attributes.flags and FLAG_SECURE == 0

  @Test
  fun screensAreShownUntilTheUserWantsThemSecure() {
    assertFalse(SecureWindow(context).isSecure)
    SecureWindow(context).applyTo(window)
    assertEquals(true, isShown())
  }

  @Test
  fun theWindowFollowsTheSettingWhichIsRemembered() {
    for (secure in listOf(true, false, true, true)) {
      SecureWindow(context).isSecure = secure
      // As a new process reads it.
      assertEquals(secure, SecureWindow(context).isSecure)
      SecureWindow(context).applyTo(window)
      assertEquals(!secure, isShown())
    }
  }
}
