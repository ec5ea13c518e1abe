package ai.tandem.app.documents

import ai.tandem.app.bridge.Refusal
import ai.tandem.app.bridge.settle
import ai.tandem.app.bridge.settleOn
import ai.tandem.app.specs.NativeDocumentsSpec
import android.app.Activity
import android.net.Uri
import android.os.ParcelFileDescriptor
import com.facebook.react.bridge.Arguments
import com.facebook.react.bridge.Promise
import com.facebook.react.bridge.ReactApplicationContext
import com.facebook.react.bridge.WritableMap
import com.facebook.react.module.annotations.ReactModule
import java.io.IOException
import java.util.concurrent.Executors

/** [Documents] and [DocumentPicker] for JavaScript; the contract is app/src/core/NativeDocuments.ts. */
@ReactModule(name = NativeDocumentsSpec.NAME)
class DocumentsModule(context: ReactApplicationContext) : NativeDocumentsSpec(context) {
  private val documents = Documents(context)
  private val picker = DocumentPicker.of(context)
  private val working = Executors.newSingleThreadExecutor()
  /** A document in a cloud may keep its thread for long: what else is asked for does not wait behind it. */
  private val opening = Executors.newCachedThreadPool()

  override fun invalidate() {
    documents.cancel()
    working.shutdown()
    opening.shutdown()
  }

  override fun pick(kind: String, promise: Promise) =
      onScreen(promise) { activity ->
        val purpose =
            when (kind) {
              "bundle" -> DocumentPicker.Purpose.BUNDLE
              "base" -> DocumentPicker.Purpose.BASE
              else -> DocumentPicker.Purpose.CHAT
            }
        picker.pick(activity, purpose) { uri -> promise.settleOn(working) { uri?.let(documents::describe)?.writeTo(Arguments.createMap()) } }
      }

  override fun held(promise: Promise) =
      promise.settleOn(working) {
        Arguments.createArray().apply { documents.held().forEach { pushMap(it.writeTo(Arguments.createMap())) } }
      }

  override fun open(uri: String, promise: Promise) {
    val signal = documents.announce()
    promise.settleOn(opening) { documents.open(Uri.parse(uri), signal).detachFd() }
  }

  override fun cancel() = documents.cancel()

  override fun close(descriptor: Double) {
    try {
      ParcelFileDescriptor.adoptFd(descriptor.toInt()).close()
    } catch (_: IOException) {
      // It was closed already; a failure here would end the app.
    }
  }

  override fun release(uri: String) = documents.release(Uri.parse(uri))

  override fun save(name: String, mimeType: String, text: String, promise: Promise) =
      onScreen(promise) { activity ->
        picker.create(activity, name, mimeType) { uri ->
          promise.settleOn(working) {
            uri?.let { documents.write(it, text) }
            uri != null
          }
        }
      }

  override fun freeBytes(): Double = documents.freeBytes.toDouble()

  /** Runs [work] on the activity's thread; a failure of it settles the promise, which is otherwise settled later. */
  private fun onScreen(promise: Promise, work: (Activity) -> Unit) {
    val activity = reactApplicationContext.currentActivity
    if (activity == null) {
      promise.settle { throw Refusal("no-picker", "the app is not on the screen; wanted it there to show the file picker: open it and try again") }
      return
    }
    activity.runOnUiThread {
      try {
        work(activity)
      } catch (refusal: Refusal) {
        promise.settle { throw refusal }
      }
    }
  }
}

/** Fills [map] with the document as app/src/core/NativeDocuments.ts declares it. */
fun PickedDocument.writeTo(map: WritableMap): WritableMap {
  map.putString("uri", uri.toString())
  map.putString("name", name)
  if (bytes == null) map.putNull("bytes") else map.putDouble("bytes", bytes.toDouble())
  return map
}
