package ai.tandem.app.share

import ai.tandem.app.bridge.settle
import ai.tandem.app.bridge.settleOn
import ai.tandem.app.specs.NativeShareInboxSpec
import android.net.Uri
import android.os.CancellationSignal
import com.facebook.react.bridge.Arguments
import com.facebook.react.bridge.Promise
import com.facebook.react.bridge.ReactApplicationContext
import com.facebook.react.module.annotations.ReactModule
import java.util.concurrent.Executors

/** [ShareInbox] and [Replacements] for JavaScript; the contract is app/src/core/NativeShareInbox.ts. */
@ReactModule(name = NativeShareInboxSpec.NAME)
class ShareInboxModule(context: ReactApplicationContext) : NativeShareInboxSpec(context) {
  private val inbox = ShareInbox.of(context)
  // A thread each: a document that comes slowly must not keep what is shared waiting.
  private val reading = Executors.newCachedThreadPool()
  /** Of the [read] that was asked for last. */
  @Volatile private var readSignal: CancellationSignal? = null

  override fun initialize() {
    // Before JavaScript has asked for the module there is nobody to call; it takes what waits when it starts.
    inbox.onShared = { if (mEventEmitterCallback != null) emitOnShared() }
  }

  override fun invalidate() {
    inbox.onShared = null
    cancelRead()
    reading.shutdown()
  }

  override fun take(promise: Promise) = promise.settleOn(reading) { inbox.take()?.writeTo(Arguments.createMap()) }

  override fun read(uri: String, promise: Promise) {
    val signal = CancellationSignal().also { readSignal = it }
    promise.settleOn(reading) { inbox.read(Uri.parse(uri), signal).writeTo(Arguments.createMap()) }
  }

  override fun cancelRead() = readSignal?.cancel() ?: Unit

  override fun discard(id: String) = inbox.discard(id)

  override fun replace(id: String, text: String, promise: Promise) =
      promise.settle {
        val expected = Replacements.answer(id, text)
        if (expected) reactApplicationContext.currentActivity?.run { runOnUiThread { moveTaskToBack(true) } }
        expected
      }
}
