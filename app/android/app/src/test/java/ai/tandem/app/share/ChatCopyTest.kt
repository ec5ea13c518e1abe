package ai.tandem.app.share

import ai.tandem.app.AnotherApp
import ai.tandem.app.AnotherApp.Document
import android.content.Context
import android.content.pm.ProviderInfo
import android.os.CancellationSignal
import android.net.Uri
import java.io.File
import java.io.FileNotFoundException
import java.util.concurrent.FutureTask
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf

@RunWith(RobolectricTestRunner::class)
class ChatCopyTest {
  @get:Rule val folder = TemporaryFolder()

  private val context: Context = RuntimeEnvironment.getApplication()
  private val other = AnotherApp.install()
  private val chats = ChatCopy(context)
  private val target
    get() = File(folder.root, "copy")

  private fun choose(vararg documents: Document) = chats.choose(documents.map(other::add))

  private fun refusal(work: () -> Unit) = assertThrows(ChatCopy.Refused::class.java, work).reason

  private fun content(bytes: ByteArray) = AnotherApp.file(folder.newFile().apply { writeBytes(bytes) })

  @Test
  fun aChatFileIsKnownByItsNameOrElseByItsType() {
    for ((document, kind) in
        listOf(
            Document("WhatsApp Chat with Ana.txt", "text/plain") to ChatCopy.Kind.TEXT,
            Document("_chat.TXT", "application/octet-stream") to ChatCopy.Kind.TEXT,
            Document("Chat.zip", "application/octet-stream") to ChatCopy.Kind.ZIP,
            Document("Chat", "application/zip") to ChatCopy.Kind.ZIP,
            Document(null, "Text/Plain") to ChatCopy.Kind.TEXT,
        )) assertEquals(kind, choose(document).second)
  }

  @Test
  fun amongOthersTheChatIsFound() {
    val photo = Document("IMG-1.jpg", "image/jpeg")
    assertEquals(ChatCopy.Kind.TEXT, choose(photo, photo, Document("chat.txt")).second)
    assertEquals(RefusalReason.NOT_A_CHAT, refusal { choose(photo, Document("model.gguf", "application/octet-stream"), Document()) })
  }

  @Test
  fun addressesThatLeadIntoThisAppAreRefused() {
    val provider = ProviderInfo().apply {
      packageName = context.packageName
      name = "ours"
      authority = "ai.tandem.app.ours"
    }
    shadowOf(context.packageManager).addOrUpdateProvider(provider)
    val secret = File(context.filesDir, "secret.txt").apply { writeText("secret") }
    for (uri in
        listOf(
            Uri.fromFile(secret),
            Uri.parse(secret.path),
            Uri.parse("content://ai.tandem.app.ours/secret.txt"),
            Uri.parse("content://0@ai.tandem.app.ours/secret.txt"),
            Uri.parse("content:secret.txt"),
            Uri.parse("android.resource://ai.tandem.app/1"),
            Uri.EMPTY,
        )) assertEquals("$uri", RefusalReason.UNREADABLE, refusal { chats.choose(listOf(uri)) })
  }

  @Test
  fun theCopyIsEqualToTheOriginal() {
    for (size in listOf(1, 65_535, 65_536, 65_537, 200_000)) {
      val bytes = ByteArray(size) { (it * 31).toByte() }
      val (uri, kind) = choose(Document("chat.txt", open = content(bytes)))
      chats.copy(uri, kind, target)
      assertArrayEquals(bytes, target.readBytes())
    }
  }

  @Test
  fun aStreamThatNeverEndsIsCutOff() {
    val (uri, kind) = choose(Document("chat.txt", size = 3, open = AnotherApp.file(File("/dev/zero"))))
    assertEquals(RefusalReason.TOO_LARGE, refusal { chats.copy(uri, kind, target) })
  }

  @Test
  fun aCopyThatIsCancelledEndsBeforeItsFileDoes() {
    val (uri, kind) = choose(Document("chat.txt", open = AnotherApp.pipe(folder.root)))
    val signal = CancellationSignal()
    val copying = FutureTask { refusal { chats.copy(uri, kind, target, signal) } }
    thread(block = copying::run)
    while (!target.exists()) Thread.sleep(1)
    File(folder.root, "pipe").outputStream().use { other ->
      other.write(1)
      while (target.length() == 0L) Thread.sleep(1)
      signal.cancel()
      other.write(1)
      assertEquals(RefusalReason.UNREADABLE, copying.get(1, TimeUnit.MINUTES))
    }
  }

  @Test
  fun anEmptyFileIsRefused() {
    val (uri, kind) = choose(Document("chat.txt", open = content(ByteArray(0))))
    assertEquals(RefusalReason.EMPTY, refusal { chats.copy(uri, kind, target) })
  }

  @Test
  fun whateverAProviderThrowsIsARefusal() {
    for (failure in listOf(FileNotFoundException("x"), SecurityException("x"), IllegalArgumentException("x"), NullPointerException())) {
      val (uri, kind) = choose(Document("chat.txt", open = { throw failure }))
      assertEquals(RefusalReason.UNREADABLE, refusal { chats.copy(uri, kind, target) })
    }
  }

  @Test
  fun aFullDiskIsSaidToBeOne() {
    val (uri, kind) = choose(Document("chat.txt", open = content("Ana: hola".toByteArray())))
    assertEquals(RefusalReason.NO_SPACE, refusal { chats.copy(uri, kind, File("/dev/full")) })
  }
}
