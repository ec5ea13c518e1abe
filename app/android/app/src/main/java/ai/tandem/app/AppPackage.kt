package ai.tandem.app

import ai.tandem.app.documents.DocumentsModule
import ai.tandem.app.exits.ExitReasonsModule
import ai.tandem.app.files.DeviceFilesModule
import ai.tandem.app.health.DeviceHealthModule
import ai.tandem.app.language.LanguageNamesModule
import ai.tandem.app.longrun.LongRunModule
import ai.tandem.app.security.AppLockModule
import ai.tandem.app.security.DatabaseKeyModule
import ai.tandem.app.security.SecureWindowModule
import ai.tandem.app.share.ShareInboxModule
import ai.tandem.app.specs.NativeAppLockSpec
import ai.tandem.app.specs.NativeDatabaseKeySpec
import ai.tandem.app.specs.NativeDeviceFilesSpec
import ai.tandem.app.specs.NativeDeviceHealthSpec
import ai.tandem.app.specs.NativeDocumentsSpec
import ai.tandem.app.specs.NativeExitReasonsSpec
import ai.tandem.app.specs.NativeLanguageNamesSpec
import ai.tandem.app.specs.NativeLongRunSpec
import ai.tandem.app.specs.NativeReadAloudSpec
import ai.tandem.app.specs.NativeSecureWindowSpec
import ai.tandem.app.specs.NativeShareInboxSpec
import ai.tandem.app.speech.ReadAloudModule
import com.facebook.react.BaseReactPackage
import com.facebook.react.bridge.NativeModule
import com.facebook.react.bridge.ReactApplicationContext
import com.facebook.react.module.model.ReactModuleInfo
import com.facebook.react.module.model.ReactModuleInfoProvider

/** The app's own TurboModules, one for each spec in app/src/core. */
class AppPackage : BaseReactPackage() {
  private class Offer(val type: Class<out NativeModule>, val make: (ReactApplicationContext) -> NativeModule)

  private inline fun <reified T : NativeModule> offer(noinline make: (ReactApplicationContext) -> T) = Offer(T::class.java, make)

  private val offers =
      mapOf(
          NativeAppLockSpec.NAME to offer(::AppLockModule),
          NativeDatabaseKeySpec.NAME to offer(::DatabaseKeyModule),
          NativeDeviceFilesSpec.NAME to offer(::DeviceFilesModule),
          NativeDeviceHealthSpec.NAME to offer(::DeviceHealthModule),
          NativeDocumentsSpec.NAME to offer(::DocumentsModule),
          NativeExitReasonsSpec.NAME to offer(::ExitReasonsModule),
          NativeLanguageNamesSpec.NAME to offer(::LanguageNamesModule),
          NativeLongRunSpec.NAME to offer(::LongRunModule),
          NativeReadAloudSpec.NAME to offer(::ReadAloudModule),
          NativeSecureWindowSpec.NAME to offer(::SecureWindowModule),
          NativeShareInboxSpec.NAME to offer(::ShareInboxModule),
      )

  override fun getModule(name: String, reactContext: ReactApplicationContext): NativeModule? = offers[name]?.make?.invoke(reactContext)

  override fun getReactModuleInfoProvider() = ReactModuleInfoProvider {
    offers.mapValues { (name, offer) ->
      ReactModuleInfo(
          name = name,
          className = offer.type.name,
          canOverrideExistingModule = false,
          needsEagerInit = false,
          isCxxModule = false,
          isTurboModule = true,
      )
    }
  }
}
