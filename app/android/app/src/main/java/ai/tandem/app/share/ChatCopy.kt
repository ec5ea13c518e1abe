package ai.tandem.app.share

import android.content.ContentResolver
import android.content.Context
import android.net.Uri
import android.os.CancellationSignal
import android.provider.OpenableColumns
import java.io.File
import java.io.IOException
import java.io.InputStream
import java.io.OutputStream
import java.util.Locale

/** Copies a chat file out of another app's provider, whose every word is untrusted: its size, its name, and whether it ever ends. */
class ChatCopy(private val context: Context) {
  private val resolver = context.contentResolver

  /** A kind of file and the most bytes of it that are taken. */
  enum class Kind(val extension: String, val mostBytes: Long) {
    TEXT("txt", 16L shl 20),
    ZIP("zip", 256L shl 20),
  }

  class Refused(val reason: RefusalReason) : Exception(reason.id)

  /** The first of [uris] that is a chat file, and its kind. Throws [Refused]. */
  fun choose(uris: List<Uri>): Pair<Uri, Kind> {
    val readable = uris.filter(::isAnotherApps)
    if (readable.isEmpty()) throw Refused(RefusalReason.UNREADABLE)
    return readable.firstNotNullOfOrNull { uri -> kindOf(uri)?.let { uri to it } } ?: throw Refused(RefusalReason.NOT_A_CHAT)
  }

  /** Copies [uri] to [target], which is then complete. Throws [Refused], also when [signal] cuts it short; what was written by then is the caller's to delete. */
  fun copy(uri: Uri, kind: Kind, target: File, signal: CancellationSignal? = null) {
    val input =
        guarded { resolver.openAssetFileDescriptor(uri, "r", signal)?.createInputStream() } ?: throw Refused(RefusalReason.UNREADABLE)
    input.use {
      try {
        target.outputStream().use { output -> copy(input, output, kind, target, signal) }
      } catch (_: IOException) { // of our own file: reading has its own
        throw Refused(RefusalReason.NO_SPACE)
      }
    }
  }

  private fun copy(input: InputStream, output: OutputStream, kind: Kind, target: File, signal: CancellationSignal?) {
    val buffer = ByteArray(64 shl 10)
    var total = 0L
    while (true) {
      val read = guarded {
        signal?.throwIfCanceled()
        input.read(buffer)
      }
      if (read < 0) break
      total += read
      if (total > kind.mostBytes) throw Refused(RefusalReason.TOO_LARGE)
      if (target.usableSpace < LEFT_FREE) throw Refused(RefusalReason.NO_SPACE)
      output.write(buffer, 0, read)
    }
    if (total == 0L) throw Refused(RefusalReason.EMPTY)
  }

  /** A file: address, or one of our own providers, would have the app read its private files for whoever asks. */
  private fun isAnotherApps(uri: Uri): Boolean {
    if (uri.scheme != ContentResolver.SCHEME_CONTENT) return false
    // Before an @ stands the number of another user of the phone.
    val authority = uri.authority?.substringAfterLast('@') ?: return false
    return context.packageManager.resolveContentProvider(authority, 0)?.packageName != context.packageName
  }

  private fun kindOf(uri: Uri): Kind? {
    val name = nameOf(uri)?.lowercase(Locale.ROOT)
    Kind.entries.firstOrNull { name?.endsWith(".${it.extension}") == true }?.let { return it }
    val type = guarded { resolver.getType(uri) }?.lowercase(Locale.ROOT) ?: return null
    return when {
      type in ZIP_TYPES -> Kind.ZIP
      type.startsWith("text/") -> Kind.TEXT
      else -> null
    }
  }

  private fun nameOf(uri: Uri): String? = guarded {
    resolver.query(uri, arrayOf(OpenableColumns.DISPLAY_NAME), null, null, null)?.use { row ->
      val column = row.getColumnIndex(OpenableColumns.DISPLAY_NAME)
      if (column >= 0 && row.moveToFirst()) row.getString(column) else null
    }
  }

  /** A provider runs in another process: it may fail in any way, and its messages are its own. */
  private fun <T> guarded(call: () -> T): T =
      try {
        call()
      } catch (_: IOException) {
        throw Refused(RefusalReason.UNREADABLE)
      } catch (_: RuntimeException) {
        throw Refused(RefusalReason.UNREADABLE)
      }

  companion object {
    /** Bytes that the phone keeps: with none left, other apps fail. */
    const val LEFT_FREE = 64L shl 20
    private val ZIP_TYPES = setOf("application/zip", "application/x-zip", "application/x-zip-compressed")
  }
}
