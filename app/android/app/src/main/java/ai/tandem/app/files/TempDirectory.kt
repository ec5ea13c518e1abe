package ai.tandem.app.files

import android.system.Os
import java.io.File
import java.io.IOException
import java.nio.file.FileVisitResult
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.SimpleFileVisitor
import java.nio.file.attribute.BasicFileAttributes

/** The directory that native code uses for temporary files, above all for composed adapters on their way into the engine. */
class TempDirectory(
    private val directory: File,
    private val setEnvironment: (name: String, value: String) -> Unit = { name, value -> Os.setenv(name, value, true) },
) {

  /**
   * Empties the directory and makes it the process's TMPDIR. A process that was killed while it loaded an adapter leaves a copy behind; without this the
   * disk would grow with every kill. Links are removed, never followed.
   */
  fun prepare() {
    val root = directory.toPath()
    if (Files.exists(root)) {
      Files.walkFileTree(root, Remove(root))
    }
    Files.createDirectories(root)
    setEnvironment("TMPDIR", directory.path)
  }

  private class Remove(private val root: Path) : SimpleFileVisitor<Path>() {
    override fun visitFile(file: Path, attributes: BasicFileAttributes): FileVisitResult {
      Files.delete(file)
      return FileVisitResult.CONTINUE
    }

    override fun postVisitDirectory(directory: Path, failure: IOException?): FileVisitResult {
      failure?.let { throw it }
      if (directory != root) Files.delete(directory)
      return FileVisitResult.CONTINUE
    }
  }
}
