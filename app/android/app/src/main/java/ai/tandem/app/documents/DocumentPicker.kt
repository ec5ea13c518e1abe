package ai.tandem.app.documents

import ai.tandem.app.bridge.Refusal
import ai.tandem.app.share.Incoming
import ai.tandem.app.share.ShareInbox
import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Context
import android.content.Intent
import android.net.Uri

/** The system's picker, one at a time. */
class DocumentPicker(private val documents: Documents, private val inbox: ShareInbox) {
  /** What a picker is opened for; JavaScript names the first three. */
  enum class Purpose(val requestCode: Int) {
    BUNDLE(0x7a01),
    BASE(0x7a02),
    CHAT(0x7a03),
    SAVE(0x7a04),
  }

  private var waiting: ((Uri?) -> Unit)? = null

  /** Opens a picker for one file; [done] gets its address, or null when the user went back. Throws [Refusal]. */
  fun pick(activity: Activity, purpose: Purpose, done: (Uri?) -> Unit) {
    val intent = Intent(Intent.ACTION_OPEN_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE)
    // Android knows no type for a bundle or a model: whatever is picked, its content is checked.
    intent.type = "*/*"
    if (purpose == Purpose.CHAT) intent.putExtra(Intent.EXTRA_MIME_TYPES, CHAT_TYPES)
    open(activity, intent, purpose, done)
  }

  /** Opens a picker for the place of a new file; otherwise as [pick]. */
  fun create(activity: Activity, name: String, mimeType: String, done: (Uri?) -> Unit) {
    val intent = Intent(Intent.ACTION_CREATE_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE)
    intent.type = mimeType
    intent.putExtra(Intent.EXTRA_TITLE, name)
    open(activity, intent, Purpose.SAVE, done)
  }

  private fun open(activity: Activity, intent: Intent, purpose: Purpose, done: (Uri?) -> Unit) {
    synchronized(this) {
      if (waiting != null) throw Refusal("busy", "a picker is open already; wanted one at a time: close it first")
      waiting = done
    }
    try {
      activity.startActivityForResult(intent, purpose.requestCode)
    } catch (missing: ActivityNotFoundException) {
      synchronized(this) { waiting = null }
      throw Refusal("no-picker", "this phone has no file picker; wanted Android's Files app: enable it in the phone's settings", missing)
    }
  }

  /**
   * The picker's result, from the activity; false when it is not one. When the process ended while the picker was open, nobody waits for it: a bundle or a
   * base model is then among [Documents.held], and a chat in the inbox.
   */
  fun onActivityResult(requestCode: Int, resultCode: Int, data: Intent?): Boolean {
    val purpose = Purpose.entries.firstOrNull { it.requestCode == requestCode } ?: return false
    val uri = data?.data.takeIf { resultCode == Activity.RESULT_OK }
    if (uri != null && (purpose == Purpose.BUNDLE || purpose == Purpose.BASE)) documents.hold(uri)
    val done = synchronized(this) { waiting.also { waiting = null } }
    when {
      done != null -> done(uri)
      uri != null && purpose == Purpose.CHAT -> inbox.offer(Incoming.Documents(listOf(uri)))
    }
    return true
  }

  companion object {
    private val CHAT_TYPES = arrayOf("text/*", "application/zip", "application/x-zip-compressed", "application/octet-stream")

    @Volatile private var only: DocumentPicker? = null

    /** The one picker of the process: an activity that was made anew gives its results to the same. */
    fun of(context: Context): DocumentPicker =
        only
            ?: synchronized(this) {
              only ?: DocumentPicker(Documents(context.applicationContext), ShareInbox.of(context)).also { only = it }
            }
  }
}
