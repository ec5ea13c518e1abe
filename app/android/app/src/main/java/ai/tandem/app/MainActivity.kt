package ai.tandem.app

import ai.tandem.app.documents.DocumentPicker
import ai.tandem.app.security.SecureWindow
import ai.tandem.app.share.Incoming
import ai.tandem.app.share.ShareInbox
import android.content.Intent
import android.content.res.Configuration
import android.os.Bundle
import androidx.core.view.WindowCompat
import com.facebook.react.ReactActivity
import com.facebook.react.ReactActivityDelegate
import com.facebook.react.defaults.DefaultReactActivityDelegate

/** The one activity with screens, which are React Native's; what other apps share comes in here. */
class MainActivity : ReactActivity() {

  /** The name that app/index.js registers. */
  override fun getMainComponentName(): String = "Tandem"

  override fun createReactActivityDelegate(): ReactActivityDelegate = DefaultReactActivityDelegate(this, mainComponentName)

  override fun onCreate(savedInstanceState: Bundle?) {
    SecureWindow(this).applyTo(this)
    Incoming.atStart(intent, isMadeAnew = savedInstanceState != null)?.let(ShareInbox.of(this)::offer)
    // React Native rebuilds its views from JavaScript; a restored view hierarchy of a killed process would fight with them.
    super.onCreate(null)
  }

  override fun onNewIntent(intent: Intent) {
    super.onNewIntent(intent)
    Incoming.of(intent)?.let(ShareInbox.of(this)::offer)
  }

  override fun onConfigurationChanged(newConfig: Configuration) {
    super.onConfigurationChanged(newConfig)
    // React Native sets their colour when the activity is made; the theme that the user chose in the app comes later. It is in the resources by now.
    val isNight = resources.configuration.uiMode and Configuration.UI_MODE_NIGHT_MASK == Configuration.UI_MODE_NIGHT_YES
    WindowCompat.getInsetsController(window, window.decorView).isAppearanceLightNavigationBars = !isNight
  }

  override fun onActivityResult(requestCode: Int, resultCode: Int, data: Intent?) {
    // Not through React Native, which forgets a result that comes before its start, as after the end of the process behind the picker.
    if (!DocumentPicker.of(this).onActivityResult(requestCode, resultCode, data)) super.onActivityResult(requestCode, resultCode, data)
  }
}
