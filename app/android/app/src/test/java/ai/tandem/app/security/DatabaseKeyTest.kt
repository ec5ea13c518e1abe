package ai.tandem.app.security

import ai.tandem.app.bridge.Refusal
import android.security.keystore.KeyPermanentlyInvalidatedException
import java.io.File
import java.security.InvalidKeyException
import java.security.ProviderException
import java.security.SecureRandom
import java.security.UnrecoverableKeyException
import javax.crypto.SecretKey
import javax.crypto.spec.SecretKeySpec
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

/** On a key of the JVM: no test has Android's Keystore, which [KeystoreKey] is for. */
@RunWith(RobolectricTestRunner::class)
class DatabaseKeyTest {
  @get:Rule val folder = TemporaryFolder()

  private class JvmKey : WrappingKey {
    var key: SecretKey? = null
    var failure: Exception? = null

    override fun find(): SecretKey? {
      failure?.let { throw it }
      return key
    }

    override fun make(): SecretKey = SecretKeySpec(ByteArray(32).also(SecureRandom()::nextBytes), "AES").also { key = it }

    override fun delete() {
      key = null
    }
  }

  private val wrapping = JvmKey()
  private val file
    get() = File(folder.root, "database.key")

  /** As a new process makes it. */
  private fun key() = DatabaseKey(file, wrapping)

  private fun code(work: () -> Unit) = assertThrows(Refusal::class.java, work).code

  @Test
  fun theKeyIsMadeOnceAndStays() {
    val made = key().get()
    assertTrue(made, Regex("[0-9a-f]{64}").matches(made))
    repeat(3) { assertEquals(made, key().get()) }
  }

  @Test
  fun noTwoKeysAreEqualAndNoneIsInItsFile() {
    val keys = List(20) { key().get().also { key().forget() } }
    assertEquals(keys.size, keys.toSet().size)
    val made = key().get()
    assertFalse(file.readBytes().joinToString("") { "%02x".format(it) }.contains(made))
    assertFalse(file.readText(Charsets.ISO_8859_1).contains(made))
  }

  @Test
  fun whateverByteIsChangedTheKeyIsLostAndNeverAnother() {
    key().get()
    val wrapped = file.readBytes()
    for (place in wrapped.indices) {
      file.writeBytes(wrapped.clone().also { it[place] = (it[place].toInt() xor 1).toByte() })
      assertEquals("byte $place", "lost", code { key().get() })
    }
    for (length in 0 until wrapped.size) {
      file.writeBytes(wrapped.copyOf(length))
      assertEquals("length $length", "lost", code { key().get() })
    }
  }

  @Test
  fun withoutItsWrappingKeyItIsLostAndForgettingMakesRoom() {
    val first = key().get()
    for (other in listOf(null, JvmKey().make())) {
      wrapping.key = other
      assertEquals("lost", code { key().get() })
      assertTrue("a lost key is not replaced unasked", file.exists())
    }
    key().forget()
    assertFalse(file.exists())
    assertNull(wrapping.key)
    val second = key().get()
    assertNotEquals(first, second)
    assertEquals(second, key().get())
  }

  @Test
  fun aKeystoreThatFailsInPassingCostsNothing() {
    val made = key().get()
    for (failure in listOf(UnrecoverableKeyException(), InvalidKeyException("Keystore operation failed"), ProviderException())) {
      wrapping.failure = failure
      assertEquals(failure.toString(), "unavailable", code { key().get() })
      wrapping.failure = null
      assertEquals(made, key().get())
    }
  }

  @Test
  fun aWrappingKeyThatThePhoneHasInvalidatedForGoodIsLost() {
    key().get()
    for (failure in listOf(KeyPermanentlyInvalidatedException(), UnrecoverableKeyException().apply { initCause(KeyPermanentlyInvalidatedException()) })) {
      wrapping.failure = failure
      assertEquals(failure.toString(), "lost", code { key().get() })
    }
  }
}
