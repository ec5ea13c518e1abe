package ai.tandem.app.security

import android.app.Activity
import android.os.Build
import android.view.WindowManager.LayoutParams.FLAG_SECURE
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.util.ReflectionHelpers

/** Notes what Robolectric does not. */
class RecentActivity : Activity() {
  var isShownInRecents = true

  override fun setRecentsScreenshotEnabled(enabled: Boolean) {
    isShownInRecents = enabled
  }
}

@RunWith(RobolectricTestRunner::class)
class SecureWindowTest {
  private val context = RuntimeEnvironment.getApplication()
  private val activity = Robolectric.buildActivity(RecentActivity::class.java).setup().get()

  private fun isShown() = activity.window.attributes.flags and FLAG_SECURE == 0

  @Test
  fun screensAreShownUntilTheUserWantsThemSecure() {
    assertFalse(SecureWindow(context).isSecure)
    SecureWindow(context).applyTo(activity)
    assertEquals(true, isShown())
  }

  @Test
  fun theWindowFollowsTheSettingWhichIsRemembered() {
    for (secure in listOf(true, false, true, true)) {
      SecureWindow(context).isSecure = secure
      // As a new process reads it.
      assertEquals(secure, SecureWindow(context).isSecure)
      SecureWindow(context).applyTo(activity)
      assertEquals(!secure, isShown())
    }
  }

  @Test
  fun whatIsHiddenInRecentsIsKeptOutOfScreenshotsOnlyWhereAndroidDoesNotTellThemApart() {
    val version = Build.VERSION.SDK_INT
    try {
      for (hidden in listOf(true, false)) {
        SecureWindow(context).isHiddenInRecents = hidden
        ReflectionHelpers.setStaticField(Build.VERSION::class.java, "SDK_INT", Build.VERSION_CODES.TIRAMISU)
        SecureWindow(context).applyTo(activity)
        assertEquals(listOf(!hidden, true), listOf(activity.isShownInRecents, isShown()))
        ReflectionHelpers.setStaticField(Build.VERSION::class.java, "SDK_INT", Build.VERSION_CODES.S_V2)
        SecureWindow(context).applyTo(activity)
        assertEquals(!hidden, isShown())
      }
    } finally {
      ReflectionHelpers.setStaticField(Build.VERSION::class.java, "SDK_INT", version)
    }
  }
}
