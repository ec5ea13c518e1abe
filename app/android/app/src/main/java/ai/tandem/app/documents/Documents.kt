package ai.tandem.app.documents

import ai.tandem.app.bridge.Refusal
import android.content.Context
import android.content.Intent
import android.net.Uri
import android.os.CancellationSignal
import android.os.OperationCanceledException
import android.os.ParcelFileDescriptor
import android.provider.OpenableColumns
import java.io.FileInputStream
import java.io.IOException

/** A document of the system's picker. [bytes] is null where its provider does not tell. */
class PickedDocument(val uri: Uri, val name: String, val bytes: Long?)

/** Reads and writes documents that the user picked, through their providers. The codes of its refusals are listed in app/src/core/NativeDocuments.ts. */
class Documents(private val context: Context) {
  private val resolver = context.contentResolver
  @Volatile private var opening: CancellationSignal? = null

  /** Name and size, as the provider tells them. */
  fun describe(uri: Uri): PickedDocument {
    var name: String? = null
    var bytes: Long? = null
    guarded(::unreadable) {
      resolver.query(uri, arrayOf(OpenableColumns.DISPLAY_NAME, OpenableColumns.SIZE), null, null, null)?.use { row ->
        if (row.moveToFirst()) {
          name = row.getColumnIndex(OpenableColumns.DISPLAY_NAME).takeIf { it >= 0 }?.let(row::getString)
          bytes = row.getColumnIndex(OpenableColumns.SIZE).takeIf { it >= 0 && !row.isNull(it) }?.let(row::getLong)
        }
      }
    }
    return PickedDocument(uri, name?.take(LONGEST_NAME) ?: "", bytes?.takeIf { it >= 0 })
  }

  /** Keeps the right to read a document over restarts. A provider that does not offer that leaves the right to this process. */
  fun hold(uri: Uri) {
    try {
      resolver.takePersistableUriPermission(uri, Intent.FLAG_GRANT_READ_URI_PERMISSION)
    } catch (_: SecurityException) {
      // The grant of the picker holds until the process ends.
    }
  }

  /** Documents that are held and whose providers still have them; the right to the others is given back. */
  fun held(): List<PickedDocument> =
      resolver.persistedUriPermissions
          .filter { it.isReadPermission }
          .mapNotNull { permission ->
            try {
              describe(permission.uri)
            } catch (_: Refusal) {
              release(permission.uri)
              null
            }
          }

  /** Gives back the right to read a document; without one, does nothing. */
  fun release(uri: Uri) {
    try {
      resolver.releasePersistableUriPermission(uri, Intent.FLAG_GRANT_READ_URI_PERMISSION)
    } catch (_: SecurityException) {
      // It was not held.
    }
  }

  /** The document, for reading from any place in it; the caller's to close. May wait for a network: see [cancel]. */
  fun open(uri: Uri, signal: CancellationSignal = announce()): ParcelFileDescriptor {
    val document = guarded(::unreadable) { resolver.openFileDescriptor(uri, "r", signal) } ?: throw unreadable()
    if (!isSeekable(document)) {
      document.close()
      throw Refusal("not-a-file", "the document's provider streams it; wanted a file: copy it to the phone's own storage and pick it there")
    }
    return document
  }

  /** For an [open] that is about to begin on another thread: from now on [cancel] ends it. */
  fun announce(): CancellationSignal = CancellationSignal().also { opening = it }

  /** Ends the [open] that was announced last, as far as the document's provider heeds that. */
  fun cancel() = opening?.cancel() ?: Unit

  /** Writes [text] over what the document holds. */
  fun write(uri: Uri, text: String) {
    val output = guarded(::unwritable) { resolver.openOutputStream(uri, "wt") } ?: throw unwritable()
    guarded(::unwritable) { output.bufferedWriter().use { it.write(text) } }
  }

  /** Bytes that the app may still write to its own files. */
  val freeBytes: Long
    get() = context.filesDir.usableSpace

  /** Providers run in other processes and may fail in any way; their messages may hold names and paths, and are not told. */
  private fun <T> guarded(otherwise: (Throwable) -> Refusal, call: () -> T): T =
      try {
        call()
      } catch (failure: SecurityException) {
        throw Refusal("not-picked", "Tandem has no right to read the document; wanted one that was picked: pick it again", failure)
      } catch (failure: OperationCanceledException) {
        throw Refusal("cancelled", "opening the document was cancelled", failure)
      } catch (failure: IOException) {
        throw otherwise(failure)
      } catch (failure: RuntimeException) {
        throw otherwise(failure)
      }

  /** A provider may give a pipe, in which nothing can be read twice. */
  private fun isSeekable(document: ParcelFileDescriptor): Boolean =
      try {
        FileInputStream(document.fileDescriptor).channel.position() >= 0
      } catch (_: IOException) {
        false
      }

  private fun unreadable(cause: Throwable? = null) =
      Refusal("unreadable", "the document's provider does not give it; wanted a file that is there: pick it again", cause)

  private fun unwritable(cause: Throwable? = null) =
      Refusal("unwritable", "the document cannot be written; wanted a place with room for it: choose another", cause)

  private companion object {
    const val LONGEST_NAME = 255
  }
}
