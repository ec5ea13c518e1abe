package ai.tandem.app.security

import ai.tandem.app.specs.NativeSecureWindowSpec
import com.facebook.react.bridge.ReactApplicationContext
import com.facebook.react.module.annotations.ReactModule

/** [SecureWindow] for JavaScript; the contract is app/src/core/NativeSecureWindow.ts. */
@ReactModule(name = NativeSecureWindowSpec.NAME)
class SecureWindowModule(context: ReactApplicationContext) : NativeSecureWindowSpec(context) {
  private val secureWindow = SecureWindow(context)

  override fun set(secure: Boolean) {
    secureWindow.isSecure = secure
    apply()
  }

  override fun isSecure(): Boolean = secureWindow.isSecure

  override fun hideInRecents(hidden: Boolean) {
    secureWindow.isHiddenInRecents = hidden
    apply()
  }

  private fun apply() {
    reactApplicationContext.currentActivity?.run { runOnUiThread { secureWindow.applyTo(this) } }
  }
}
