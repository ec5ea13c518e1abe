package ai.tandem.app.share

import android.content.Context
import android.net.Uri
import android.os.CancellationSignal
import java.io.File
import java.io.IOException
import java.util.Locale
import java.util.UUID
import java.util.concurrent.Executor
import java.util.concurrent.Executors

/**
 * What other apps gave to this one, until JavaScript takes it: a private file for each item, so that an item outlives the process, and is given out once, in
 * the order in which it came. A copy that the end of the process cut short becomes an item that says so.
 *
 * `waiting/ORDER-ID.SUFFIX` waits; the suffix is `text` or `refused`, or a chat file's own, and `part` is added while it is written. `given/ID.SUFFIX` was
 * given out and is to be discarded. Methods may be called from any thread.
 */
class ShareInbox(directory: File, private val chats: ChatCopy, private val copying: Executor) {
  /** Called after an item has come, on the thread that brought it. */
  @Volatile var onShared: (() -> Unit)? = null

  private val waiting = File(directory, "waiting").apply { mkdirs() }
  private val given = File(directory, "given").apply { mkdirs() }
  private var count = 0

  init {
    given.files().forEach { it.delete() }
    for (part in waiting.files().filter { it.extension == PART }) {
      part.delete()
      write(idOf(part), REFUSED, RefusalReason.UNREADABLE.id)
    }
  }

  /** Takes in what another app brings, and returns the item's id. A document is copied on the executor; the item waits from then on. */
  fun offer(incoming: Incoming): String {
    val id = newId()
    when (incoming) {
      is Incoming.Text -> write(id, TEXT, incoming.text)
      is Incoming.Refused -> write(id, REFUSED, incoming.reason.id)
      is Incoming.Documents -> {
        val order = nextOrder()
        copying.execute {
          try {
            copy(incoming.uris) { kind -> File(waiting, "$order-$id.${kind.extension}") }
          } catch (refusal: ChatCopy.Refused) {
            write(id, REFUSED, refusal.reason.id, order)
          }
          onShared?.invoke()
        }
        return id
      }
    }
    onShared?.invoke()
    return id
  }

  /** The item that has waited longest, which then waits no more; null when there is none. */
  @Synchronized
  fun take(): SharedItem? {
    val file = waiting.files().filter { it.extension != PART }.minByOrNull { it.name } ?: return null
    val id = idOf(file)
    return when (file.extension) {
      TEXT -> SharedItem.Text(id, consume(file))
      REFUSED -> SharedItem.Refused(id, RefusalReason.of(consume(file)))
      else -> SharedItem.ChatFile(id, File(given, "$id.${file.extension}").also { move(file, it) })
    }
  }

  /** A document that the user picked, as an item; it never waits. One that [signal] cuts short is unreadable. */
  fun read(uri: Uri, signal: CancellationSignal? = null): SharedItem {
    val id = newId()
    return try {
      SharedItem.ChatFile(id, copy(listOf(uri), signal) { kind -> File(given, "$id.${kind.extension}") })
    } catch (refusal: ChatCopy.Refused) {
      SharedItem.Refused(id, refusal.reason)
    }
  }

  /** Deletes the file of an item that was given out. */
  fun discard(id: String) {
    // The id comes from JavaScript: it is compared, never made into a path.
    given.files().filter { it.name.substringBefore('.') == id }.forEach { it.delete() }
  }

  private fun copy(uris: List<Uri>, signal: CancellationSignal? = null, target: (ChatCopy.Kind) -> File): File {
    val (uri, kind) = chats.choose(uris)
    val file = target(kind)
    val part = partOf(file)
    try {
      chats.copy(uri, kind, part, signal)
      move(part, file)
    } finally {
      part.delete()
    }
    return file
  }

  private fun write(id: String, suffix: String, text: String, order: String = nextOrder()) {
    val file = File(waiting, "$order-$id.$suffix")
    val part = partOf(file)
    try {
      part.writeText(text)
      move(part, file)
    } catch (failure: Exception) {
      part.delete()
      // The disk is full: there is no place to say so either.
      if (failure !is IOException && failure !is ChatCopy.Refused) throw failure
    }
  }

  private fun consume(file: File): String = file.readText().also { file.delete() }

  private fun move(from: File, to: File) {
    if (!from.renameTo(to)) throw ChatCopy.Refused(RefusalReason.NO_SPACE)
  }

  private fun File.files() = listFiles().orEmpty().toList()

  private fun partOf(file: File) = File(file.parentFile, "${file.name}.$PART")

  private fun newId() = UUID.randomUUID().toString()

  private fun idOf(file: File) = file.name.substringAfter('-').substringBefore('.')

  @Synchronized private fun nextOrder() = "%015d%06d".format(Locale.ROOT, System.currentTimeMillis(), count++)

  companion object {
    private const val TEXT = "text"
    private const val REFUSED = "refused"
    private const val PART = "part"

    @Volatile private var only: ShareInbox? = null

    /** The one inbox of the process. */
    fun of(context: Context): ShareInbox =
        only ?: synchronized(this) { only ?: inCache(context.applicationContext).also { only = it } }

    private fun inCache(context: Context) =
        ShareInbox(File(context.cacheDir.canonicalFile, "shared"), ChatCopy(context), Executors.newCachedThreadPool())
  }
}
