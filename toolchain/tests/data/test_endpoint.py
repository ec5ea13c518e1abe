"""The chat client against a real server on this machine."""

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from toolchain.data import endpoint
from toolchain.data.endpoint import KEY_VARIABLE, REFUSED, WITHOUT_TEXT, Endpoint, Reply
from toolchain.errors import ToolchainError
from toolchain.tests.chat_server import Waits, serving

SECRET = "what the user wrote"


def test_a_prompt_becomes_an_answer() -> None:
    with serving(str.upper) as server:
        reply = Endpoint(server.url, "m").chat("hola", 5)
    assert reply == Reply("HOLA")
    ((headers, body),) = server.asked
    assert "Authorization" not in headers
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("m", 5, 0)


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "k")
    with serving(str.upper) as server:
        Endpoint(server.url, "m").chat("hola", 5)
    assert server.asked[0][0]["Authorization"] == "Bearer k"


@pytest.mark.parametrize("key", ["", "k"])
def test_a_login_of_the_user_is_not_given_to_a_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str
) -> None:
    (tmp_path / "netrc").write_text("default login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv(KEY_VARIABLE, key)
    with serving(str.upper) as server:
        Endpoint(server.url, "m").chat("hola", 5)
    assert server.asked[0][0].get("Authorization") == (f"Bearer {key}" if key else None)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_missing_file_of_certificates_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv(variable, str(tmp_path / "nowhere.pem"))
    with pytest.raises(ToolchainError, match=rf"{variable} names .*/nowhere\.pem, which is missing"):
        Endpoint("https://localhost:9/v1", "m")
    with serving(str.upper) as server:
        assert Endpoint(server.url, "m").chat("hola", 5).text == "HOLA", "http needs none"
    (tmp_path / "nowhere.pem").touch()
    with pytest.raises(ToolchainError, match="cannot be reached"):
        Endpoint("https://localhost:9/v1", "m", pause=0).chat(SECRET, 5)


def test_a_redirect_is_not_followed() -> None:
    with serving(str.upper) as other, serving(str.upper) as server:
        server.failures, server.failure_headers = [307], {"Location": f"{other.url}/chat/completions"}
        with pytest.raises(ToolchainError, match="answered 307"):
            Endpoint(server.url, "m").chat(SECRET, 5)
    assert not other.asked


def test_a_busy_server_is_asked_again() -> None:
    with serving(str.upper) as server:
        server.failures = [429, 503, 408, 529]
        assert Endpoint(server.url, "m", pause=0).chat("hola", 5).text == "HOLA"
    assert len(server.asked) == 5


@pytest.mark.parametrize("status", [401, 404])
def test_a_refusal_is_told_without_the_text(status: int) -> None:
    with serving(str.upper) as server:
        server.failures = [status]
        with pytest.raises(ToolchainError, match=str(status)) as refused:
            Endpoint(server.url, "m", pause=0).chat(SECRET, 5)
    assert SECRET not in str(refused.value)


FILTERED = b'{"error": {"code": "content_filter", "param": "prompt"}}'


@pytest.mark.parametrize(
    ("status", "raw"),
    [
        (400, b""),
        (400, b"[]"),
        (400, FILTERED),
        (400, b'{"error": {"param": 3}}'),
        (400, b'{"error": {"code": "invalid_value", "param": "max_tokens"}}'),
        (413, b""),
        (422, FILTERED),
    ],
)
def test_a_prompt_that_is_refused_is_a_reply_that_says_so(status: int, raw: bytes) -> None:
    """The next one may be answered."""
    with serving(str.upper) as server:
        server.failures, server.raw = [status], raw
        asking = Endpoint(server.url, "m", pause=0)
        assert asking.chat(SECRET, 5) == Reply("", REFUSED)
        server.raw = None
        assert asking.chat("hola", 5).text == "HOLA"
    assert len(server.asked) == 2


@pytest.mark.parametrize("code", ["unsupported_parameter", "unsupported_value"])
def test_a_model_that_wants_other_settings_gets_them(code: str) -> None:
    """As OpenAI's that think: they want the limit under another name, and no temperature."""
    with serving(str.upper) as server:
        server.refusal_code = code
        server.refused_settings = ("max_tokens", "temperature")
        asking = Endpoint(server.url, "m", pause=0)
        assert [asking.chat(text, 5).text for text in ("hola", "adios")] == ["HOLA", "ADIOS"]
        server.refused_settings = ("model",)
        assert asking.chat("hola", 5).finish_reason == REFUSED
    bodies = [body.keys() - {"model", "messages"} for _, body in server.asked]
    assert bodies[:3] == [
        {"max_tokens", "temperature"},
        {"max_completion_tokens", "temperature"},
        {"max_completion_tokens"},
    ]
    assert bodies[3:] == [{"max_completion_tokens"}] * 2


def test_an_answer_that_breaks_off_is_asked_for_again() -> None:
    with serving(str.upper) as server:
        server.broken = 2
        assert Endpoint(server.url, "m", pause=0).chat("hola", 5).text == "HOLA"
        assert len(server.asked) == 3
        server.broken = 9
        with pytest.raises(ToolchainError, match="cannot be reached"):
            Endpoint(server.url, "m", pause=0).chat("hola", 5)


def test_an_answer_that_breaks_off_where_no_length_is_said_is_asked_for_again() -> None:
    with serving(str.upper) as server:
        server.raw = _completion("HOLA")[:-9]
        with pytest.raises(ToolchainError, match="no chat completion"):
            Endpoint(server.url, "m", pause=0).chat("hola", 5)
    assert len(server.asked) == 5


def test_a_server_that_fails_and_fails_is_given_up() -> None:
    with serving(str.upper) as server:
        server.failures = [500] * 9
        with pytest.raises(ToolchainError, match="answered 500 5 times in a row: it is busy or fails"):
            Endpoint(server.url, "m", pause=0).chat(SECRET, 5)
    assert len(server.asked) == 5


@pytest.mark.parametrize("key", ["k\u200b", "k…", "k\n", "k\r\nX-Other: 1"])
def test_a_key_that_is_none_is_refused_and_not_told(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv(KEY_VARIABLE, key)
    with pytest.raises(ToolchainError, match=KEY_VARIABLE) as refused:
        Endpoint("http://127.0.0.1:9/v1", "m")
    assert key not in str(refused.value)


def test_an_address_that_no_host_can_have_is_named() -> None:
    with pytest.raises(ToolchainError, match=f"{'a' * 70}/v1 cannot be reached"):
        Endpoint(f"http://{'a' * 70}/v1", "m", pause=0).chat(SECRET, 5)


@pytest.mark.parametrize("raw", [b"", b"[]", b"<html>", b"null", b"[" * 100_000])
def test_what_is_no_completion_is_refused(raw: bytes) -> None:
    with serving(str.upper) as server:
        server.raw = raw
        with pytest.raises(ToolchainError, match="no chat completion"):
            Endpoint(server.url, "m", pause=0).chat(SECRET, 5)


def test_a_server_that_is_not_there_is_named() -> None:
    with serving(str.upper) as server:
        pass
    with pytest.raises(ToolchainError, match="cannot be reached") as refused:
        Endpoint(server.url, "m", pause=0).chat(SECRET, 5)
    assert server.url in str(refused.value)
    assert SECRET not in str(refused.value)


def test_an_address_is_an_http_address() -> None:
    with pytest.raises(ToolchainError, match="http"):
        Endpoint("localhost:8000", "m")


@pytest.mark.parametrize(
    "url", ["http://me:hunter2@localhost/v1", "me:hunter2@localhost", "http://localhost/v1?key=hunter2"]
)
def test_an_address_holds_no_secret(url: str) -> None:
    """Errors name it."""
    with pytest.raises(ToolchainError, match=KEY_VARIABLE) as refused:
        Endpoint(url, "m")
    assert "hunter2" not in str(refused.value)


def _completion(content: Any, finish_reason: Any = "stop") -> bytes:
    choice = {"message": {"role": "assistant", "content": content}, "finish_reason": finish_reason}
    return json.dumps({"choices": [choice]}).encode()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([{"type": "text", "text": "ho"}, {"type": "image_url"}, {"type": "text", "text": "la"}], "hola"),
        ([], ""),
        (None, ""),
        ("<think>\nThey want </b>.\n</think>\n\nhola", "\n\nhola"),
        (" <think>cut amid the thou", ""),
        ("They want.</think>\n\nhola", "\n\nhola"),
        ("hola <think>x</think>", "hola <think>x</think>"),
        ("<think>a</think>\n<think>b</think>hola", "hola"),
        ("a</think><think>b</think>hola", "hola"),
        ("<Think>a</THINK>hola", "hola"),
    ],
)
def test_a_content_becomes_the_text_that_was_meant(content: Any, text: str) -> None:
    with serving(str.upper) as server:
        server.raw = _completion(content)
        assert Endpoint(server.url, "m").chat("x", 5).text == text


