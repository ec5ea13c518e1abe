package ai.tandem.app.security

import android.content.Context
import android.view.Window
import android.view.WindowManager

/** Whether the app's window is kept out of screenshots and of the list of recent apps; remembered on the device. */
class SecureWindow(context: Context) {
  private val settings = context.getSharedPreferences("secure-window", Context.MODE_PRIVATE)

  var isSecure: Boolean
    get() = settings.getBoolean(SECURE, false)
    set(secure) = settings.edit().putBoolean(SECURE, secure).apply()

  /** Makes [window] as the setting says; on its own thread. */
  fun applyTo(window: Window) {
    window.setFlags(if (isSecure) WindowManager.LayoutParams.FLAG_SECURE else 0, WindowManager.LayoutParams.FLAG_SECURE)
  }

  private companion object {
    const val SECURE = "secure"
  }
}
