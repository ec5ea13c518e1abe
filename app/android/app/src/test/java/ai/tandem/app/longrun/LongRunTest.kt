package ai.tandem.app.longrun

import android.app.Application
import android.app.Notification
import android.app.NotificationManager
import android.app.Service
import android.content.Intent
import com.facebook.react.bridge.JavaOnlyMap
import java.time.Duration
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ServiceController
import org.robolectric.shadows.ShadowSystemClock

@RunWith(RobolectricTestRunner::class)
class LongRunTest {
  private val application: Application = RuntimeEnvironment.getApplication()
  private val manager = application.getSystemService(NotificationManager::class.java)!!
  private val notifications = shadowOf(manager)
  private val labels = LongRunLabels("Long tasks", "Measuring", "Stop")
  private var stops = 0

  /** What Android does with the intent that starts the service. */
  private fun serve(intent: Intent): ServiceController<LongRunService> =
      Robolectric.buildService(LongRunService::class.java, intent).create().startCommand(0, 1)

  private fun start(): ServiceController<LongRunService> {
    assertTrue(LongRun.begin(application, labels))
    return serve(shadowOf(application).nextStartedService)
  }

  private fun shown(): Notification = notifications.getNotification(LongRunNotification.ID)

  private fun done() = shown().extras.getInt(Notification.EXTRA_PROGRESS)

  @After
  fun leaveNothingRunning() {
    LongRun.onStop = null
    LongRun.end(application)
    if (LongRun.isOn) serve(LongRunService.start(application)) // an end waits for the service
  }

  @Test
  fun theServiceShowsWhatRunsAndHowFar() {
    val service = start()
    assertNotNull(shadowOf(service.get()).lastForegroundNotification)
    assertFalse(shadowOf(service.get()).isStoppedBySelf)
    ShadowSystemClock.advanceBy(Duration.ofSeconds(1))
    LongRun.progress(application, 3, 10)
    val notification = shown()
    assertEquals("Measuring", notification.extras.getString(Notification.EXTRA_TITLE))
    assertEquals(listOf(3, 10), listOf(Notification.EXTRA_PROGRESS, Notification.EXTRA_PROGRESS_MAX).map(notification.extras::getInt))
    assertEquals("Stop", notification.actions.single().title)
    assertEquals("Long tasks", manager.getNotificationChannel(notification.channelId).name)
  }

  @Test
  fun updatesThatComeTooFastAreDroppedAndTheLastOneIsNot() {
    start()
    ShadowSystemClock.advanceBy(Duration.ofSeconds(1))
    for (done in 1..10) LongRun.progress(application, done, 1000)
    assertEquals(1, done())
    LongRun.progress(application, 1000, 1000)
    assertEquals(1000, done())
  }

  @Test
  fun anEndStopsTheServiceAndNothingIsShownAfterIt() {
    val service = start()
    LongRun.end(application)
    LongRun.end(application)
    assertEquals(LongRunService::class.java.name, shadowOf(application).nextStoppedService.component?.className)
    assertNull(shadowOf(application).nextStoppedService)
    service.destroy()
    LongRun.progress(application, 1, 1)
    assertNull(notifications.getNotification(LongRunNotification.ID))
  }

  @Test
  fun anEndThatComesBeforeTheServiceWaitsUntilItHasShownItself() {
    assertTrue(LongRun.begin(application, labels))
    val intent = shadowOf(application).nextStartedService
    LongRun.end(application)
    assertNull("Android ends an app that stops the service now", shadowOf(application).nextStoppedService)
    val service = serve(intent)
    assertNotNull(shadowOf(service.get()).lastForegroundNotification)
    assertTrue(shadowOf(service.get()).isStoppedBySelf)
    assertFalse(LongRun.isOn)
  }

  @Test
  fun aRunThatBeginsWhileTheLastServiceGoesIsServedAnew() {
    val first = start()
    LongRun.end(application)
    val second = start()
    first.destroy()
    assertTrue(LongRun.isOn)
    assertFalse(shadowOf(second.get()).isStoppedBySelf)
  }

  @Test
  fun aSecondBeginChangesTheLabelsOfTheSameRun() {
    start()
    assertTrue(LongRun.begin(application, LongRunLabels("Long tasks", "Importing", "Stop")))
    assertNull(shadowOf(application).nextStartedService)
    assertEquals("Importing", shown().extras.getString(Notification.EXTRA_TITLE))
  }

  @Test
  fun theUsersStopIsToldAndTheServiceStaysUntilTheEnd() {
    val service = start()
    LongRun.onStop = { stops++ }
    val intent = shadowOf(shadowOf(service.get()).lastForegroundNotification.actions.single().actionIntent).savedIntent
    service.get().onStartCommand(intent, 0, 2)
    assertEquals(1, stops)
    assertTrue(LongRun.isOn)
    assertFalse(shadowOf(service.get()).isStoppedBySelf)

    service.get().onTaskRemoved(null)
    assertEquals(2, stops)
    assertFalse(LongRun.isOn)
  }

  @Test
  fun aServiceThatNothingWantsEndsItself() {
    for (intent in listOf(LongRunService.start(application), LongRunService.stop(application))) {
      val service = serve(intent)
      assertTrue(shadowOf(service.get()).isStoppedBySelf)
      assertEquals(Service.START_NOT_STICKY, service.get().onStartCommand(intent, 0, 2))
      assertFalse(LongRun.isOn)
    }
  }

  @Test
  fun theLabelsComeFromJavaScript() {
    val read = labelsOf(JavaOnlyMap.of("channel", "a", "title", "b", "stop", "c"))
    assertEquals(listOf("a", "b", "c"), listOf(read.channel, read.title, read.stop))
    assertThrows(IllegalArgumentException::class.java) { labelsOf(JavaOnlyMap.of("channel", "a", "title", "b")) }
  }
}
