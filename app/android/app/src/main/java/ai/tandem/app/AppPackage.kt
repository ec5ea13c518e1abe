package ai.tandem.app

import ai.tandem.app.files.DeviceFilesModule
import ai.tandem.app.language.LanguageNamesModule
import ai.tandem.app.specs.NativeDeviceFilesSpec
import ai.tandem.app.specs.NativeLanguageNamesSpec
import com.facebook.react.BaseReactPackage
import com.facebook.react.bridge.NativeModule
import com.facebook.react.bridge.ReactApplicationContext
import com.facebook.react.module.model.ReactModuleInfo
import com.facebook.react.module.model.ReactModuleInfoProvider

/** The app's own TurboModules, one for each spec in app/src/core. */
class AppPackage : BaseReactPackage() {

  override fun getModule(name: String, reactContext: ReactApplicationContext): NativeModule? =
      when (name) {
        NativeDeviceFilesSpec.NAME -> DeviceFilesModule(reactContext)
        NativeLanguageNamesSpec.NAME -> LanguageNamesModule(reactContext)
        else -> null
      }

  override fun getReactModuleInfoProvider() = ReactModuleInfoProvider {
    mapOf(
        NativeDeviceFilesSpec.NAME to DeviceFilesModule::class,
        NativeLanguageNamesSpec.NAME to LanguageNamesModule::class,
    ).mapValues { (name, module) ->
      ReactModuleInfo(
          name = name,
          className = module.java.name,
          canOverrideExistingModule = false,
          needsEagerInit = false,
          isCxxModule = false,
          isTurboModule = true,
      )
    }
  }
}
