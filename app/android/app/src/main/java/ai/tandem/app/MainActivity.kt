package ai.tandem.app

import android.os.Bundle
import com.facebook.react.ReactActivity
import com.facebook.react.ReactActivityDelegate
import com.facebook.react.defaults.DefaultReactActivityDelegate

/** The one activity; its screens are React Native's. */
class MainActivity : ReactActivity() {

  /** The name that app/index.js registers. */
  override fun getMainComponentName(): String = "Tandem"

  override fun createReactActivityDelegate(): ReactActivityDelegate = DefaultReactActivityDelegate(this, mainComponentName)

  override fun onCreate(savedInstanceState: Bundle?) {
    // React Native rebuilds its views from JavaScript; a restored view hierarchy of a killed process would fight with them.
    super.onCreate(null)
  }
}
