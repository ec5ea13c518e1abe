package ai.tandem.app.documents

import ai.tandem.app.AnotherApp
import ai.tandem.app.AnotherApp.Document
import ai.tandem.app.bridge.Refusal
import android.content.Context
import android.net.Uri
import android.os.OperationCanceledException
import android.os.ParcelFileDescriptor
import com.facebook.react.bridge.JavaOnlyMap
import java.io.File
import java.io.FileNotFoundException
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment

@RunWith(RobolectricTestRunner::class)
class DocumentsTest {
  @get:Rule val folder = TemporaryFolder()

  private val context: Context = RuntimeEnvironment.getApplication()
  private val other = AnotherApp.install()
  private val documents = Documents(context)

  private fun bundle(bytes: ByteArray = ByteArray(10)): Document {
    val file = folder.newFile().apply { writeBytes(bytes) }
    return Document("demo.tandem", "application/octet-stream", bytes.size.toLong(), AnotherApp.file(file))
  }

  private fun code(work: () -> Unit) = assertThrows(Refusal::class.java, work).code

  @Test
  fun aDocumentIsToldAsItsProviderTellsIt() {
    for ((document, told) in
        listOf(
            bundle() to listOf("demo.tandem", 10L),
            Document("a", size = null) to listOf("a", null),
            Document(null, size = 3) to listOf("", 3L),
            Document("a", size = -1) to listOf("a", null),
            Document() to listOf("", null),
            Document("x".repeat(10_000), size = Long.MAX_VALUE) to listOf("x".repeat(255), Long.MAX_VALUE),
        )) {
      val uri = other.add(document)
      val described = documents.describe(uri)
      assertEquals(told, listOf(described.name, described.bytes))
      val map = described.writeTo(JavaOnlyMap()).toHashMap()
      assertEquals(mapOf("uri" to uri.toString(), "name" to told[0], "bytes" to (told[1] as Long?)?.toDouble()), map)
    }
  }

  @Test
  fun anOpenDocumentIsReadFromAnyPlace() {
    val bytes = ByteArray(100_000) { (it * 7).toByte() }
    ParcelFileDescriptor.AutoCloseInputStream(documents.open(other.add(bundle(bytes)))).use { input ->
      for (start in listOf(90_000, 0)) {
        input.channel.position(start.toLong())
        assertArrayEquals(bytes.copyOfRange(start, bytes.size), input.readBytes())
      }
    }
  }

  @Test
  fun aDocumentThatIsOnlyStreamedIsRefused() {
    val uri = other.add(Document("demo.tandem", open = AnotherApp.pipe(folder.root)))
    assertEquals("not-a-file", code { documents.open(uri) })
  }

  @Test
  fun anOpenThatWasAnnouncedIsCancelledEvenBeforeItBegins() {
    val uri = other.add(bundle())
    val signal = documents.announce()
    documents.cancel()
    assertEquals("cancelled", code { documents.open(uri, signal) })
    documents.open(uri).close()
  }

  @Test
  fun failuresOfAProviderHaveCodesAndTellNothingOfIt() {
    for ((failure, code) in
        listOf(
            SecurityException("secret") to "not-picked",
            FileNotFoundException("secret") to "unreadable",
            IllegalStateException("secret") to "unreadable",
            OperationCanceledException("secret") to "cancelled",
        )) {
      val uri = other.add(Document("secret.tandem", open = { throw failure }))
      val refusal = assertThrows(Refusal::class.java) { documents.open(uri) }
      assertEquals(code, refusal.code)
      assertFalse(refusal.message!!, refusal.message!!.contains("secret"))
    }
    assertEquals("unreadable", code { documents.open(Uri.parse("content://org.example.nobody/1")) })
  }

  @Test
  fun whatIsHeldIsToldUntilItIsReleased() {
    val kept = other.add(bundle())
    val dropped = other.add(bundle())
    listOf(kept, dropped).forEach(documents::hold)
    assertEquals(setOf(kept, dropped), documents.held().map { it.uri }.toSet())
    documents.release(dropped)
    documents.release(dropped)
    // As a new process sees it.
    assertEquals(listOf(kept), Documents(context).held().map { it.uri })
  }

  @Test
  fun whatIsSavedReplacesWhatWasThere() {
    val file = folder.newFile().apply { writeText("a longer text than the new one") }
    val uri = other.add(Document("history.md", open = AnotherApp.file(file)))
    documents.write(uri, "# ¿Qué? 👋")
    assertEquals("# ¿Qué? 👋", file.readText())
    val full = other.add(Document("history.md", open = AnotherApp.file(File("/dev/full"))))
    assertEquals("unwritable", code { documents.write(full, "x") })
  }

  @Test
  fun freeSpaceIsThatOfTheAppsOwnFiles() {
    assertTrue(documents.freeBytes in 1..context.filesDir.totalSpace)
  }
}
