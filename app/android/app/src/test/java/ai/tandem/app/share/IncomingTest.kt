package ai.tandem.app.share

import android.content.Intent
import android.net.Uri
import android.os.Parcel
import android.os.Parcelable
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

@RunWith(RobolectricTestRunner::class)
class IncomingTest {
  private val uri = Uri.parse("content://org.example.documents/1")

  private fun send(text: CharSequence?) = Intent(Intent.ACTION_SEND).setType("text/plain").putExtra(Intent.EXTRA_TEXT, text)

  private fun selected(text: CharSequence?) = Intent(Intent.ACTION_PROCESS_TEXT).setType("text/plain").putExtra(Intent.EXTRA_PROCESS_TEXT, text)

  private fun refusal(intent: Intent) = (Incoming.of(intent) as Incoming.Refused).reason

  @Test
  fun otherIntentsBringNothing() {
    for (intent in listOf(Intent(), Intent(Intent.ACTION_MAIN), Intent(Intent.ACTION_VIEW, uri), send("text").setAction("org.example.SEND"))) {
      assertNull(Incoming.of(intent))
    }
  }

  @Test
  fun anIntentThatHasBeenHereBeforeBringsNothing() {
    val fromRecents = send("hola").addFlags(Intent.FLAG_ACTIVITY_NEW_TASK or Intent.FLAG_ACTIVITY_LAUNCHED_FROM_HISTORY)
    assertNull(Incoming.atStart(fromRecents, isMadeAnew = false))
    assertNull(Incoming.atStart(send("hola"), isMadeAnew = true))
    assertEquals("hola", (Incoming.atStart(send("hola").addFlags(Intent.FLAG_ACTIVITY_NEW_TASK), isMadeAnew = false) as Incoming.Text).text)
  }

  @Test
  fun sharedTextComesAsItIs() {
    for (text in listOf("Ana: hola\nBen: ¿qué?\n", "a".repeat(Incoming.LONGEST_TEXT), "👩‍👩‍👧 \u202Eשלום")) {
      val incoming = Incoming.of(send(text)) as Incoming.Text
      assertEquals(text, incoming.text)
      assertFalse(incoming.editable)
    }
  }

  @Test
  fun selectedTextIsEditableUnlessItIsSaidNotToBe() {
    for ((readOnly, editable) in mapOf(null to true, false to true, true to false)) {
      val intent = selected("hola")
      if (readOnly != null) intent.putExtra(Intent.EXTRA_PROCESS_TEXT_READONLY, readOnly)
      assertEquals(editable, (Incoming.of(intent) as Incoming.Text).editable)
    }
  }

  @Test
  fun textThatIsNoneOrTooMuchIsRefused() {
    for (intentOf in listOf(::send, ::selected)) {
      for (nothing in listOf(null, "", " \n\t")) assertEquals(RefusalReason.EMPTY, refusal(intentOf(nothing)))
      assertEquals(RefusalReason.TOO_LARGE, refusal(intentOf("a".repeat(Incoming.LONGEST_TEXT + 1))))
    }
  }

  @Test
  fun aDocumentComesBeforeTheTextThatIntroducesIt() {
    val incoming = Incoming.of(send("Chat with Ana").putExtra(Intent.EXTRA_STREAM, uri)) as Incoming.Documents
    assertEquals(listOf(uri), incoming.uris)
  }

  @Test
  fun ofManyDocumentsABoundedNumberIsLookedAt() {
    val many = ArrayList<Parcelable>((0..1000).map { Uri.parse("content://org.example.documents/$it") })
    val several = Intent(Intent.ACTION_SEND_MULTIPLE).putParcelableArrayListExtra(Intent.EXTRA_STREAM, many)
    assertEquals(many.take(100), (Incoming.of(several) as Incoming.Documents).uris)
    assertEquals(RefusalReason.EMPTY, refusal(Intent(Intent.ACTION_SEND_MULTIPLE)))
  }

  @Test
  fun anExtraOfAnotherTypeIsRefusedOrPassedOver() {
    val textAsNumber = Intent(Intent.ACTION_SEND).putExtra(Intent.EXTRA_TEXT, 7)
    val documentAsText = Intent(Intent.ACTION_SEND).putExtra(Intent.EXTRA_STREAM, "file:///data/data/ai.tandem.app/files")
    for (intent in listOf(textAsNumber, documentAsText)) assertEquals(RefusalReason.EMPTY, refusal(intent))
  }

  @Test
  fun extrasThatCannotBeUnpackedAreRefused() {
    val parcel = Parcel.obtain()
    Intent(Intent.ACTION_SEND).putExtra(Intent.EXTRA_TEXT, Bomb()).writeToParcel(parcel, 0)
    parcel.setDataPosition(0)
    assertTrue(Incoming.of(Intent.CREATOR.createFromParcel(parcel)) is Incoming.Refused)
  }

  /** Unpacks into an exception, as what another app packed may. */
  private class Bomb : Parcelable {
    override fun describeContents() = 0

    override fun writeToParcel(parcel: Parcel, flags: Int) = Unit

    companion object {
      @JvmField
      val CREATOR =
          object : Parcelable.Creator<Bomb> {
            override fun createFromParcel(parcel: Parcel): Bomb = throw IllegalStateException("secret")

            override fun newArray(size: Int) = arrayOfNulls<Bomb>(size)
          }
    }
  }
}
