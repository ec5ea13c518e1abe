package ai.tandem.app.exits

import ai.tandem.app.bridge.Refusal
import android.app.ActivityManager
import android.app.ActivityManager.RunningAppProcessInfo.IMPORTANCE_CACHED
import android.app.ActivityManager.RunningAppProcessInfo.IMPORTANCE_FOREGROUND
import android.app.ApplicationExitInfo
import android.content.Context
import com.facebook.react.bridge.JavaOnlyMap
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowActivityManager.ApplicationExitInfoBuilder

@RunWith(RobolectricTestRunner::class)
class ExitReasonsTest {
  private val context: Context = RuntimeEnvironment.getApplication()
  private val activities = shadowOf(context.getSystemService(ActivityManager::class.java))
  private var time = 1000L

  /** The app's process ends, and Android notes why. */
  private fun end(reason: Int, running: String? = null, importance: Int = IMPORTANCE_FOREGROUND, status: Int = 0): Long {
    time += 1000
    activities.addApplicationExitInfo(
        ApplicationExitInfoBuilder.newBuilder()
            .setReason(reason)
            .setImportance(importance)
            .setStatus(status)
            .setTimestamp(time)
            .setProcessStateSummary(running?.toByteArray())
            .build())
    return time
  }

  private fun takeLast() = ExitReasons(context).takeLast()

  @Test
  fun anEndByLowMemoryIsToldOnceWithWhatRan() {
    val at = end(ApplicationExitInfo.REASON_LOW_MEMORY, "summarize+es:1024")
    assertEquals(Exit("low-memory", "summarize+es:1024", at), takeLast())
    assertNull(takeLast())
    val again = end(ApplicationExitInfo.REASON_LOW_MEMORY)
    assertEquals(Exit("low-memory", null, again), takeLast())
  }

  @Test
  fun onlyTheLastEndCounts() {
    end(ApplicationExitInfo.REASON_LOW_MEMORY, "summarize+es")
    end(ApplicationExitInfo.REASON_USER_REQUESTED)
    assertNull(takeLast())
  }

  @Test
  fun crashesAreToldAndOrdinaryEndsAreNot() {
    for (reason in listOf(ApplicationExitInfo.REASON_CRASH, ApplicationExitInfo.REASON_CRASH_NATIVE)) {
      end(reason)
      assertEquals("crash", takeLast()?.reason)
    }
    for (reason in
        listOf(ApplicationExitInfo.REASON_EXIT_SELF, ApplicationExitInfo.REASON_USER_REQUESTED, ApplicationExitInfo.REASON_USER_STOPPED, ApplicationExitInfo.REASON_OTHER)) {
      end(reason, "summarize+es")
      assertNull(takeLast())
    }
  }

  @Test
  fun anAppInTheBackgroundThatDidNothingMayBeEnded() {
    end(ApplicationExitInfo.REASON_LOW_MEMORY, importance = IMPORTANCE_CACHED)
    assertNull(takeLast())
    end(ApplicationExitInfo.REASON_LOW_MEMORY, "bench", importance = IMPORTANCE_CACHED)
    assertEquals("bench", takeLast()?.running)
  }

  @Test
  fun aPhoneThatNeverEndedTheAppTellsNothing() {
    assertNull(takeLast())
  }

  @Test
  fun whatRunsIsNotedByAnIdAlone() {
    val exits = ExitReasons(context)
    for (id in listOf("a", "summarize+witty+fr:calibrated:1024", "x".repeat(64), null)) assertTrue(exits.running(id))
    for (text in listOf("", "Secreto", "secreto, ¿sí?", "secreto secreto", "secreto\n", "secreto".repeat(10))) {
      val refusal = assertThrows(Refusal::class.java) { exits.running(text) }
      assertFalse(refusal.message!!, refusal.message!!.contains("secreto", ignoreCase = true))
    }
  }

  @Test
  fun javaScriptGetsEveryFieldOfItsSpec() {
    assertEquals(mapOf("reason" to "crash", "running" to null, "at" to 5.0), Exit("crash", null, 5).writeTo(JavaOnlyMap()).toHashMap().toMap())
  }
}
