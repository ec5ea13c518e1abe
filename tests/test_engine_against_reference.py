"""The device core against PyTorch: greedy answers agree up to near-ties.

Where they first differ, the reference's own logits of the two tokens must be within `LOGIT_GAP`: quantised arithmetic may
break a near-tie the other way, and nothing else.
"""

import json
from pathlib import Path
from typing import Any

import torch
from conftest import Run
from conversations import as_input, held_out

from toolchain.adapters.calibration_file import read_calibration
from toolchain.adapters.compose import compose
from toolchain.adapters.files import read_adapter
from toolchain.base_model.load import LoadedBase, load_base
from toolchain.base_model.specification import BaseSpecification
from toolchain.bundle.verify import verify_bundle
from toolchain.generation.generate import adapter_applied, generate_ids
from toolchain.text import cut_answer, encode_prompt

LOGIT_GAP = 0.5
CONVERSATIONS = 20


def test_the_first_difference_is_a_near_tie(run_tandem: Run, bundle: Path, base: BaseSpecification) -> None:
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
    prompts = [
        encode_prompt(
            loaded.tokenizer, base.bos_token_id, composition.prompt, source.messages, base.max_prompt_tokens
        ).ids
        for source in sources
    ]
    assert [len(prompt) for prompt in prompts] == [answer["prompt_tokens"] for answer in answers]
    with adapter_applied(loaded.model, composed):
        references = generate_ids(loaded, prompts, base.max_new_tokens)
        gaps = [_gap(loaded, *case) for case in zip(prompts, references, answers, strict=True)]
    print(f"gaps at the first difference (0: none): {[round(gap, 3) for gap in gaps]}")
    assert max(gaps) < LOGIT_GAP


def _gap(loaded: LoadedBase, prompt: list[int], reference: list[int], answer: dict[str, Any]) -> float:
    """0 if both say the same; else the reference's logit of its own token minus that of the device's, where they part."""
    if cut_answer(loaded.tokenizer.decode(reference)) == answer["text"]:
        return 0.0
    eos = loaded.specification.eos_token_ids[0]
    device = loaded.tokenizer.encode(" " + answer["text"], add_special_tokens=False).ids
    device = [*device, eos] if answer["finish_reason"] == "stop" else device
    position = next(
        index for index, (ours, theirs) in enumerate(zip([*reference, eos], device, strict=False)) if ours != theirs
    )
    with torch.no_grad():
        logits = loaded.model(torch.tensor([prompt + reference[:position]])).logits[0, -1]
    return float(logits[[*reference, eos][position]] - logits[device[position]])
