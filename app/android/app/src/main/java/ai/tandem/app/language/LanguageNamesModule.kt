package ai.tandem.app.language

import ai.tandem.app.specs.NativeLanguageNamesSpec
import com.facebook.react.bridge.ReactApplicationContext
import com.facebook.react.module.annotations.ReactModule

/** [LanguageNames] for JavaScript; the contract is app/src/core/NativeLanguageNames.ts. */
@ReactModule(name = NativeLanguageNamesSpec.NAME)
class LanguageNamesModule(context: ReactApplicationContext) : NativeLanguageNamesSpec(context) {
  override fun nameIn(tag: String, locale: String): String = LanguageNames.nameIn(tag, locale)
}
