package ai.tandem.app.share

/**
 * Answers on their way back to where their texts were selected, by the ids of the items. In memory alone: with the process ends the wait. Methods may be
 * called from any thread.
 */
object Replacements {
  private class Waiting(var answer: String? = null)

  private val waiting = mutableMapOf<String, Waiting>()

  /** From now on somebody waits for the answer to this item. */
  @Synchronized
  fun expect(id: String) {
    waiting[id] = Waiting()
  }

  @Synchronized fun isExpected(id: String): Boolean = id in waiting

  /** Keeps the answer for the one who waits; false when nobody does. */
  @Synchronized
  fun answer(id: String, text: String): Boolean {
    val waiting = waiting[id] ?: return false
    waiting.answer = text
    return true
  }

  /** Ends the wait: the answer, or null when there is none. */
  @Synchronized fun collect(id: String): String? = waiting.remove(id)?.answer
}
