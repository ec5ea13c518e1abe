package ai.tandem.app.files

import ai.tandem.app.specs.NativeDeviceFilesSpec
import com.facebook.react.bridge.BridgeReactContext
import com.facebook.react.turbomodule.core.interfaces.TurboModule
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = android.app.Application::class)
class DeviceFilesModuleTest {
  private val context = BridgeReactContext(RuntimeEnvironment.getApplication())
  private val modules = DeviceFilesPackage()

  @Test
  fun thePackageOffersExactlyTheModuleThatItMakes() {
    val offered = modules.getReactModuleInfoProvider().getReactModuleInfos()
    assertEquals(setOf(NativeDeviceFilesSpec.NAME), offered.keys)
    for ((name, info) in offered) {
      val module = modules.getModule(name, context)!!
      assertEquals(name, module.name)
      assertEquals(info.className, module.javaClass.name)
      assertEquals(info.isTurboModule, module is TurboModule)
    }
    assertNull(modules.getModule("SomethingElse", context))
  }

  @Test
  fun javaScriptIsToldThePlacesOfDeviceFiles() {
    val module = modules.getModule(NativeDeviceFilesSpec.NAME, context) as DeviceFilesModule
    val files = DeviceFiles(context)
    assertEquals(files.bundle.path, module.bundlePath())
    assertEquals(files.base?.path, module.basePath())
    assertEquals(files.temp.path, module.tempPath())
    assertTrue(module.tempPath().startsWith("/"))
  }
}
