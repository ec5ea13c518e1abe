"""Signatures: what is signed checks with its key and with nothing else, and keys are minisign's."""

import base64
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolchain.bundle import signing
from toolchain.bundle.signing import PublicKey, SecretKey
from toolchain.errors import ToolchainError
from toolchain.tests.refusals import refusal_of

# Made by minisign 0.11 (`minisign -G -W`) for these tests alone.
SECRET = """untrusted comment: minisign encrypted secret key
RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAmIR+cQD8RDuM4b6Ws8YP0+UR+5qb2ammCPadbvKVacZpCpnYcztXGQBs5mMNRpz/KEhZxsssbwteRNmV9eCNzOnXrj2jV0jqAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
"""
PUBLIC = """untrusted comment: minisign public key 3B44FC00717E8498
RWSYhH5xAPxEOwBs5mMNRpz/KEhZxsssbwteRNmV9eCNzOnXrj2jV0jq
"""
SIGNATURE = """untrusted comment: signature from minisign secret key
RUSYhH5xAPxEO7Kh3R+0t7Xv1RAL87ZG0kbCQJ74LKbYVmQP58ccBGV1TtbDhxWeo+fgqp1/STO87riONTD1gs7e9Dftn8TuqQs=
trusted comment: timestamp:1795684576\tfile:m\thashed
IhIyt0GLlZJmsaN1zSXpeyNqoH5+ljj83z3f0UtFR4+47JZNRQpqCOzMQn+zFSqSgvWPndBUEdBi8b0uCvqLDw==
"""
MESSAGE = b'{"a":1}'

comments = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=40)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signing")


@pytest.fixture(scope="module")
def secret(folder: Path) -> Path:
    path = folder / "minisign.key"
    path.write_text(SECRET, encoding="utf-8")
    return path


def _no_password() -> str:
    raise AssertionError("a key that is not encrypted needs no password")


def _refusal(read: type[PublicKey] | type[SecretKey], path: Path) -> str:
    message = refusal_of(
        lambda: PublicKey.read(path) if read is PublicKey else SecretKey.read(path, lambda: "password")
    )
    assert str(path) in message
    return message


def test_a_key_and_a_signature_of_the_ordinary_tool_are_read(folder: Path, secret: Path) -> None:
    key = SecretKey.read(secret, _no_password)
    (folder / "minisign.pub").write_text(PUBLIC, encoding="utf-8")
    public = PublicKey.read(folder / "minisign.pub")
    assert public.text() == key.public_key().text() == PUBLIC
    (folder / "theirs.minisig").write_text(SIGNATURE, encoding="utf-8")
    public.check(MESSAGE, folder / "theirs.minisig")
    with pytest.raises(ToolchainError, match="theirs"):
        public.check(MESSAGE + b" ", folder / "theirs.minisig")


def _crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


@pytest.mark.parametrize(
    "signature",
    [_crlf(SIGNATURE), SIGNATURE.rstrip("\n"), SIGNATURE + "\nmore\n", SIGNATURE.replace("untrusted comment: ", "", 1)],
)
@pytest.mark.parametrize("public", [PUBLIC, _crlf(PUBLIC), PUBLIC.split("\n")[1], f"\n{PUBLIC.split(chr(10))[1]}\r\n"])
def test_what_the_device_core_reads_is_read(tmp_path: Path, signature: str, public: str) -> None:
    (tmp_path / "key.pub").write_bytes(public.encode())
    (tmp_path / "m.minisig").write_bytes(signature.encode())
    PublicKey.read(tmp_path / "key.pub").check(MESSAGE, tmp_path / "m.minisig")


def test_a_line_break_within_a_signed_comment_is_no_end_of_a_line(tmp_path: Path, secret: Path) -> None:
    (tmp_path / "m.minisig").write_bytes(SIGNATURE.replace("hashed", "hashed\r").encode())
    with pytest.raises(ToolchainError, match="minisig"):
        SecretKey.read(secret, _no_password).public_key().check(MESSAGE + b" ", tmp_path / "m.minisig")


