package ai.tandem.app.share

import java.io.File

/** Why something that was shared is not taken; [id] is its name in app/src/core/NativeShareInbox.ts. */
enum class RefusalReason(val id: String) {
  EMPTY("empty"),
  TOO_LARGE("too-large"),
  NOT_A_CHAT("not-a-chat"),
  UNREADABLE("unreadable"),
  NO_SPACE("no-space");

  companion object {
    fun of(id: String): RefusalReason = entries.firstOrNull { it.id == id } ?: UNREADABLE
  }
}

/** What the inbox gives out. */
sealed interface SharedItem {
  val id: String

  class Text(override val id: String, val text: String) : SharedItem

  /** [file] lives until it is discarded, at most until the next start of the app. */
  class ChatFile(override val id: String, val file: File) : SharedItem

  class Refused(override val id: String, val reason: RefusalReason) : SharedItem
}
