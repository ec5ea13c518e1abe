package ai.tandem.app

import ai.tandem.app.files.DeviceFiles
import ai.tandem.app.files.TempDirectory
import android.app.Application
import com.facebook.react.PackageList
import com.facebook.react.ReactApplication
import com.facebook.react.ReactHost
import com.facebook.react.ReactNativeApplicationEntryPoint.loadReactNative
import com.facebook.react.defaults.DefaultReactHost.getDefaultReactHost

class MainApplication : Application(), ReactApplication {

  override val reactHost: ReactHost by lazy {
    getDefaultReactHost(
        context = applicationContext,
        packageList = PackageList(this).packages.apply { add(AppPackage()) },
    )
  }

  override fun onCreate() {
    super.onCreate()
    // Before any native code runs: the device core reads TMPDIR, and Android's default is a place where no app may write.
    TempDirectory(DeviceFiles(this).temp).prepare()
    loadReactNative(this)
  }
}
