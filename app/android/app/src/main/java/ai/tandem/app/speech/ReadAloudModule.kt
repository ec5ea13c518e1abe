package ai.tandem.app.speech

import ai.tandem.app.bridge.settle
import ai.tandem.app.specs.NativeReadAloudSpec
import com.facebook.react.bridge.Promise
import com.facebook.react.bridge.ReactApplicationContext
import com.facebook.react.module.annotations.ReactModule

/** [ReadAloud] for JavaScript; the contract is app/src/core/NativeReadAloud.ts. */
@ReactModule(name = NativeReadAloudSpec.NAME)
class ReadAloudModule(context: ReactApplicationContext) : NativeReadAloudSpec(context) {
  private val voice = ReadAloud(context)

  override fun invalidate() = voice.close()

  override fun speak(text: String, languageTag: String, promise: Promise) =
      voice.speak(text, languageTag) { refusal ->
        promise.settle {
          if (refusal != null) throw refusal
          null // Unit is no value of JavaScript
        }
      }

  override fun stop() = voice.stop()
}