@pytest.mark.parametrize(
    "content", [5, {"text": "x"}, ["x"], [{"type": "text"}], [{"type": "text", "text": 5}], "\ud83d"]
)
def test_a_content_that_is_no_text_is_no_answer(content: Any) -> None:
    with serving(str.upper) as server:
        server.raw = _completion(content)
        assert Endpoint(server.url, "m").chat(SECRET, 5) == Reply("", WITHOUT_TEXT)


@pytest.mark.parametrize(
    "sent", [{}, {"error": {"message": "filtered"}}, {"choices": []}, {"choices": [{"message": 3}]}]
)
def test_an_object_in_place_of_a_completion_is_no_answer(sent: Any) -> None:
    with serving(str.upper) as server:
        server.raw = json.dumps(sent).encode()
        assert Endpoint(server.url, "m").chat(SECRET, 5) == Reply("", WITHOUT_TEXT)


def test_a_cut_answer_is_an_answer_that_says_so() -> None:
    with serving(str.upper) as server:
        server.raw = _completion("1 bec", "length")
        reply = Endpoint(server.url, "m").chat("x", 5)
    assert (reply.text, reply.finish_reason) == ("1 bec", "length")


@pytest.mark.parametrize("reason", [None, "stop", "stop_sequence", "end_turn", "eos", "eos_token"])
def test_an_answer_that_the_model_ended_is_whole(reason: str | None) -> None:
    with serving(str.upper) as server:
        server.raw = _completion("1", reason)
        assert Endpoint(server.url, "m").chat("x", 5).is_whole


