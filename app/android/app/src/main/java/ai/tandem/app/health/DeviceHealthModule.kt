package ai.tandem.app.health

import ai.tandem.app.specs.NativeDeviceHealthSpec
import android.content.ComponentCallbacks2
import android.content.res.Configuration
import com.facebook.react.bridge.Arguments
import com.facebook.react.bridge.ReactApplicationContext
import com.facebook.react.bridge.WritableMap
import com.facebook.react.module.annotations.ReactModule

/** [DeviceHealth] for JavaScript; the contract is app/src/core/NativeDeviceHealth.ts. */
@ReactModule(name = NativeDeviceHealthSpec.NAME)
class DeviceHealthModule(context: ReactApplicationContext) : NativeDeviceHealthSpec(context) {
  private val health = DeviceHealth(context)

  private val trims =
      object : ComponentCallbacks2 {
        override fun onTrimMemory(level: Int) {
          if (mEventEmitterCallback != null) emitOnTrimMemory(DeviceHealth.nameOfTrim(level))
        }

        override fun onConfigurationChanged(newConfig: Configuration) = Unit

        @Deprecated("Android calls onTrimMemory as well") override fun onLowMemory() = Unit
      }

  override fun initialize() = reactApplicationContext.applicationContext.registerComponentCallbacks(trims)

  override fun invalidate() = reactApplicationContext.applicationContext.unregisterComponentCallbacks(trims)

  override fun read(): WritableMap = health.read().writeTo(Arguments.createMap())
}

/** Fills [map] with the readings as app/src/core/NativeDeviceHealth.ts declares them. */
fun Health.writeTo(map: WritableMap): WritableMap {
  map.putDouble("totalBytes", totalBytes.toDouble())
  map.putDouble("availableBytes", availableBytes.toDouble())
  map.putDouble("thresholdBytes", thresholdBytes.toDouble())
  map.putBoolean("lowMemory", lowMemory)
  map.putInt("memoryClassMib", memoryClassMib)
  map.putString("thermalStatus", thermalStatus)
  if (thermalHeadroom == null) map.putNull("thermalHeadroom") else map.putDouble("thermalHeadroom", thermalHeadroom.toDouble())
  if (batteryPercent == null) map.putNull("batteryPercent") else map.putInt("batteryPercent", batteryPercent)
  map.putBoolean("charging", charging)
  return map
}
