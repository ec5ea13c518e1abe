package ai.tandem.app.longrun

import android.app.NotificationManager
import android.content.Context
import android.os.SystemClock

/** What the notification of a long run says, in the language of the app's screens; never a text of the user. */
class LongRunLabels(val channel: String, val title: String, val stop: String)

/**
 * Keeps the process alive while something long runs, by [LongRunService]; there is one run at a time. Android ends an app that stops such a service before it
 * has shown its notification, so an end that comes too early waits for that.
 */
object LongRun {
  private const val BETWEEN_UPDATES_MS = 500L // Android drops updates that come faster than some ten a second

  private enum class State {
    IDLE,
    STARTING,
    SHOWN,
  }

  /** Called when the user stops the run. */
  @Volatile var onStop: (() -> Unit)? = null

  private var state = State.IDLE
  private var isWanted = false
  private var labels: LongRunLabels? = null
  private var updated = 0L

  /** Starts the service; false where Android does not let one start now, as when the app is not seen. */
  @Synchronized
  fun begin(context: Context, wanted: LongRunLabels): Boolean {
    labels = wanted
    isWanted = true
    updated = 0
    if (state == State.SHOWN) {
      update(context, wanted, 0, 0)
      return true
    }
    if (state == State.STARTING) return true
    try {
      context.startForegroundService(LongRunService.start(context))
    } catch (_: IllegalStateException) {
      isWanted = false
      return false
    }
    state = State.STARTING
    return true
  }

  /** [done] of [total]; a total of 0 is one that is not known. */
  @Synchronized
  fun progress(context: Context, done: Int, total: Int) {
    val now = SystemClock.elapsedRealtime()
    val labels = labels.takeIf { state == State.SHOWN && (done >= total || now - updated >= BETWEEN_UPDATES_MS) } ?: return
    updated = now
    update(context, labels, done, total)
  }

  /** Ends the service; without one, does nothing. */
  @Synchronized
  fun end(context: Context) {
    isWanted = false
    if (state == State.SHOWN) {
      state = State.IDLE
      context.stopService(LongRunService.start(context))
    }
  }

  /** Whether there is a run that its service is to show or shows. */
  @get:Synchronized
  val isOn: Boolean
    get() = state != State.IDLE

  /** From the service, which asks what it is to show; null when there is nothing. */
  @Synchronized internal fun currentLabels(): LongRunLabels? = labels.takeIf { state != State.IDLE }

  /** From the service: its notification is there. False when the run has ended in the meantime, and the service is to stop. */
  @Synchronized
  internal fun shown(): Boolean {
    state = if (isWanted) State.SHOWN else State.IDLE
    return isWanted
  }

  /** From the service: Android does not let it show its notification. */
  @Synchronized
  internal fun failed() {
    state = State.IDLE
    isWanted = false
  }

  private fun update(context: Context, labels: LongRunLabels, done: Int, total: Int) =
      context.getSystemService(NotificationManager::class.java)!!.notify(LongRunNotification.ID, LongRunNotification.of(context, labels, done, total))
}
