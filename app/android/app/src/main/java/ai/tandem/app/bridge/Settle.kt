package ai.tandem.app.bridge

import com.facebook.react.bridge.Promise
import java.util.concurrent.Executor

/** A failure that JavaScript is told. [code] is one of those that the module's spec lists; the message is one sentence and holds no text of the user. */
class Refusal(val code: String, message: String, cause: Throwable? = null) : Exception(message, cause)

/** Settles the promise with what [work] returns, on [executor]: React Native's one thread for modules would keep all others waiting. */
fun Promise.settleOn(executor: Executor, work: () -> Any?) = executor.execute { settle(work) }

/** Settles the promise with what [work] returns, here and now. */
fun Promise.settle(work: () -> Any?) {
  try {
    resolve(work())
  } catch (refusal: Refusal) {
    reject(refusal.code, refusal.message)
  } catch (failure: Exception) {
    // Its message may quote a path or what the user wrote: only its class is told.
    reject("internal", "an unexpected error of type ${failure.javaClass.simpleName}")
  }
}
