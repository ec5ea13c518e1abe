package ai.tandem.app.security

import ai.tandem.app.bridge.Refusal
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.util.AtomicFile
import java.io.File
import java.io.IOException
import java.security.GeneralSecurityException
import java.security.ProviderException
import java.security.SecureRandom
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.spec.GCMParameterSpec

/**
 * The random 256-bit key of the encrypted history, in [file] as `nonce (12 bytes) | AES-GCM ciphertext and tag (48 bytes)` under [wrapping]
 * (NIST SP 800-38D). The database has its own key, and the Keystore's wraps it, because the Keystore gives none of its keys to SQLCipher.
 */
class DatabaseKey(file: File, private val wrapping: WrappingKey) {
  private val file = AtomicFile(file)

  /**
   * The key as 64 hexadecimal digits; the first call makes it. Throws [Refusal]: `lost` when nothing will ever unwrap it, `unavailable` when the
   * phone does not do so now.
   */
  @Synchronized
  fun get(): String =
      try {
        hex(read()?.let(::unwrap) ?: make())
      } catch (failure: GeneralSecurityException) {
        throw if (isFinal(failure)) lost(failure) else unavailable(failure)
      } catch (failure: ProviderException) {
        throw unavailable(failure)
      } catch (failure: IOException) {
        throw unavailable(failure)
      }

  /** Deletes the key and the one that wraps it. */
  @Synchronized
  fun forget() {
    file.delete()
    wrapping.delete()
  }

  private fun read(): ByteArray? =
      try {
        file.readFully()
      } catch (failure: IOException) {
        if (file.baseFile.exists()) throw failure
        null
      }

  private fun make(): ByteArray {
    val key = ByteArray(KEY_BYTES).also(SecureRandom()::nextBytes)
    // The Keystore chooses the nonce itself.
    val cipher = Cipher.getInstance(CIPHER).apply { init(Cipher.ENCRYPT_MODE, wrapping.make()) }
    val wrapped = cipher.iv + cipher.doFinal(key)
    check(wrapped.size == WRAPPED_BYTES) { "a wrapped key of ${wrapped.size} bytes; wanted $WRAPPED_BYTES" }
    val output = file.startWrite()
    try {
      output.write(wrapped)
      file.finishWrite(output)
    } catch (failure: IOException) {
      file.failWrite(output)
      throw failure
    }
    return key
  }

  private fun unwrap(wrapped: ByteArray): ByteArray {
    if (wrapped.size != WRAPPED_BYTES) throw lost()
    val key = wrapping.find() ?: throw lost()
    val cipher = Cipher.getInstance(CIPHER).apply { init(Cipher.DECRYPT_MODE, key, GCMParameterSpec(TAG_BITS, wrapped, 0, NONCE_BYTES)) }
    return cipher.doFinal(wrapped, NONCE_BYTES, wrapped.size - NONCE_BYTES)
  }

  /** The Keystore fails in passing too, and may put why into the cause: only these two never pass. */
  private fun isFinal(failure: Throwable) =
      generateSequence(failure) { it.cause }.any { it is AEADBadTagException || it is KeyPermanentlyInvalidatedException }

  private fun lost(cause: Throwable? = null) =
      Refusal("lost", "${file.baseFile.name} does not open with the phone's key, so the history cannot be read; start a new one", cause)

  private fun unavailable(cause: Throwable) =
      Refusal("unavailable", "the phone's Keystore does not open ${file.baseFile.name} at the moment; try again later", cause)

  private fun hex(key: ByteArray) = key.joinToString("") { "%02x".format(it) }

  private companion object {
    const val CIPHER = "AES/GCM/NoPadding"
    const val KEY_BYTES = 32
    const val NONCE_BYTES = 12
    const val TAG_BITS = 128
    const val WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BITS / 8
  }
}
