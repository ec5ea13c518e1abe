package ai.tandem.app.longrun

import android.app.Service
import android.content.Context
import android.content.Intent
import android.content.pm.ServiceInfo
import android.os.IBinder
import androidx.core.app.ServiceCompat

/** The foreground service of [LongRun]: it does nothing itself; with it, Android lets the process go on while the screen is off. */
class LongRunService : Service() {

  override fun onBind(intent: Intent?): IBinder? = null

  override fun onStartCommand(intent: Intent?, flags: Int, startId: Int): Int {
    if (intent?.action == STOP) {
      LongRun.onStop?.invoke()
      if (!LongRun.isOn) stopSelf()
      return START_NOT_STICKY
    }
    val labels = LongRun.currentLabels()
    if (labels == null || !show(labels)) LongRun.failed()
    if (!LongRun.shown()) stopSelf()
    // What ran ended with the process: there is nothing to start again for.
    return START_NOT_STICKY
  }

  override fun onTaskRemoved(rootIntent: Intent?) {
    LongRun.onStop?.invoke()
    LongRun.end(this)
  }

  override fun onDestroy() {
    ServiceCompat.stopForeground(this, ServiceCompat.STOP_FOREGROUND_REMOVE)
    super.onDestroy()
  }

  private fun show(labels: LongRunLabels): Boolean =
      try {
        val notification = LongRunNotification.of(this, labels, 0, 0)
        ServiceCompat.startForeground(this, LongRunNotification.ID, notification, ServiceInfo.FOREGROUND_SERVICE_TYPE_SPECIAL_USE)
        true
      } catch (_: IllegalStateException) { // the app went out of sight between the two steps
        false
      }

  companion object {
    private const val STOP = "ai.tandem.app.STOP_LONG_RUN"

    fun start(context: Context) = Intent(context, LongRunService::class.java)

    fun stop(context: Context) = start(context).setAction(STOP)
  }
}
