package ai.tandem.app.files

import android.content.Context
import java.io.File
import java.io.IOException
import java.nio.file.Files
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment

@RunWith(RobolectricTestRunner::class)
class DeviceFilesTest {
  @get:Rule val elsewhere = TemporaryFolder()

  private val context: Context = RuntimeEnvironment.getApplication()
  private val files = DeviceFiles(context)

  @Before
  fun startClean() {
    context.filesDir.mkdirs()
    context.filesDir.listFiles()!!.forEach { Files.delete(it.toPath()) }
  }

  @Test
  fun everyPlaceIsInsideThePrivateDirectories() {
    File(context.filesDir, "base.gguf").createNewFile()
    File(context.filesDir, "bundle").mkdir()
    for (place in listOf(files.library, files.bundle!!, files.base!!)) assertEquals(context.filesDir.canonicalFile, place.canonicalFile.parentFile)
    assertEquals(context.cacheDir.canonicalFile, files.temp.canonicalFile.parentFile)
  }

  @Test
  fun askingForAPlaceCreatesNothing() {
    files.library
    files.bundle
    files.base
    assertEquals(emptyList<File>(), context.filesDir.listFiles()!!.toList())
  }

  @Test
  fun theBaseIsTheOneThatWasInstalledOrNone() {
    assertNull(files.base)
    File(context.filesDir, "base.gguf").createNewFile()
    assertTrue(files.base!!.isFile)
  }

  @Test
  fun theBundleIsTheDirectoryThatWasPutThereOrNone() {
    assertNull(files.bundle)
    File(context.filesDir, "bundle").mkdir()
    assertTrue(files.bundle!!.isDirectory)
  }

  @Test
  fun aDirectoryIsNoBaseAndAFileIsNoBundle() {
    File(context.filesDir, "base.gguf").mkdir()
    assertNull(files.base)
    File(context.filesDir, "bundle").createNewFile()
    assertNull(files.bundle)
  }

  @Test
  fun aLinkIsRefusedWhereverItLeads() {
    val inside = File(context.filesDir, "other").apply { mkdir() }
    for (target in listOf(elsewhere.root, inside, File("/nowhere"))) {
      for ((name, ask) in listOf("bundle" to { files.bundle }, "library" to { files.library })) {
        val link = File(context.filesDir, name).toPath()
        Files.createSymbolicLink(link, target.toPath())
        val refusal = assertThrows(IOException::class.java) { ask() }
        assertTrue(refusal.message!!.contains("files/$name is a link"))
        assertFalse("the path of a private directory is nobody's business", refusal.message!!.contains(context.filesDir.path))
        Files.delete(link)
      }
    }
  }
}