@pytest.mark.parametrize("reason", ["length", "content_filter", "error", "abort", "tool_calls", "stop" * 1000, 5])
def test_an_answer_that_something_else_ended_is_not_and_says_so_in_few_words(reason: Any) -> None:
    with serving(str.upper) as server:
        server.raw = _completion("1", reason)
        reply = Endpoint(server.url, "m").chat("x", 5)
    assert not reply.is_whole
    assert str(reason).startswith(reply.finish_reason)
    assert len(reply.finish_reason) <= 40


@pytest.mark.parametrize(
    ("delay", "waits"), [(0.5, "before"), (0.02, "before each header"), (0.5, "amid"), (0.02, "before each byte")]
)
def test_a_server_that_hangs_is_asked_once(delay: float, waits: Waits) -> None:
    with serving(str.upper) as server:
        server.delay, server.waits = delay, waits
        with pytest.raises(ToolchainError, match=r"did not answer within 0\.1 seconds") as refused:
            Endpoint(server.url, "m", pause=0, answer_seconds=0.1).chat(SECRET, 5)
    assert len(server.asked) == 1
    assert SECRET not in str(refused.value)


def test_a_refusal_that_hardly_ends_is_told() -> None:
    with serving(str.upper) as server:
        server.failures, server.raw, server.delay, server.waits = [503] * 5, b" " * 600, 0.2, "before each byte"
        begun = time.monotonic()
        with pytest.raises(ToolchainError, match="answered 503"):
            Endpoint(server.url, "m", pause=0).chat("hola", 5)
    assert len(server.asked) == 5
    assert time.monotonic() - begun < 60, "each takes two minutes to be read to its end"


def test_an_answer_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "_LARGEST_ANSWER_BYTES", 100)
    with serving(str.upper) as server:
        server.raw = b" " * 101 + _completion("HOLA")
        with pytest.raises(ToolchainError, match="more than 100 bytes"):
            Endpoint(server.url, "m", pause=0).chat("hola", 5)


@pytest.mark.parametrize(
    ("asked_for", "pauses"),
    [
        ("", [8, 16, 32, 60]),
        ("20", [20, 20, 32, 60]),
        ("3600", [60] * 4),
        ("Fri, 31 Dec 1999 23:59:59 GMT", [8, 16, 32, 60]),
    ],
)
def test_a_busy_server_is_left_alone_for_longer_each_time_or_as_it_asks_but_a_minute_at_most(
    monkeypatch: pytest.MonkeyPatch, asked_for: str, pauses: list[float]
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(endpoint, "time", SimpleNamespace(sleep=slept.append))
    with serving(str.upper) as server:
        server.failures, server.failure_headers = [429] * 4, {"Retry-After": asked_for}
        assert Endpoint(f"{server.url}/", "m", pause=8).chat("hola", 5).text == "HOLA"
    assert slept == pauses
