package ai.tandem.app.files

import android.content.Context
import java.io.File
import java.io.IOException
import java.nio.file.Files

/**
 * Where the app keeps its files: in its private directories, under fixed names. No name comes from JavaScript, from a bundle or from another app, and
 * a link in a file's place is refused, so that nothing outside is read as if it were the app's.
 */
class DeviceFiles(private val context: Context) {

  /** Directory of the library of bundles, whether or not it is there. */
  val library: File
    get() = place(context.filesDir, "library")

  /** Directory of the bundle that a developer has put there; null when there is none. */
  val bundle: File?
    get() = place(context.filesDir, "bundle").takeIf { it.isDirectory }

  /** The base model's file beside the bundle; null when there is none, as when the bundle holds its own. */
  val base: File?
    get() = place(context.filesDir, "base.gguf").takeIf { it.isFile }

  /** Directory for what lives no longer than the process; [TempDirectory.prepare] makes it anew, whatever was there. */
  val temp: File
    get() = File(context.cacheDir.canonicalFile, "tandem")

  private fun place(root: File, name: String): File {
    val wanted = File(root.canonicalFile, name)
    if (Files.isSymbolicLink(wanted.toPath())) {
      throw IOException("${root.name}/$name is a link; wanted a plain file or directory of the app: remove it and install the bundle again")
    }
    return wanted
  }
}