@given(message=st.binary(max_size=200), comment=comments, data=st.data())
def test_a_signature_checks_until_a_byte_of_anything_changes(
    folder: Path, secret: Path, message: bytes, comment: str, data: st.DataObject
) -> None:
    key, path = SecretKey.read(secret, _no_password), folder / "any.minisig"
    key.sign(message, path, comment)
    key.public_key().check(message, path)
    written = path.read_bytes()
    key.sign(message, path, comment)
    assert path.read_bytes() == written
    with pytest.raises(ToolchainError):
        key.public_key().check(message + b"\0", path)
    with pytest.raises(ToolchainError):
        SecretKey.make().public_key().check(message, path)
    # The untrusted comment may be anything; the rest counts to the last bit that base64 holds.
    start = written.index(b"\n") + 1
    position = data.draw(st.integers(start, len(written) - 2))
    path.write_bytes(written[:position] + bytes([written[position] ^ 1]) + written[position + 1 :])
    if _decoded(path) != _decoded_bytes(written):
        with pytest.raises(ToolchainError):
            key.public_key().check(message, path)


def _decoded(path: Path) -> object:
    return _decoded_bytes(path.read_bytes())


def _decoded_bytes(written: bytes) -> object:
    """What a signature file says: base64 has spare bits at its end, which say nothing."""
    try:
        _, signature, comment, both, end = written.split(b"\n")
        return base64.b64decode(signature, validate=True), comment, base64.b64decode(both, validate=True), end
    except ValueError:
        return None


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_as_key_or_signature(folder: Path, secret: Path, content: bytes) -> None:
    path = folder / "junk"
    path.write_bytes(content)
    _refusal(PublicKey, path)
    _refusal(SecretKey, path)
    with pytest.raises(ToolchainError, match="junk"):
        SecretKey.read(secret, _no_password).public_key().check(b"", path)


@given(st.binary(min_size=158, max_size=158), st.sampled_from([b"Ed\0\0B2", b"EdScB2", b"EdScB3", b"EDScB2"]))
def test_a_key_file_of_the_right_length_is_refused_without_an_effort(folder: Path, content: bytes, head: bytes) -> None:
    # Random limits for scrypt are far from minisign's: nothing is computed.
    path = folder / "junk.key"
    path.write_text(f"untrusted comment: x\n{base64.b64encode(head + content[6:]).decode()}\n", encoding="utf-8")
    _refusal(SecretKey, path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "missing" in _refusal(PublicKey, tmp_path / "none.pub")
    assert "missing" in _refusal(SecretKey, tmp_path / "none.key")
    with pytest.raises(ToolchainError, match="not signed"):
        SecretKey.make().public_key().check(b"", tmp_path / "none.minisig")


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """minisign's limits take a GiB and seconds; the way is the same with less."""
    monkeypatch.setattr(signing, "_OPERATIONS", 1 << 17)
    monkeypatch.setattr(signing, "_MEMORY", 1 << 22)


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("password", [None, "pässword", "caf\udce9"])
def test_a_key_is_read_as_it_was_written(tmp_path: Path, password: str | None) -> None:
    key, path = SecretKey.make(), tmp_path / "own.key"
    key.write(path, password)
    assert path.stat().st_mode & 0o777 == 0o600
    found = SecretKey.read(path, lambda: password or _no_password())
    assert found.public_key().text() == key.public_key().text()
    with pytest.raises(ToolchainError, match="overwritten"):
        SecretKey.make().write(path, None)
    if password:
        assert key.key.private_bytes_raw() not in base64.b64decode(path.read_text(encoding="utf-8").split("\n")[1])
        with pytest.raises(ToolchainError, match="password"):
            SecretKey.read(path, lambda: "another")


@pytest.mark.parametrize(
    ("operations", "memory", "costs"),
    # From libsodium's crypto_pwhash_scryptsalsa208sha256: SENSITIVE (minisign's), INTERACTIVE, and what its least limits give.
    [(1 << 25, 1 << 30, (1 << 20, 1)), (1 << 19, 1 << 24, (1 << 14, 1)), (1 << 15, 1 << 24, (1 << 10, 1))],
)
def test_scrypt_costs_are_libsodiums(operations: int, memory: int, costs: tuple[int, int]) -> None:
    assert signing._scrypt_costs(operations, memory) == costs


@settings(max_examples=20)
@given(position=st.integers(54, 125), bit=st.integers(0, 7))
def test_a_damaged_key_that_is_not_encrypted_is_refused_or_another_id(
    folder: Path, secret: Path, position: int, bit: int
) -> None:
    content = bytearray(base64.b64decode(secret.read_text(encoding="utf-8").split("\n")[1]))
    content[position] ^= 1 << bit
    path = folder / "damaged.key"
    path.write_text(f"untrusted comment: x\n{base64.b64encode(content).decode()}\n", encoding="utf-8")
    if position < 62:  # The id is a name: it is nobody's to check.
        assert SecretKey.read(path, _no_password).id != SecretKey.read(secret, _no_password).id
    else:
        assert "damaged" in _refusal(SecretKey, path)
