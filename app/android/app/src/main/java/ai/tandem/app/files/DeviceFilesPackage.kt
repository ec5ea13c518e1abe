package ai.tandem.app.files

import ai.tandem.app.specs.NativeDeviceFilesSpec
import com.facebook.react.BaseReactPackage
import com.facebook.react.bridge.NativeModule
import com.facebook.react.bridge.ReactApplicationContext
import com.facebook.react.module.model.ReactModuleInfo
import com.facebook.react.module.model.ReactModuleInfoProvider

class DeviceFilesPackage : BaseReactPackage() {

  override fun getModule(name: String, reactContext: ReactApplicationContext): NativeModule? =
      if (name == NativeDeviceFilesSpec.NAME) DeviceFilesModule(reactContext) else null

  override fun getReactModuleInfoProvider() = ReactModuleInfoProvider {
    val info =
        ReactModuleInfo(
            name = NativeDeviceFilesSpec.NAME,
            className = DeviceFilesModule::class.java.name,
            canOverrideExistingModule = false,
            needsEagerInit = false,
            isCxxModule = false,
            isTurboModule = true,
        )
    mapOf(info.name to info)
  }
}
