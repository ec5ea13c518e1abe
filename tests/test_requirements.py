"""A test that this machine cannot run says so; where all have to run it fails."""

import conftest
import pytest


@pytest.mark.parametrize(
    ("all_have_to_run", "outcome"), [(False, pytest.skip.Exception), (True, pytest.fail.Exception)]
)
@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["no-such-program"], "no-such-program is not installed"),
        (["bash", "-c", "echo not permitted >&2; exit 3"], "exit 3, not permitted$"),
        (["bash", "-c", "exit 1"], "exit 1, without a word$"),
    ],
)
def test_a_program_that_does_not_work_is_told(
    monkeypatch: pytest.MonkeyPatch,
    all_have_to_run: bool,
    outcome: type[BaseException],
    command: list[str],
    reason: str,
) -> None:
    monkeypatch.setattr(conftest, "REQUIRE_ALL", all_have_to_run)
    with pytest.raises(outcome, match=reason):
        conftest.require_program(*command)


@pytest.mark.parametrize("command", [["true", "at", "once"], ["false"]])
def test_a_program_that_works_or_is_not_tried_lets_the_test_run(command: list[str]) -> None:
    conftest.require_program(*command)
