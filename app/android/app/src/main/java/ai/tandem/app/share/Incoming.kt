package ai.tandem.app.share

import android.content.Intent
import android.net.Uri
import androidx.core.content.IntentCompat

/** What an intent of another app brings. Not data classes: their texts must not come out of a toString in some log. */
sealed interface Incoming {
  /** [editable]: selected where the answer can be written back. */
  class Text(val text: String, val editable: Boolean) : Incoming

  /** Addresses of documents, one of which may be a chat. */
  class Documents(val uris: List<Uri>) : Incoming

  class Refused(val reason: RefusalReason) : Incoming

  companion object {
    /** UTF-16 units. Above what fits through Android's Binder in one intent, so that only a local caller can come near. */
    const val LONGEST_TEXT = 500_000
    private const val MOST_DOCUMENTS = 100

    /** What the intent that an activity starts with brings, unless it has been here before: one that is made anew, or started from the list of recent apps, gets it again. */
    fun atStart(intent: Intent, isMadeAnew: Boolean): Incoming? =
        if (isMadeAnew || (intent.flags and Intent.FLAG_ACTIVITY_LAUNCHED_FROM_HISTORY) != 0) null else of(intent)

    /** null for an intent that brings nothing, as the launcher's. */
    fun of(intent: Intent): Incoming? =
        try {
          when (intent.action) {
            Intent.ACTION_SEND -> {
              val stream = IntentCompat.getParcelableExtra(intent, Intent.EXTRA_STREAM, Uri::class.java)
              if (stream != null) Documents(listOf(stream)) else text(intent.getCharSequenceExtra(Intent.EXTRA_TEXT), editable = false)
            }
            Intent.ACTION_SEND_MULTIPLE -> {
              val streams = IntentCompat.getParcelableArrayListExtra(intent, Intent.EXTRA_STREAM, Uri::class.java).orEmpty()
              if (streams.isEmpty()) Refused(RefusalReason.EMPTY) else Documents(streams.filterNotNull().take(MOST_DOCUMENTS))
            }
            Intent.ACTION_PROCESS_TEXT ->
                text(
                    intent.getCharSequenceExtra(Intent.EXTRA_PROCESS_TEXT),
                    editable = !intent.getBooleanExtra(Intent.EXTRA_PROCESS_TEXT_READONLY, false),
                )
            else -> null
          }
        } catch (_: RuntimeException) {
          // Extras are unpacked on first use; what another app packed may be anything.
          Refused(RefusalReason.UNREADABLE)
        }

    private fun text(text: CharSequence?, editable: Boolean): Incoming =
        when {
          text.isNullOrBlank() -> Refused(RefusalReason.EMPTY)
          text.length > LONGEST_TEXT -> Refused(RefusalReason.TOO_LARGE)
          else -> Text(text.toString(), editable)
        }
  }
}
