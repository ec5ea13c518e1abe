package ai.tandem.app.longrun

import ai.tandem.app.bridge.settle
import ai.tandem.app.specs.NativeLongRunSpec
import com.facebook.react.bridge.Promise
import com.facebook.react.bridge.ReactApplicationContext
import com.facebook.react.bridge.ReadableMap
import com.facebook.react.module.annotations.ReactModule

/** [LongRun] for JavaScript; the contract is app/src/core/NativeLongRun.ts. */
@ReactModule(name = NativeLongRunSpec.NAME)
class LongRunModule(context: ReactApplicationContext) : NativeLongRunSpec(context) {

  override fun initialize() {
    LongRun.onStop = { if (mEventEmitterCallback != null) emitOnStop() }
  }

  override fun invalidate() {
    LongRun.onStop = null
    end() // what ran, ran in JavaScript
  }

  override fun begin(labels: ReadableMap, promise: Promise) = promise.settle { LongRun.begin(reactApplicationContext, labelsOf(labels)) }

  override fun progress(done: Double, total: Double) = LongRun.progress(reactApplicationContext, done.toInt(), total.toInt())

  override fun end() = LongRun.end(reactApplicationContext)
}

/** The labels, as app/src/core/NativeLongRun.ts declares them. */
fun labelsOf(map: ReadableMap): LongRunLabels {
  fun label(name: String) = requireNotNull(map.getString(name)) { "$name is missing" }
  return LongRunLabels(label("channel"), label("title"), label("stop"))
}
