package ai.tandem.app

import ai.tandem.app.another.EditorActivity
import ai.tandem.app.another.FileProvider
import ai.tandem.app.bridge.Refusal
import ai.tandem.app.documents.Documents
import ai.tandem.app.share.ShareInbox
import ai.tandem.app.share.SharedItem
import android.content.Intent
import android.net.Uri
import android.os.ParcelFileDescriptor
import androidx.test.ext.junit.runners.AndroidJUnit4
import androidx.test.platform.app.InstrumentationRegistry
import androidx.test.uiautomator.By
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertThrows
import org.junit.Test
import org.junit.runner.RunWith

/** What crosses the border to another app, on a real phone: text, files, and the answer on its way back. */
@RunWith(AndroidJUnit4::class)
class OtherAppsTest {
  private val instrumentation = InstrumentationRegistry.getInstrumentation()
  private val app = instrumentation.targetContext

  private fun uri(path: String): Uri = Uri.withAppendedPath(FileProvider.ROOT, path)

  @Test
  fun sharedTextIsOnTheScreenOnce() {
    val marker = "Zanzibar at noon"
    Screen.share("Ana: $marker?\nBen: Yes.")
    Screen.find(By.textContains(marker))
    Screen.device.pressHome()
    app.startActivity(app.packageManager.getLaunchIntentForPackage(app.packageName)!!.addFlags(Intent.FLAG_ACTIVITY_NEW_TASK))
    Screen.find(By.textContains(marker))
    assertEquals(1, Screen.device.findObjects(By.textContains(marker)).size)
  }

  @Test
  fun theAnswerReplacesTheSelectedText() {
    Screen.requireBundle()
    val text = "We meet on Friday at noon in front of the station, and Leo brings the tickets for all of us."
    instrumentation.context.startActivity(
        Intent(instrumentation.context, EditorActivity::class.java).putExtra(EditorActivity.TEXT, text).addFlags(Intent.FLAG_ACTIVITY_NEW_TASK))
    Screen.tap(EditorActivity.BUTTON)
    Screen.chooseSpanish()
    Screen.tap(Screen.SUMMARISE)
    val answer = Screen.answer()
    Screen.tap(Screen.REPLACE)
    val editor = Screen.find(By.desc("editor"))
    assertEquals(answer, editor.text)
    assertNotEquals(text, editor.text)
  }

  @Test
  fun aFileOfAnotherAppIsReadByItsDescriptorFromAnyPlace() {
    val descriptor = Documents(app).open(uri("file/demo.tandem")).detachFd()
    ParcelFileDescriptor.AutoCloseInputStream(ParcelFileDescriptor.adoptFd(descriptor)).use { input ->
      input.channel.position(3)
      assertEquals(uri("file/demo.tandem").toString().drop(3), input.readBytes().decodeToString())
    }
  }

  @Test
  fun aStreamOfAnotherAppIsNoFileButAChat() {
    assertEquals("not-a-file", assertThrows(Refusal::class.java) { Documents(app).open(uri("stream/demo.tandem")) }.code)
    val inbox = ShareInbox.of(app)
    val item = inbox.read(uri("stream/chat.txt")) as SharedItem.ChatFile
    assertEquals(uri("stream/chat.txt").toString(), item.file.readText())
    inbox.discard(item.id)
  }

  @Test
  fun filesOfThisAppAreNotReadForOthers() {
    val own = Uri.parse("content://${app.packageName}.androidx-startup/secret.txt")
    for (uri in listOf(own, Uri.fromFile(app.filesDir.resolve("secret.txt")))) {
      assertEquals("unreadable", (ShareInbox.of(app).read(uri) as SharedItem.Refused).reason.id)
    }
  }
}
