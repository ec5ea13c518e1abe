package ai.tandem.app.longrun

import ai.tandem.app.MainActivity
import ai.tandem.app.R
import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.PendingIntent
import android.content.Context
import android.content.Intent

/** The notification of a long run: what is done and how far, a button to stop it. */
object LongRunNotification {
  const val ID = 1
  private const val CHANNEL = "long-run"

  fun of(context: Context, labels: LongRunLabels, done: Int, total: Int): Notification {
    // Makes it, or renames it when the language has changed.
    context
        .getSystemService(NotificationManager::class.java)!!
        .createNotificationChannel(NotificationChannel(CHANNEL, labels.channel, NotificationManager.IMPORTANCE_LOW))
    val open = PendingIntent.getActivity(context, 0, Intent(context, MainActivity::class.java), PendingIntent.FLAG_IMMUTABLE)
    val stop = PendingIntent.getService(context, 0, LongRunService.stop(context), PendingIntent.FLAG_IMMUTABLE)
    return Notification.Builder(context, CHANNEL)
        .setSmallIcon(R.drawable.ic_notification)
        .setContentTitle(labels.title)
        .setContentIntent(open)
        .setOngoing(true)
        .setOnlyAlertOnce(true)
        .setCategory(Notification.CATEGORY_PROGRESS)
        // It holds nothing that the lock screen may not show.
        .setVisibility(Notification.VISIBILITY_PUBLIC)
        .setProgress(total, done, total == 0)
        .addAction(Notification.Action.Builder(null, labels.stop, stop).build())
        .build()
  }
}
