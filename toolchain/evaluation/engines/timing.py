"""One pass against two on the device: each conversation is timed in both modes, one right after the other, in alternating order.

Another job on the machine then slows both alike, and ratios are fair where sums are not. Each time is of a fresh process whose model has
answered a word before.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from toolchain.data.pairs import Pair
from toolchain.evaluation.engines.cells import asked_of
from toolchain.evaluation.engines.device_engine import DeviceEngine
from toolchain.evaluation.engines.engine import Question
from toolchain.json_object import kept_json
from toolchain.whole_file import write_text_whole

Times = dict[str, dict[str, float]]
"""Method id -> statistics of one conversation."""


def paired_times(
    engine: DeviceEngine,
    questions: Sequence[Question],
    pairs: Sequence[Pair],
    cells: Path,
    progress: Callable[[str], None],
) -> list[Times]:
    """Statistics of each conversation under both questions, as an `Answer` has them; kept one by one, like the answers of a cell.

    Raises:
        ToolchainError: the device core cannot run a method, refused a conversation or failed.
    """
    key = repr(([engine.key(question) for question in questions], asked_of(pairs)))
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    path = cells / f"{questions[0].composition.name}.times.device.{digest}.json"
    done: dict[str, Times] = kept_json(path) or {}
    missing = [pair for pair in pairs if pair.id not in done]
    if missing:
        progress(f"{questions[0].composition.name}  times: {len(missing)} conversations (device)")
    runs = {question.method.id: engine.run(question) for question in questions} if missing else {}
    for pair in missing:
        order = list(runs) if pairs.index(pair) % 2 == 0 else list(reversed(runs))
        times = {}
        for method in order:
            ((_, answer),) = engine.core.answers(runs[method], [pair], warm_up=True)
            times[method] = answer.statistics
        done[pair.id] = times
        write_text_whole(path, json.dumps(done) + "\n")
    return [done[pair.id] for pair in pairs]
