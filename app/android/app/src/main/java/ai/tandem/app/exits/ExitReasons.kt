package ai.tandem.app.exits

import ai.tandem.app.bridge.Refusal
import android.app.ActivityManager
import android.app.ActivityManager.RunningAppProcessInfo
import android.app.ApplicationExitInfo
import android.content.Context
import android.os.Build
import android.system.OsConstants
import androidx.annotation.RequiresApi

/** One end of the app's process; the fields are explained in app/src/core/NativeExitReasons.ts. */
data class Exit(val reason: String, val running: String?, val at: Long)

/**
 * Why the app's process ended, as Android has noted it (ApplicationExitInfo, API 30). What ran is noted with Android too, which keeps it with the reason
 * (setProcessStateSummary): a note of our own could be lost with the process.
 */
class ExitReasons(private val context: Context) {
  private val activities = context.getSystemService(ActivityManager::class.java)!!
  private val told = context.getSharedPreferences("exits", Context.MODE_PRIVATE)

  /** The last end, if the user is to be told of it and has not been. */
  fun takeLast(): Exit? {
    if (Build.VERSION.SDK_INT < Build.VERSION_CODES.R) return null
    val last = activities.getHistoricalProcessExitReasons(context.packageName, 0, 1).firstOrNull() ?: return null
    if (last.timestamp <= told.getLong(UNTIL, Long.MIN_VALUE)) return null
    // On the disk before it is told: a crash on telling it must not repeat itself at each start.
    told.edit().putLong(UNTIL, last.timestamp).commit()

    val running = last.processStateSummary?.toString(Charsets.US_ASCII)
    val reason =
        when {
          isByMemory(last) -> "low-memory".takeIf { running != null || last.importance <= RunningAppProcessInfo.IMPORTANCE_VISIBLE }
          last.reason == ApplicationExitInfo.REASON_CRASH || last.reason == ApplicationExitInfo.REASON_CRASH_NATIVE -> "crash"
          else -> null
        }
    return reason?.let { Exit(it, running, last.timestamp) }
  }

  /** Notes what runs; null when it is over. False where Android keeps no such note. Throws [Refusal] for anything but an id. */
  fun running(what: String?): Boolean {
    if (what != null && !ID.matches(what)) {
      throw Refusal("not-an-id", "what runs is noted by an id of at most 64 of a-z 0-9 + : . _ -; wanted that, got ${what.length} other characters")
    }
    if (Build.VERSION.SDK_INT < Build.VERSION_CODES.R) return false
    activities.setProcessStateSummary(what?.toByteArray(Charsets.US_ASCII))
    return true
  }

  @RequiresApi(Build.VERSION_CODES.R)
  private fun isByMemory(exit: ApplicationExitInfo): Boolean =
      exit.reason == ApplicationExitInfo.REASON_LOW_MEMORY ||
          // Where a phone cannot tell, a kill that nothing else explains is most likely one.
          (!ActivityManager.isLowMemoryKillReportSupported() &&
              exit.reason == ApplicationExitInfo.REASON_SIGNALED &&
              exit.status == OsConstants.SIGKILL)

  private companion object {
    const val UNTIL = "told-until"
    val ID = Regex("[a-z0-9+:._-]{1,64}")
  }
}
