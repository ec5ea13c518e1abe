package ai.tandem.app.security

import ai.tandem.app.bridge.Refusal
import android.app.Activity
import android.app.KeyguardManager
import android.content.Context
import android.content.Intent
import android.hardware.biometrics.BiometricManager.Authenticators
import android.hardware.biometrics.BiometricPrompt
import android.os.Build
import android.os.CancellationSignal
import androidx.annotation.RequiresApi

/**
 * The phone's own lock as the app's. The framework's prompt where it takes the PIN too (API 30), before that the lock screen's: androidx.biometric would
 * do the same with one library more.
 */
class AppLock(context: Context, private val isPromptOffered: Boolean = Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
  private val keyguard = context.getSystemService(KeyguardManager::class.java)!!
  private var waiting: ((Boolean) -> Unit)? = null

  /** Whether the phone has a screen lock. */
  val isAvailable: Boolean
    get() = keyguard.isDeviceSecure

  /** Asks for the lock; [done] is told whether it was opened. On the main thread. Throws [Refusal]. */
  fun unlock(activity: Activity, title: String, done: (Boolean) -> Unit) {
    if (!isAvailable) throw Refusal("unavailable", "the phone has no screen lock; wanted one to ask for: set one in the phone's settings")
    synchronized(this) {
      if (waiting != null) throw Refusal("busy", "the lock is asked for already; wanted one question at a time: answer it first")
      waiting = done
    }
    if (isPromptOffered) prompt(activity, title) else askLockScreen(activity, title)
  }

  /** The lock screen's answer, from the activity. */
  fun onActivityResult(requestCode: Int, resultCode: Int) {
    if (requestCode == REQUEST_CODE) settle(resultCode == Activity.RESULT_OK)
  }

  @RequiresApi(Build.VERSION_CODES.R)
  private fun prompt(activity: Activity, title: String) {
    val answer =
        object : BiometricPrompt.AuthenticationCallback() {
          override fun onAuthenticationSucceeded(result: BiometricPrompt.AuthenticationResult) = settle(true)

          // The end of the dialog; a finger that is not known (onAuthenticationFailed) may be tried again.
          override fun onAuthenticationError(errorCode: Int, errString: CharSequence) = settle(false)
        }
    BiometricPrompt.Builder(activity)
        .setTitle(title)
        .setAllowedAuthenticators(Authenticators.BIOMETRIC_WEAK or Authenticators.DEVICE_CREDENTIAL)
        .build()
        .authenticate(CancellationSignal(), activity.mainExecutor, answer)
  }

  @Suppress("DEPRECATION") // what there is before API 30
  private fun askLockScreen(activity: Activity, title: String) {
    val question: Intent? = keyguard.createConfirmDeviceCredentialIntent(title, null)
    // null when the lock has been taken away since.
    if (question == null) settle(false) else activity.startActivityForResult(question, REQUEST_CODE)
  }

  private fun settle(isOpen: Boolean) {
    synchronized(this) { waiting.also { waiting = null } }?.invoke(isOpen)
  }

  companion object {
    const val REQUEST_CODE = 0x7a10
  }
}
