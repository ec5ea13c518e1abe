package ai.tandem.app.exits

import ai.tandem.app.bridge.settle
import ai.tandem.app.specs.NativeExitReasonsSpec
import com.facebook.react.bridge.Arguments
import com.facebook.react.bridge.Promise
import com.facebook.react.bridge.ReactApplicationContext
import com.facebook.react.bridge.WritableMap
import com.facebook.react.module.annotations.ReactModule

/** [ExitReasons] for JavaScript; the contract is app/src/core/NativeExitReasons.ts. */
@ReactModule(name = NativeExitReasonsSpec.NAME)
class ExitReasonsModule(context: ReactApplicationContext) : NativeExitReasonsSpec(context) {
  private val exits = ExitReasons(context)

  override fun takeLast(promise: Promise) = promise.settle { exits.takeLast()?.writeTo(Arguments.createMap()) }

  override fun running(what: String?): Boolean = exits.running(what)
}

/** Fills [map] with the end as app/src/core/NativeExitReasons.ts declares it. */
fun Exit.writeTo(map: WritableMap): WritableMap {
  map.putString("reason", reason)
  map.putString("running", running)
  map.putDouble("at", at.toDouble())
  return map
}
