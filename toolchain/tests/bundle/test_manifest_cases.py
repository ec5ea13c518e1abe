"""What `verify` says of a bundle whose manifest, or an adapter's configuration, is changed, by the list that the device core is held to as
well."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from toolchain import paths
from toolchain.bundle.verify import verify_bundle
from toolchain.errors import ToolchainError

BUNDLE = paths.GOLDEN / "bundle"
CASES = [json.loads(line) for line in (paths.GOLDEN / "manifests.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_changed_manifest_is_taken_or_refused_as_the_list_says(tmp_path: Path, case: dict[str, Any]) -> None:
    bundle = Path(shutil.copytree(BUNDLE, tmp_path / "bundle"))
    text = (BUNDLE / "manifest.json").read_text(encoding="utf-8")
    for old, new in case["changes"]:
        assert text.count(old) == 1
        text = text.replace(old, new)
    (bundle / "manifest.json").write_text(text, encoding="utf-8", newline="")
    if "config" in case:
        (bundle / "adapters/es/adapter_config.json").write_text(case["config"], encoding="utf-8", newline="")
    if case["verdict"] == "intact":
        verify_bundle(bundle)
        return
    with pytest.raises(ToolchainError) as refused:
        verify_bundle(bundle)
    assert str(bundle) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_every_name_is_there_once() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES) > 0
