package ai.tandem.app.files

import java.io.File
import java.nio.file.Files
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder

class TempDirectoryTest {
  @get:Rule val folder = TemporaryFolder()

  private val environment = mutableMapOf<String, String>()
  private val directory
    get() = File(folder.root, "tandem")

  private fun prepare() = TempDirectory(directory) { name, value -> environment[name] = value }.prepare()

  private fun check() {
    assertEquals(mapOf("TMPDIR" to directory.path), environment)
    assertTrue(directory.isDirectory && !Files.isSymbolicLink(directory.toPath()))
    assertEquals(emptyList<File>(), directory.listFiles()!!.toList())
  }

  @Test
  fun itIsEmptyAndInTheEnvironmentWhateverWasThere() {
    prepare()
    check()
    File(directory, "a/b").mkdirs()
    File(directory, "a/b/adapter_model.safetensors").writeText("left by a killed process")
    File(directory, "adapter_config.json").writeText("{}")
    prepare()
    check()
  }

  @Test
  fun aFileInItsPlaceGivesWay() {
    directory.writeText("not a directory")
    prepare()
    check()
  }

  @Test
  fun whatALinkLeadsToStays() {
    val kept = File(folder.newFolder("elsewhere"), "kept").apply { writeText("kept") }
    directory.mkdir()
    Files.createSymbolicLink(File(directory, "link").toPath(), kept.parentFile!!.toPath())
    prepare()
    check()

    directory.delete()
    Files.createSymbolicLink(directory.toPath(), kept.parentFile!!.toPath())
    prepare()
    check()
    assertEquals("kept", kept.readText())
  }
}
