// React Native has no other context that a test can make without a running app.
@file:Suppress("DEPRECATION")

package ai.tandem.app

import ai.tandem.app.files.DeviceFiles
import ai.tandem.app.files.DeviceFilesModule
import ai.tandem.app.language.LanguageNames
import ai.tandem.app.language.LanguageNamesModule
import com.facebook.react.bridge.BridgeReactContext
import com.facebook.react.turbomodule.core.interfaces.TurboModule
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment

@RunWith(RobolectricTestRunner::class)
class AppPackageTest {
  private val context = BridgeReactContext(RuntimeEnvironment.getApplication())
  private val modules = AppPackage()

  @Test
  fun thePackageMakesExactlyTheModulesThatItOffers() {
    val offered = modules.getReactModuleInfoProvider().getReactModuleInfos()
    for ((name, info) in offered) {
      val module = modules.getModule(name, context)!!
      assertEquals(name, info.name)
      assertEquals(name, module.name)
      assertEquals(info.className, module.javaClass.name)
      assertEquals(info.isTurboModule, module is TurboModule)
    }
    assertNull(modules.getModule("SomethingElse", context))
  }

  @Test
  fun javaScriptIsToldThePlacesOfDeviceFiles() {
    val module = modules.getModule("DeviceFiles", context) as DeviceFilesModule
    val files = DeviceFiles(context)
    assertEquals(files.library.path, module.libraryPath())
    assertEquals(files.bundle?.path, module.bundlePath())
    assertEquals(files.base?.path, module.basePath())
    assertEquals(files.temp.path, module.tempPath())
  }

  @Test
  fun javaScriptIsToldTheNamesOfLanguageNames() {
    val module = modules.getModule("LanguageNames", context) as LanguageNamesModule
    for (tag in listOf("es", "pt-BR", "xx")) assertEquals(LanguageNames.nameIn(tag, "en"), module.nameIn(tag, "en"))
  }
}
