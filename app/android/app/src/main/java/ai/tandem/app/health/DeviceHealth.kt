package ai.tandem.app.health

import android.app.ActivityManager
import android.content.ComponentCallbacks2
import android.content.Context
import android.os.BatteryManager
import android.os.Build
import android.os.PowerManager

/** What the phone says of itself at one moment; the fields are explained in app/src/core/NativeDeviceHealth.ts. */
class Health(
    val totalBytes: Long,
    val availableBytes: Long,
    val thresholdBytes: Long,
    val lowMemory: Boolean,
    val memoryClassMib: Int,
    val thermalStatus: String?,
    val thermalHeadroom: Float?,
    val batteryPercent: Int?,
    val charging: Boolean,
)

/** Memory, heat and battery, as Android tells them. */
class DeviceHealth(context: Context) {
  private val activities = context.getSystemService(ActivityManager::class.java)!!
  private val power = context.getSystemService(PowerManager::class.java)!!
  private val battery = context.getSystemService(BatteryManager::class.java)!!

  fun read(): Health {
    val memory = ActivityManager.MemoryInfo().also(activities::getMemoryInfo)
    return Health(
        totalBytes = memory.totalMem,
        availableBytes = memory.availMem,
        thresholdBytes = memory.threshold,
        lowMemory = memory.lowMemory,
        memoryClassMib = activities.memoryClass,
        thermalStatus = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) THERMAL_STATUS.getOrNull(power.currentThermalStatus) else null,
        // NaN where the phone does not measure it, or was asked a moment ago.
        thermalHeadroom = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) power.getThermalHeadroom(0).takeIf { it.isFinite() } else null,
        // The smallest or the largest Int where it is not known, by version.
        batteryPercent = battery.getIntProperty(BatteryManager.BATTERY_PROPERTY_CAPACITY).takeIf { it in 0..100 },
        charging = battery.isCharging,
    )
  }

  companion object {
    /** By PowerManager's numbers, from THERMAL_STATUS_NONE. */
    private val THERMAL_STATUS = listOf("none", "light", "moderate", "severe", "critical", "emergency", "shutdown")

    /** What a level of onTrimMemory asks of this app. Levels between those that Android names belong to the next lower one, as its documents say. */
    fun nameOfTrim(level: Int): String =
        when {
          level >= ComponentCallbacks2.TRIM_MEMORY_BACKGROUND -> "background"
          level >= ComponentCallbacks2.TRIM_MEMORY_UI_HIDDEN -> "hidden"
          else -> "running"
        }
  }
}
