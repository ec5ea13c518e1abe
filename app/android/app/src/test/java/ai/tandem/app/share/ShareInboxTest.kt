package ai.tandem.app.share

import ai.tandem.app.AnotherApp
import ai.tandem.app.AnotherApp.Document
import android.os.CancellationSignal
import com.facebook.react.bridge.JavaOnlyMap
import java.io.File
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment

@RunWith(RobolectricTestRunner::class)
class ShareInboxTest {
  @get:Rule val folder = TemporaryFolder()

  private val other = AnotherApp.install()
  private val copies = ArrayDeque<Runnable>()
  private lateinit var inbox: ShareInbox

  @Before
  fun start() {
    inbox = newInbox()
  }

  /** As a new process makes it. */
  private fun newInbox() = ShareInbox(File(folder.root, "shared"), ChatCopy(RuntimeEnvironment.getApplication()), copies::add)

  private fun copyAll() {
    while (copies.isNotEmpty()) copies.removeFirst().run()
  }

  private fun text(text: String) = Incoming.Text(text, editable = false)

  private fun chat(text: String) =
      Incoming.Documents(listOf(other.add(Document("chat.txt", open = AnotherApp.file(folder.newFile().apply { writeText(text) })))))

  private fun leftOver() = folder.root.resolve("shared").walk().filter { it.isFile }.toList()

  private fun ShareInbox.takeAll() = generateSequence { take() }.toList()

  private fun contentOf(item: SharedItem) =
      when (item) {
        is SharedItem.Text -> item.text
        is SharedItem.ChatFile -> item.file.readText()
        is SharedItem.Refused -> item.reason.id
      }

  @Test
  fun whatCameIsGivenOutOnceInItsOrder() {
    val offered = listOf(text("one"), chat("two"), Incoming.Refused(RefusalReason.TOO_LARGE), text("four"), chat("five"))
    val ids = offered.map(inbox::offer)
    copyAll()
    val taken = inbox.takeAll()
    assertEquals(listOf("one", "two", "too-large", "four", "five"), taken.map(::contentOf))
    assertEquals(ids, taken.map { it.id })
    assertEquals(ids.size, ids.toSet().size)
    assertNull(inbox.take())
  }

  @Test
  fun whatWaitsOutlivesTheProcessAndWhatWasGivenOutDoesNot() {
    inbox.offer(text("one"))
    inbox.offer(chat("two"))
    inbox.offer(text("three"))
    copyAll()
    assertEquals("one", contentOf(inbox.take()!!))
    val chatFile = inbox.take() as SharedItem.ChatFile
    inbox = newInbox()
    assertFalse("the copy of a chat was kept", chatFile.file.exists())
    assertEquals(listOf("three"), inbox.takeAll().map(::contentOf))
    inbox = newInbox()
    assertNull(inbox.take())
    assertEquals(emptyList<File>(), leftOver())
  }

  @Test
  fun aCopyThatTheEndOfTheProcessCutShortIsTold() {
    File(folder.root, "shared/waiting/000000000000001000000-some-id.txt.part").writeText("Ana: ho")
    inbox = newInbox()
    val item = inbox.take() as SharedItem.Refused
    assertEquals("some-id", item.id)
    assertEquals(RefusalReason.UNREADABLE, item.reason)
    assertEquals(emptyList<File>(), leftOver())
  }

  @Test
  fun aCopyIsNoItemBeforeItIsComplete() {
    inbox.offer(chat("Ana: hola"))
    assertNull(inbox.take())
    copyAll()
    assertEquals("Ana: hola", contentOf(inbox.take()!!))
  }

  @Test
  fun whoListensIsToldWhenThereIsSomethingToTake() {
    val told = mutableListOf<String>()
    inbox.onShared = { told += contentOf(inbox.take()!!) }
    inbox.offer(text("one"))
    inbox.offer(chat("two"))
    assertEquals(listOf("one"), told)
    copyAll()
    inbox.offer(Incoming.Documents(listOf(other.add(Document("photo.jpg")))))
    copyAll()
    assertEquals(listOf("one", "two", "not-a-chat"), told)
  }

  @Test
  fun nothingIsLeftOfWhatWasTakenAndDiscarded() {
    inbox.offer(text("one"))
    inbox.offer(chat("two"))
    inbox.offer(Incoming.Documents(listOf(other.add(Document("chat.txt")))))
    copyAll()
    for (item in inbox.takeAll()) {
      inbox.discard(item.id)
      inbox.discard(item.id)
    }
    assertEquals(emptyList<File>(), leftOver())
  }

  @Test
  fun onlyWhatWasGivenOutCanBeDiscarded() {
    val waiting = inbox.offer(text("one"))
    val outside = folder.newFile("outside.txt")
    for (id in listOf(waiting, "../outside", "../../outside.txt", "", "..")) inbox.discard(id)
    assertTrue(outside.exists())
    assertEquals("one", contentOf(inbox.take()!!))
  }

  @Test
  fun aPickedDocumentIsReadWithTheSameCareAndDoesNotWait() {
    val item = inbox.read(chat("Ana: hola").uris.single())
    assertEquals("Ana: hola", contentOf(item))
    assertNull(inbox.take())
    inbox.discard(item.id)
    assertEquals(RefusalReason.NOT_A_CHAT.id, contentOf(inbox.read(other.add(Document("photo.jpg")))))
    assertEquals(emptyList<File>(), leftOver())
  }

  @Test
  fun nothingIsLeftOfAReadThatIsCancelled() {
    val signal = CancellationSignal().apply { cancel() }
    assertEquals(RefusalReason.UNREADABLE.id, contentOf(inbox.read(chat("Ana: hola").uris.single(), signal)))
    assertEquals(emptyList<File>(), leftOver())
  }

  @Test
  fun javaScriptGetsEveryFieldOfItsSpec() {
    Replacements.expect("1")
    val file = File("/chat.txt")
    for ((item, fields) in
        listOf(
            SharedItem.Text("1", "hola") to listOf("text", "hola", null, true, null),
            SharedItem.Text("2", "hola") to listOf("text", "hola", null, false, null),
            SharedItem.ChatFile("1", file) to listOf("file", null, "/chat.txt", false, null),
            SharedItem.Refused("1", RefusalReason.NO_SPACE) to listOf("refused", null, null, false, "no-space"),
        )) {
      val map = item.writeTo(JavaOnlyMap()).toHashMap()
      assertEquals(item.id, map["id"])
      assertEquals(fields, listOf("kind", "text", "path", "replaceable", "refusal").map { map[it] })
      assertEquals(6, map.size)
    }
    Replacements.collect("1")
  }
}
