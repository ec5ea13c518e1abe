package ai.tandem.app

import android.content.ContentProvider
import android.content.ContentValues
import android.database.Cursor
import android.database.MatrixCursor
import android.net.Uri
import android.os.ParcelFileDescriptor
import android.provider.OpenableColumns
import java.io.File
import java.io.FileNotFoundException
import org.robolectric.Robolectric

/** Another app's provider of documents, which says and does what a test tells it to. */
class AnotherApp : ContentProvider() {
  class Document(
      val name: String? = null,
      val type: String? = null,
      val size: Long? = null,
      /** Opens the document; may fail in any way. */
      val open: (mode: String) -> ParcelFileDescriptor = { throw FileNotFoundException("gone: secret.txt") },
  )

  private val documents = mutableMapOf<Uri, Document>()

  fun add(document: Document): Uri = Uri.parse("content://$AUTHORITY/${documents.size}").also { documents[it] = document }

  override fun onCreate() = true

  override fun getType(uri: Uri): String? = documents[uri]?.type

  override fun query(uri: Uri, columns: Array<String>?, selection: String?, arguments: Array<String>?, order: String?): Cursor? {
    val document = documents[uri] ?: return null
    // A provider need not know every column that is asked for.
    val row = listOfNotNull(document.name?.let { OpenableColumns.DISPLAY_NAME to it }, document.size?.let { OpenableColumns.SIZE to it })
    return MatrixCursor(row.map { it.first }.toTypedArray()).apply { if (row.isNotEmpty()) addRow(row.map { it.second }) }
  }

  override fun openFile(uri: Uri, mode: String): ParcelFileDescriptor = (documents[uri] ?: throw FileNotFoundException()).open(mode)

  override fun insert(uri: Uri, values: ContentValues?): Uri? = null

  override fun delete(uri: Uri, selection: String?, arguments: Array<String>?) = 0

  override fun update(uri: Uri, values: ContentValues?, selection: String?, arguments: Array<String>?) = 0

  companion object {
    const val AUTHORITY = "org.example.documents"

    fun install(): AnotherApp = Robolectric.setupContentProvider(AnotherApp::class.java, AUTHORITY)

    fun file(file: File): (String) -> ParcelFileDescriptor = { mode -> ParcelFileDescriptor.open(file, ParcelFileDescriptor.parseMode(mode)) }

    /** What a provider gives that has no file; Robolectric's own pipes are files. */
    fun pipe(folder: File): (String) -> ParcelFileDescriptor = {
      val pipe = File(folder, "pipe")
      check(ProcessBuilder("mkfifo", pipe.path).start().waitFor() == 0)
      // For reading alone it would wait for a writer.
      ParcelFileDescriptor.open(pipe, ParcelFileDescriptor.MODE_READ_WRITE)
    }
  }
}
