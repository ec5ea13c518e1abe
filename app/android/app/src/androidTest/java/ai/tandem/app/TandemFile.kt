package ai.tandem.app

import java.io.File
import java.io.OutputStream
import java.util.zip.CRC32
import java.util.zip.ZipEntry
import java.util.zip.ZipOutputStream

/** A bundle in one file: a zip of stored entries (docs/bundle-format.md). */
object TandemFile {
  /** Writes the bundle of a folder, with what [change] makes of each file but the base model. */
  fun write(folder: File, output: OutputStream, change: (path: String, bytes: ByteArray) -> ByteArray) {
    ZipOutputStream(output.buffered()).use { zip ->
      for (file in folder.walkTopDown().filter { it.isFile }) {
        val path = file.relativeTo(folder).path
        // The base model is too large to be held.
        if (file.length() > LARGE) zip.store(path, file.length(), crcOf(file)) { file.inputStream().use { it.copyTo(zip) } }
        else change(path, file.readBytes()).let { bytes -> zip.store(path, bytes.size.toLong(), CRC32().apply { update(bytes) }.value) { zip.write(bytes) } }
      }
    }
  }

  private fun ZipOutputStream.store(path: String, size: Long, crc: Long, content: () -> Unit) {
    putNextEntry(
        ZipEntry(path).also {
          it.method = ZipEntry.STORED
          it.size = size
          it.crc = crc
        })
    content()
    closeEntry()
  }

  private fun crcOf(file: File): Long {
    val crc = CRC32()
    val piece = ByteArray(1 shl 16)
    file.inputStream().use { input -> generateSequence { input.read(piece).takeIf { it >= 0 } }.forEach { crc.update(piece, 0, it) } }
    return crc.value
  }

  private const val LARGE = 64L shl 20
}
