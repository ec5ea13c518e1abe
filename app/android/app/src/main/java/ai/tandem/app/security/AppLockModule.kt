package ai.tandem.app.security

import ai.tandem.app.bridge.Refusal
import ai.tandem.app.bridge.settle
import ai.tandem.app.specs.NativeAppLockSpec
import android.app.Activity
import android.content.Intent
import com.facebook.react.bridge.BaseActivityEventListener
import com.facebook.react.bridge.Promise
import com.facebook.react.bridge.ReactApplicationContext
import com.facebook.react.module.annotations.ReactModule

/** [AppLock] for JavaScript; the contract is app/src/core/NativeAppLock.ts. */
@ReactModule(name = NativeAppLockSpec.NAME)
class AppLockModule(context: ReactApplicationContext) : NativeAppLockSpec(context) {
  private val lock = AppLock(context)

  private val results =
      object : BaseActivityEventListener() {
        override fun onActivityResult(activity: Activity, requestCode: Int, resultCode: Int, data: Intent?) =
            lock.onActivityResult(requestCode, resultCode)
      }

  override fun initialize() = reactApplicationContext.addActivityEventListener(results)

  override fun invalidate() = reactApplicationContext.removeActivityEventListener(results)

  override fun available(): Boolean = lock.isAvailable

  override fun unlock(title: String, promise: Promise) {
    val activity = reactApplicationContext.currentActivity
    if (activity == null) {
      promise.resolve(false) // nobody sees the app
      return
    }
    activity.runOnUiThread {
      try {
        lock.unlock(activity, title, promise::resolve)
      } catch (refusal: Refusal) {
        promise.settle { throw refusal }
      }
    }
  }
}
