package ai.tandem.app.documents

import ai.tandem.app.AnotherApp
import ai.tandem.app.AnotherApp.Document
import ai.tandem.app.bridge.Refusal
import ai.tandem.app.documents.DocumentPicker.Purpose
import ai.tandem.app.share.ChatCopy
import ai.tandem.app.share.ShareInbox
import ai.tandem.app.share.SharedItem
import android.app.Activity
import android.content.Intent
import android.net.Uri
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf

@RunWith(RobolectricTestRunner::class)
class DocumentPickerTest {
  @get:Rule val folder = TemporaryFolder()

  private val application = RuntimeEnvironment.getApplication()
  private val other = AnotherApp.install()
  private val documents = Documents(application)
  private val inbox by lazy { ShareInbox(folder.newFolder(), ChatCopy(application)) { it.run() } }
  private val picker by lazy(::newPicker)
  private val activity = Robolectric.buildActivity(Activity::class.java).setup().get()
  private val results = mutableListOf<Uri?>()

  /** As a new process makes it. */
  private fun newPicker() = DocumentPicker(documents, inbox)

  private fun finish(purpose: Purpose, uri: Uri?, picker: DocumentPicker = this.picker) =
      picker.onActivityResult(purpose.requestCode, if (uri == null) Activity.RESULT_CANCELED else Activity.RESULT_OK, uri?.let { Intent().setData(it) })

  @Test
  fun eachPurposeOpensThePickerForOneFileAndGetsWhatWasPicked() {
    for (purpose in listOf(Purpose.BUNDLE, Purpose.BASE, Purpose.CHAT)) {
      val uri = other.add(Document("a"))
      picker.pick(activity, purpose, results::add)
      val started = shadowOf(activity).nextStartedActivityForResult
      assertEquals(Intent.ACTION_OPEN_DOCUMENT, started.intent.action)
      assertTrue(Intent.CATEGORY_OPENABLE in started.intent.categories)
      assertFalse(started.intent.getBooleanExtra(Intent.EXTRA_ALLOW_MULTIPLE, false))
      assertEquals(purpose.requestCode, started.requestCode)
      assertTrue(finish(purpose, uri))
      assertEquals(uri, results.last())
    }
    assertEquals(3, results.size)
  }

  @Test
  fun whoGoesBackPicksNothing() {
    picker.pick(activity, Purpose.BUNDLE, results::add)
    finish(Purpose.BUNDLE, null)
    // Some providers end well and give nothing.
    picker.pick(activity, Purpose.BUNDLE, results::add)
    picker.onActivityResult(Purpose.BUNDLE.requestCode, Activity.RESULT_OK, null)
    assertEquals(listOf(null, null), results)
  }

  @Test
  fun aSecondPickerWaitsForTheFirst() {
    picker.pick(activity, Purpose.BUNDLE, results::add)
    val refusal = assertThrows(Refusal::class.java) { picker.pick(activity, Purpose.BASE, results::add) }
    assertEquals("busy", refusal.code)
    finish(Purpose.BUNDLE, null)
    picker.pick(activity, Purpose.BASE, results::add)
  }

  @Test
  fun withoutAPickerTheNextTryIsNotBusy() {
    shadowOf(application).checkActivities(true)
    repeat(2) {
      val refusal = assertThrows(Refusal::class.java) { picker.pick(activity, Purpose.BUNDLE, results::add) }
      assertEquals("no-picker", refusal.code)
    }
  }

  @Test
  fun theRightToReadIsKeptForBundleAndBaseAlone() {
    val picked = Purpose.entries.associateWith { purpose -> other.add(Document("a")).also { finish(purpose, it) } }
    assertEquals(setOf(picked[Purpose.BUNDLE], picked[Purpose.BASE]), documents.held().map { it.uri }.toSet())
  }

  @Test
  fun aChatThatWasPickedBeforeTheEndOfTheProcessComesToTheInbox() {
    picker.pick(activity, Purpose.CHAT, results::add)
    val file = folder.newFile().apply { writeText("Ana: hola") }
    finish(Purpose.CHAT, other.add(Document("chat.txt", open = AnotherApp.file(file))), picker = newPicker())
    assertEquals("Ana: hola", (inbox.take() as SharedItem.ChatFile).file.readText())
    assertEquals(emptyList<Uri?>(), results)
  }

  @Test
  fun aNewFileHasTheNameAndTypeThatWereAskedFor() {
    val uri = other.add(Document("history.md"))
    picker.create(activity, "history.md", "text/markdown", results::add)
    val started = shadowOf(activity).nextStartedActivityForResult
    assertEquals(Intent.ACTION_CREATE_DOCUMENT, started.intent.action)
    assertEquals("text/markdown", started.intent.type)
    assertEquals("history.md", started.intent.getStringExtra(Intent.EXTRA_TITLE))
    finish(Purpose.SAVE, uri)
    assertEquals(listOf<Uri?>(uri), results)
  }

  @Test
  fun theResultsOfOthersArePassedOn() {
    for (code in listOf(0, 1, 0x7a00, 0x7a10)) assertFalse(picker.onActivityResult(code, Activity.RESULT_OK, null))
  }
}
