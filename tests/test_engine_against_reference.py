"""The device core against PyTorch: greedy answers agree up to near-ties.

Where they first differ, the reference's own logits of the two tokens must be within `LOGIT_GAP`: quantised arithmetic may
break a near-tie the other way, and nothing else.
"""

import json
from pathlib import Path

import torch
from conftest import Run
from conversations import as_input, held_out

from toolchain import paths
from toolchain.adapters.calibration_file import read_calibration
from toolchain.adapters.compose import compose
from toolchain.adapters.files import read_adapter
from toolchain.base_model.load import LoadedBase, load_base
from toolchain.base_model.specification import BaseModel
from toolchain.bundle.verify import verify_bundle
from toolchain.evaluation.generate import adapter_applied, generate_ids
from toolchain.text import encode_prompt

LOGIT_GAP = 0.5
CONVERSATIONS = 20


def test_the_first_difference_is_a_near_tie(run_tandem: Run, bundle: Path, base: BaseModel) -> None:
    sources = held_out(CONVERSATIONS)
    done = run_tandem(
        "run",
        "--bundle",
        bundle,
        "--task",
        "summarize",
        "--into",
        "es",
        "--json",
        lines=[as_input(item) for item in sources],
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    loaded = load_base(base)
    composition = next(item for item in verify_bundle(bundle).compositions if item.tasks == ["summarize", "es"])
    assert composition.calibration
    adapters = [read_adapter(bundle / "adapters" / task) for task in composition.tasks]
    composed = compose(adapters, composition.weights, read_calibration(bundle / composition.calibration))
    with adapter_applied(loaded.model, composed):
        gaps = []
        for source, answer in zip(sources, answers, strict=True):
            prompt = encode_prompt(
                loaded.tokenizer, base.bos_token_id, composition.prompt, source.messages, base.max_prompt_tokens
            ).ids
            assert len(prompt) == answer["prompt_tokens"]
            gaps.append(_gap_at_first_difference(loaded, prompt, answer["text"]))
    print(f"gaps at the first difference (0: none): {[round(gap, 3) for gap in gaps]}")
    assert max(gaps) < LOGIT_GAP
    paths.BUILD.mkdir(exist_ok=True)
    (paths.BUILD / "engine-against-reference.json").write_text(json.dumps(gaps))


def _gap_at_first_difference(loaded: LoadedBase, prompt: list[int], device_text: str) -> float:
    """0 if both say the same; else the reference's logit of its own token minus that of the device's, where they part."""
    reference = generate_ids(loaded, [prompt], loaded.specification.max_new_tokens)[0]
    eos = loaded.specification.eos_token_ids[0]
    device = [*loaded.tokenizer.encode(" " + device_text, add_special_tokens=False).ids, eos]
    reference = [*reference, eos]
    common = next((i for i, (a, b) in enumerate(zip(reference, device, strict=False)) if a != b), None)
    if common is None:
        return 0.0
    with torch.no_grad():
        logits = loaded.model(torch.tensor([prompt + reference[:common]])).logits[0, -1]
    return float(logits[reference[common]] - logits[device[common]])
