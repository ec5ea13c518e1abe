package ai.tandem.app.health

import android.app.ActivityManager
import android.content.ComponentCallbacks2
import android.content.Context
import android.os.BatteryManager
import android.os.PowerManager
import com.facebook.react.bridge.JavaOnlyMap
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf

@RunWith(RobolectricTestRunner::class)
class DeviceHealthTest {
  private val context: Context = RuntimeEnvironment.getApplication()
  private val health = DeviceHealth(context)

  private inline fun <reified T> service() = context.getSystemService(T::class.java)!!

  @Test
  fun memoryIsWhatTheActivityManagerTells() {
    val told = ActivityManager.MemoryInfo()
    told.totalMem = 8L shl 30
    told.availMem = 3L shl 30
    told.threshold = 200L shl 20
    told.lowMemory = true
    shadowOf(service<ActivityManager>()).setMemoryInfo(told)
    shadowOf(service<ActivityManager>()).setMemoryClass(256)
    val read = health.read()
    assertEquals(listOf(8L shl 30, 3L shl 30, 200L shl 20), listOf(read.totalBytes, read.availableBytes, read.thresholdBytes))
    assertTrue(read.lowMemory)
    assertEquals(256, read.memoryClassMib)
  }

  @Test
  fun eachThermalStatusHasItsName() {
    val names =
        mapOf(
            PowerManager.THERMAL_STATUS_NONE to "none",
            PowerManager.THERMAL_STATUS_LIGHT to "light",
            PowerManager.THERMAL_STATUS_MODERATE to "moderate",
            PowerManager.THERMAL_STATUS_SEVERE to "severe",
            PowerManager.THERMAL_STATUS_CRITICAL to "critical",
            PowerManager.THERMAL_STATUS_EMERGENCY to "emergency",
            PowerManager.THERMAL_STATUS_SHUTDOWN to "shutdown",
        )
    for ((status, name) in names) {
      shadowOf(service<PowerManager>()).setCurrentThermalStatus(status)
      assertEquals(name, health.read().thermalStatus)
    }
  }

  @Test
  fun theBatteryIsToldWhereItIsKnown() {
    val battery = shadowOf(service<BatteryManager>())
    for ((told, read) in mapOf(0 to 0, 57 to 57, 100 to 100, Int.MIN_VALUE to null, Int.MAX_VALUE to null)) {
      battery.setIntProperty(BatteryManager.BATTERY_PROPERTY_CAPACITY, told)
      assertEquals(read, health.read().batteryPercent)
    }
    for (charging in listOf(true, false)) {
      battery.setIsCharging(charging)
      assertEquals(charging, health.read().charging)
    }
  }

  @Test
  fun javaScriptGetsEveryFieldOfItsSpec() {
    val unknown = Health(1L shl 40, 2, 3, false, 4, null, null, null, true).writeTo(JavaOnlyMap()).toHashMap()
    assertEquals(9, unknown.size)
    assertEquals((1L shl 40).toDouble(), unknown["totalBytes"])
    for (field in listOf("thermalStatus", "thermalHeadroom", "batteryPercent")) assertNull(unknown[field])
    val known = Health(1, 2, 3, false, 4, "light", 0.5f, 57, true).writeTo(JavaOnlyMap()).toHashMap()
    assertEquals(listOf("light", 0.5, 57.0), listOf("thermalStatus", "thermalHeadroom", "batteryPercent").map { (known[it] as? Number)?.toDouble() ?: known[it] })
  }

  @Suppress("DEPRECATION") // older versions of Android send the others too
  @Test
  fun aTrimIsNamedByItsMeaning() {
    for ((level, name) in
        mapOf(
            ComponentCallbacks2.TRIM_MEMORY_RUNNING_MODERATE to "running",
            ComponentCallbacks2.TRIM_MEMORY_RUNNING_LOW to "running",
            ComponentCallbacks2.TRIM_MEMORY_RUNNING_CRITICAL to "running",
            ComponentCallbacks2.TRIM_MEMORY_UI_HIDDEN to "hidden",
            ComponentCallbacks2.TRIM_MEMORY_UI_HIDDEN + 1 to "hidden",
            ComponentCallbacks2.TRIM_MEMORY_BACKGROUND to "background",
            ComponentCallbacks2.TRIM_MEMORY_MODERATE to "background",
            ComponentCallbacks2.TRIM_MEMORY_COMPLETE to "background",
        )) assertEquals(name, DeviceHealth.nameOfTrim(level))
  }
}
