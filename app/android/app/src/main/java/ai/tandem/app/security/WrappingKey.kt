package ai.tandem.app.security

import android.content.Context
import android.content.pm.PackageManager
import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyProperties
import java.security.KeyStore
import java.security.ProviderException
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey

/** The AES key that wraps another. */
interface WrappingKey {
  /** null when there is none. */
  fun find(): SecretKey?

  /** Makes one, in the place of any that was there. */
  fun make(): SecretKey

  fun delete()
}

/** A wrapping key in Android's Keystore: it never leaves the phone's secure hardware, the separate chip (StrongBox) where there is one. */
class KeystoreKey(context: Context, private val alias: String) : WrappingKey {
  private val hasStrongBox =
      Build.VERSION.SDK_INT >= Build.VERSION_CODES.P && context.packageManager.hasSystemFeature(PackageManager.FEATURE_STRONGBOX_KEYSTORE)

  private val store
    get() = KeyStore.getInstance(STORE).apply { load(null) }

  override fun find(): SecretKey? = store.getKey(alias, null) as SecretKey?

  override fun make(): SecretKey =
      if (!hasStrongBox) make(inStrongBox = false)
      else
          try {
            make(inStrongBox = true)
          } catch (_: ProviderException) {
            make(inStrongBox = false) // the chip is there, and full or out of order
          }

  override fun delete() = store.deleteEntry(alias)

  private fun make(inStrongBox: Boolean): SecretKey {
    val specification =
        KeyGenParameterSpec.Builder(alias, KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .setKeySize(256)
    if (inStrongBox && Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) specification.setIsStrongBoxBacked(true)
    return KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, STORE).apply { init(specification.build()) }.generateKey()
  }

  private companion object {
    const val STORE = "AndroidKeyStore"
  }
}
