package ai.tandem.app.speech

import android.content.Context
import android.os.Looper
import android.speech.tts.TextToSpeech
import android.speech.tts.Voice
import java.util.Locale
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowTextToSpeech

@RunWith(RobolectricTestRunner::class)
class ReadAloudTest {
  private val context: Context = RuntimeEnvironment.getApplication()
  private val voice = ReadAloud(context)

  /** What each text came to, in order: null is its end. */
  private val ends = mutableListOf<String?>()

  private fun speak(text: String, languageTag: String = "es") = voice.speak(text, languageTag) { ends += it?.code }

  private fun engine() = shadowOf(ShadowTextToSpeech.getLastTextToSpeechInstance())

  private fun start(status: Int = TextToSpeech.SUCCESS) = engine().onInitListener.onInit(status)

  private fun install(name: String, tag: String, online: Boolean = false, vararg features: String, quality: Int = Voice.QUALITY_NORMAL) =
      ShadowTextToSpeech.addVoice(Voice(name, Locale.forLanguageTag(tag), quality, Voice.LATENCY_NORMAL, online, features.toSet()))

  private val phonesLanguage = Locale.getDefault()

  @After
  fun leaveThePhoneAsItWas() {
    voice.close()
    Locale.setDefault(phonesLanguage)
  }

  @Test
  fun aTextIsReadToItsEndWithAnOfflineVoiceOfItsLanguage() {
    install("english", "en-GB")
    install("better-online", "es-ES", online = true, quality = Voice.QUALITY_VERY_HIGH)
    install("not-there", "es-ES", false, TextToSpeech.Engine.KEY_FEATURE_NOT_INSTALLED, quality = Voice.QUALITY_VERY_HIGH)
    install("spanish", "es-ES")
    speak("Quedan el viernes.")
    assertNull(engine().lastSpokenText)
    start()
    assertEquals("Quedan el viernes.", engine().lastSpokenText)
    assertEquals("spanish", ReadAloud.offlineVoice(ShadowTextToSpeech.getLastTextToSpeechInstance(), "es")?.name)
    assertEquals(emptyList<String?>(), ends)
    shadowOf(Looper.getMainLooper()).idle()
    assertEquals(listOf<String?>(null), ends)
  }

  @Test
  fun whereOnlyAVoiceThatNeedsTheNetworkIsThereNothingIsRead() {
    install("online", "fr-FR", online = true)
    speak("Bonjour", "fr")
    start()
    assertEquals(listOf<String?>("no-voice"), ends)
    assertNull(engine().lastSpokenText)
    Locale.setDefault(Locale.FRANCE)
    for (tag in listOf("", "xx", "no tag", "\u0000")) {
      speak("x", tag)
      assertEquals("no-voice", ends.last())
    }
  }

  @Test
  fun anotherTextAndAStopEndTheOneBeforeOnce() {
    install("spanish", "es-ES")
    speak("uno")
    start()
    speak("dos")
    assertEquals(listOf<String?>(null), ends)
    voice.stop()
    voice.stop()
    assertTrue(engine().isStopped)
    shadowOf(Looper.getMainLooper()).idle()
    assertEquals(listOf<String?>(null, null), ends)
  }

  @Test
  fun aStopBeforeTheEngineIsThereReadsNothing() {
    install("spanish", "es-ES")
    speak("uno")
    voice.stop()
    start()
    assertNull(engine().lastSpokenText)
    assertEquals(listOf<String?>(null), ends)
  }

  @Test
  fun anEngineThatDoesNotStartIsToldAndTriedAgain() {
    install("spanish", "es-ES")
    speak("uno")
    start(TextToSpeech.ERROR)
    assertEquals(listOf<String?>("failed"), ends)
    speak("dos")
    start()
    assertEquals("dos", engine().lastSpokenText)
  }

  @Test
  fun aLongTextIsReadInPartsAndNoneOfItIsLost() {
    for (text in listOf("", "a", "a b", "word ".repeat(50), "x".repeat(123), " leading", "one two three four")) {
      val parts = ReadAloud.partsOf(text, 10)
      assertEquals(text, parts.joinToString(""))
      assertTrue(parts.all { it.length <= 10 })
    }
  }
}
