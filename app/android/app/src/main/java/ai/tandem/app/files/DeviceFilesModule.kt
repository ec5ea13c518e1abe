package ai.tandem.app.files

import ai.tandem.app.specs.NativeDeviceFilesSpec
import com.facebook.react.bridge.ReactApplicationContext
import com.facebook.react.module.annotations.ReactModule

/** [DeviceFiles] for JavaScript; the contract is app/src/core/NativeDeviceFiles.ts. */
@ReactModule(name = NativeDeviceFilesSpec.NAME)
class DeviceFilesModule(context: ReactApplicationContext) : NativeDeviceFilesSpec(context) {
  private val files = DeviceFiles(context)

  override fun libraryPath(): String = files.library.path

  override fun bundlePath(): String? = files.bundle?.path

  override fun basePath(): String? = files.base?.path

  override fun tempPath(): String = files.temp.path
}
