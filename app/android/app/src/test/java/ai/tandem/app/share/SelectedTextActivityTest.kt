package ai.tandem.app.share

import ai.tandem.app.MainActivity
import android.app.Activity
import android.content.ComponentName
import android.content.Intent
import android.os.Bundle
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController

@RunWith(RobolectricTestRunner::class)
class SelectedTextActivityTest {
  private val inbox = ShareInbox.of(RuntimeEnvironment.getApplication())

  @Before
  fun emptyTheInbox() {
    while (inbox.take() != null) Unit
  }

  private fun select(text: String, readOnly: Boolean = false, wantsResult: Boolean = true): ActivityController<SelectedTextActivity> {
    val intent =
        Intent(Intent.ACTION_PROCESS_TEXT)
            .putExtra(Intent.EXTRA_PROCESS_TEXT, text)
            .putExtra(Intent.EXTRA_PROCESS_TEXT_READONLY, readOnly)
    val controller = Robolectric.buildActivity(SelectedTextActivity::class.java, intent)
    if (wantsResult) shadowOf(controller.get()).setCallingActivity(ComponentName("org.example.mail", "Editor"))
    return controller.setup()
  }

  private fun ActivityController<SelectedTextActivity>.leave() = pause().stop()

  private fun ActivityController<SelectedTextActivity>.comeBack() = restart().resume()

  private val ActivityController<SelectedTextActivity>.answer: String?
    get() = shadowOf(get()).resultIntent?.getStringExtra(Intent.EXTRA_PROCESS_TEXT)

  private fun itemId() = (inbox.take() as SharedItem.Text).id

  @Test
  fun theTextGoesToTheInboxAndTheAppToTheFront() {
    val controller = select("hola")
    val opened = shadowOf(controller.get()).nextStartedActivity
    assertEquals(MainActivity::class.java.name, opened.component?.className)
    assertTrue(opened.flags and Intent.FLAG_ACTIVITY_NEW_TASK != 0)
    assertEquals("the text goes by the inbox alone", null, opened.extras)
    assertEquals("hola", (inbox.take() as SharedItem.Text).text)
    assertFalse(controller.get().isFinishing)
  }

  @Test
  fun theAnswerIsWrittenBackWhenTheUserComesBack() {
    val controller = select("hola")
    controller.leave()
    assertTrue(Replacements.answer(itemId(), "hello"))
    controller.comeBack()
    assertTrue(controller.get().isFinishing)
    assertEquals(Activity.RESULT_OK, shadowOf(controller.get()).resultCode)
    assertEquals("hello", controller.answer)
  }

  @Test
  fun theLastAnswerCounts() {
    val controller = select("hola")
    controller.leave()
    val id = itemId()
    for (answer in listOf("hello", "hi")) assertTrue(Replacements.answer(id, answer))
    controller.comeBack()
    assertEquals("hi", controller.answer)
  }

  @Test
  fun withoutAnAnswerTheTextStays() {
    val controller = select("hola")
    controller.leave().comeBack()
    assertTrue(controller.get().isFinishing)
    assertEquals(Activity.RESULT_CANCELED, shadowOf(controller.get()).resultCode)
    controller.leave().destroy()
    assertFalse("nobody waits any more", Replacements.answer(itemId(), "hello"))
  }

  @Test
  fun nobodyWaitsForWhatCannotBeWrittenBack() {
    for (controller in listOf(select("hola", readOnly = true), select("hola", wantsResult = false))) {
      assertTrue(controller.get().isFinishing)
      assertFalse(Replacements.isExpected(itemId()))
    }
  }

  @Test
  fun anActivityThatWasMadeAnewBringsTheAnswerAndOffersNothingAgain() {
    val first = select("hola")
    val id = itemId()
    first.leave()
    val state = Bundle().also { first.saveInstanceState(it) }
    Replacements.answer(id, "hello")
    val second = Robolectric.buildActivity(SelectedTextActivity::class.java, first.get().intent).create(state)
    assertEquals("hello", second.answer)
    assertTrue(second.get().isFinishing)
    assertNull(inbox.take())
  }

  @Test
  fun afterTheEndOfTheProcessTheTextStays() {
    val controller = Robolectric.buildActivity(SelectedTextActivity::class.java, Intent(Intent.ACTION_PROCESS_TEXT))
    controller.create(Bundle().apply { putString("id", "of another process") })
    assertTrue(controller.get().isFinishing)
    assertEquals(Activity.RESULT_CANCELED, shadowOf(controller.get()).resultCode)
  }
}
