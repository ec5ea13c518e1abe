package ai.tandem.app.share

import ai.tandem.app.MainActivity
import android.app.Activity
import android.content.Intent
import android.os.Bundle

/**
 * Takes text that was selected in another app (ACTION_PROCESS_TEXT) to the inbox, and brings the answer back. It shows nothing and stays in the other app's
 * task, because only an activity there can return a result: [MainActivity] is a singleTask, and Android cancels the result of those at once. When the
 * user comes back, with or without an answer, it ends.
 */
class SelectedTextActivity : Activity() {
  private var id: String? = null

  override fun onCreate(savedInstanceState: Bundle?) {
    super.onCreate(savedInstanceState)
    if (savedInstanceState != null) {
      // It was destroyed behind the app and made anew because the user came back to it.
      id = savedInstanceState.getString(ID)
      bringBack()
      return
    }
    val incoming = Incoming.of(intent)
    if (incoming != null) {
      val id = ShareInbox.of(this).offer(incoming)
      startActivity(Intent(this, MainActivity::class.java).addFlags(Intent.FLAG_ACTIVITY_NEW_TASK))
      // Whoever did not ask for a result gets none.
      if (incoming is Incoming.Text && incoming.editable && callingActivity != null) {
        Replacements.expect(id)
        this.id = id
        return
      }
    }
    finish()
  }

  override fun onRestart() {
    super.onRestart()
    bringBack()
  }

  override fun onSaveInstanceState(outState: Bundle) {
    super.onSaveInstanceState(outState)
    outState.putString(ID, id)
  }

  override fun onDestroy() {
    if (isFinishing) id?.let(Replacements::collect)
    super.onDestroy()
  }

  private fun bringBack() {
    val answer = id?.let(Replacements::collect)
    if (answer != null) setResult(RESULT_OK, Intent().putExtra(Intent.EXTRA_PROCESS_TEXT, answer))
    finish()
  }

  private companion object {
    const val ID = "id"
  }
}
