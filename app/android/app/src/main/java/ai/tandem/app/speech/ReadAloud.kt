package ai.tandem.app.speech

import ai.tandem.app.bridge.Refusal
import android.content.Context
import android.speech.tts.TextToSpeech
import android.speech.tts.UtteranceProgressListener
import android.speech.tts.Voice
import java.util.Locale
import java.util.MissingResourceException

/**
 * Reads text aloud by the phone's text to speech, with voices that work offline alone: the others send the text away. One text at a time; a new one ends the
 * one before. Methods may be called from any thread. The codes of refusals are listed in app/src/core/NativeReadAloud.ts.
 */
class ReadAloud(private val context: Context) {
  private class Reading(val number: Int, val parts: List<String>, val languageTag: String, val done: (Refusal?) -> Unit) {
    fun idOf(part: Int) = "$number-$part"
  }

  private var engine: TextToSpeech? = null
  private var isReady = false
  private var current: Reading? = null
  private var count = 0

  /** [done] is called once: when [text] was read or stopped, with null, or when it could not be read. An empty [languageTag] is the phone's language. */
  @Synchronized
  fun speak(text: String, languageTag: String, done: (Refusal?) -> Unit) {
    stop()
    count++
    val reading = Reading(count, partsOf(text, TextToSpeech.getMaxSpeechInputLength()), languageTag, done)
    current = reading
    // Where no engine is installed, Android says so before the constructor returns.
    if (isReady) begin(reading) else engine = engine ?: TextToSpeech(context, ::onInit).takeIf { current === reading }
  }

  @Synchronized
  fun stop() {
    val stopped = current ?: return
    engine?.stop()
    end(stopped, null)
  }

  /** Lets the engine go. */
  @Synchronized
  fun close() {
    stop()
    engine?.shutdown()
    engine = null
    isReady = false
  }

  @Synchronized
  private fun onInit(status: Int) {
    isReady = status == TextToSpeech.SUCCESS
    val reading = current
    if (isReady) {
      engine?.setOnUtteranceProgressListener(listener)
      reading?.let(::begin)
    } else {
      engine = null // the next call tries again
      reading?.let { end(it, Refusal("failed", "the phone's text to speech does not start; wanted an engine: install or enable one in the phone's settings")) }
    }
  }

  private fun begin(reading: Reading) {
    val speech = engine ?: return
    val voice = offlineVoice(speech, reading.languageTag)
    if (voice == null) {
      end(reading, Refusal("no-voice", "the phone has no voice for the language that works offline; wanted one: install it in the phone's settings"))
      return
    }
    speech.voice = voice
    reading.parts.forEachIndexed { part, text ->
      val mode = if (part == 0) TextToSpeech.QUEUE_FLUSH else TextToSpeech.QUEUE_ADD
      if (speech.speak(text, mode, null, reading.idOf(part)) != TextToSpeech.SUCCESS) end(reading, broken())
    }
  }

  private fun end(reading: Reading, refusal: Refusal?) {
    if (current !== reading) return
    current = null
    reading.done(refusal)
  }

  private val listener =
      object : UtteranceProgressListener() {
        override fun onStart(id: String) = Unit

        override fun onDone(id: String) {
          synchronized(this@ReadAloud) {
            val reading = current ?: return
            if (id == reading.idOf(reading.parts.lastIndex)) end(reading, null)
          }
        }

        @Deprecated("Android calls the one with a code as well") override fun onError(id: String) = onError(id, TextToSpeech.ERROR)

        override fun onError(id: String, code: Int) {
          synchronized(this@ReadAloud) {
            val reading = current ?: return
            if (id.substringBefore('-') == reading.number.toString()) end(reading, broken())
          }
        }
      }

  private fun broken() = Refusal("failed", "the phone's text to speech failed; wanted the text read: try again, or choose another engine in the phone's settings")

  companion object {
    /** The best voice for a language that works offline and is installed; null where there is none. Engines are other apps: one may answer with anything. */
    fun offlineVoice(speech: TextToSpeech, languageTag: String): Voice? {
      val wanted = if (languageTag.isEmpty()) Locale.getDefault() else Locale.forLanguageTag(languageTag)
      val language = languageOf(wanted) ?: return null
      val voices =
          try {
            speech.voices.orEmpty()
          } catch (_: RuntimeException) {
            return null
          }
      return voices
          .filter { !it.isNetworkConnectionRequired && TextToSpeech.Engine.KEY_FEATURE_NOT_INSTALLED !in it.features.orEmpty() }
          .filter { languageOf(it.locale) == language }
          .sortedWith(compareByDescending<Voice> { it.locale.country == wanted.country }.thenByDescending { it.quality }.thenBy { it.name })
          .firstOrNull()
    }

    /** Some engines name a language by two letters, others by three. */
    private fun languageOf(locale: Locale): String? =
        try {
          locale.isO3Language.takeIf { it.isNotEmpty() }
        } catch (_: MissingResourceException) {
          null
        }

    /** [text] in parts of at most [longest] UTF-16 units, cut at spaces where there are some. */
    fun partsOf(text: String, longest: Int): List<String> {
      val parts = mutableListOf<String>()
      var rest = text
      while (rest.length > longest) {
        val space = rest.lastIndexOf(' ', longest)
        val end = if (space > 0) space else longest
        parts += rest.substring(0, end)
        rest = rest.substring(end)
      }
      return parts + rest
    }
  }
}
