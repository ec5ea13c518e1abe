package ai.tandem.app.bridge

import com.facebook.react.bridge.Promise
import java.io.IOException
import java.lang.reflect.Proxy
import org.junit.Assert.assertEquals
import org.junit.Test

class SettleTest {
  /** How the promise was settled, call by call. */
  private val settled = mutableListOf<List<Any?>>()

  private val promise =
      Proxy.newProxyInstance(javaClass.classLoader, arrayOf(Promise::class.java)) { _, method, arguments ->
        settled += listOf(method.name, *arguments)
        null
      } as Promise

  @Test
  fun whatTheWorkReturnsIsTheResult() {
    for (result in listOf(7, "text", true, null)) {
      promise.settle { result }
      assertEquals(listOf("resolve", result), settled.removeAt(0))
    }
  }

  @Test
  fun aRefusalIsToldWithItsCode() {
    promise.settle { throw Refusal("busy", "a picker is open already", IOException("secret")) }
    assertEquals(listOf(listOf("reject", "busy", "a picker is open already")), settled)
  }

  @Test
  fun ofAnyOtherFailureOnlyTheClassIsTold() {
    promise.settle { throw IOException("/data/user/0/ai.tandem.app/files/secret") }
    assertEquals(listOf(listOf("reject", "internal", "an unexpected error of type IOException")), settled)
  }

  @Test
  fun theWorkRunsWhereItIsToldTo() {
    val work = mutableListOf<Runnable>()
    promise.settleOn(work::add) { 7 }
    assertEquals(emptyList<List<Any?>>(), settled)
    work.single().run()
    assertEquals(listOf(listOf("resolve", 7)), settled)
  }
}
