"""What CI and Gradle fetch is named by its hash."""

import re

from toolchain import paths


def test_actions_are_pinned_to_commits() -> None:
    workflows = sorted((paths.REPOSITORY / ".github" / "workflows").glob("*.yml"))
    used = [use for file in workflows for use in re.findall(r"\buses: (.*)", file.read_text())]
    assert used
    assert [use for use in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []


def test_gradle_is_pinned_to_its_hash() -> None:
    wrapper = paths.REPOSITORY / "app" / "android" / "gradle" / "wrapper" / "gradle-wrapper.properties"
    assert re.search(r"^distributionSha256Sum=[0-9a-f]{64}$", wrapper.read_text(), re.MULTILINE)
