package ai.tandem.app.security

import android.app.Activity
import android.content.Context
import android.os.Build
import android.view.WindowManager

/** What the user lets be seen of the app's window elsewhere; remembered on the device. */
class SecureWindow(context: Context) {
  private val settings = context.getSharedPreferences("secure-window", Context.MODE_PRIVATE)

  /** Whether it is kept out of screenshots and of the list of recent apps. */
  var isSecure: Boolean
    get() = settings.getBoolean(SECURE, false)
    set(secure) = settings.edit().putBoolean(SECURE, secure).apply()

  /** Whether it is kept out of the list of recent apps; before Android 13 that takes screenshots along. */
  var isHiddenInRecents: Boolean
    get() = settings.getBoolean(HIDDEN_IN_RECENTS, false)
    set(hidden) = settings.edit().putBoolean(HIDDEN_IN_RECENTS, hidden).apply()

  /** Makes the window of [activity] as the settings say; on its own thread. */
  fun applyTo(activity: Activity) {
    val knowsRecents = Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU
    if (knowsRecents) activity.setRecentsScreenshotEnabled(!isHiddenInRecents)
    val isFlagged = isSecure || (isHiddenInRecents && !knowsRecents)
    activity.window.setFlags(if (isFlagged) WindowManager.LayoutParams.FLAG_SECURE else 0, WindowManager.LayoutParams.FLAG_SECURE)
  }

  private companion object {
    const val SECURE = "secure"
    const val HIDDEN_IN_RECENTS = "hidden-in-recents"
  }
}
