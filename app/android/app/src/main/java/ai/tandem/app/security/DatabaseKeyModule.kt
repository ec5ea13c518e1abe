package ai.tandem.app.security

import ai.tandem.app.bridge.settleOn
import ai.tandem.app.specs.NativeDatabaseKeySpec
import com.facebook.react.bridge.Promise
import com.facebook.react.bridge.ReactApplicationContext
import com.facebook.react.module.annotations.ReactModule
import java.io.File
import java.util.concurrent.Executors

/** [DatabaseKey] for JavaScript; the contract is app/src/core/NativeDatabaseKey.ts. */
@ReactModule(name = NativeDatabaseKeySpec.NAME)
class DatabaseKeyModule(context: ReactApplicationContext) : NativeDatabaseKeySpec(context) {
  private val key = DatabaseKey(File(context.noBackupFilesDir, "database.key"), KeystoreKey(context, "tandem.database"))
  private val working = Executors.newSingleThreadExecutor() // a StrongBox takes its time

  override fun invalidate() = working.shutdown()

  override fun get(promise: Promise) = promise.settleOn(working) { key.get() }

  override fun forget(promise: Promise) =
      promise.settleOn(working) {
        key.forget()
        null
      }
}
