"""Signatures in minisign's format (https://jedisct1.github.io/minisign/): the ordinary tool makes the keys and can check what is signed.

Signatures are prehashed (`ED`: Ed25519 over BLAKE2b-512), the only kind that the device core accepts, and carry no date, so that signing
again gives the same bytes. What it accepts is accepted here: CRLF at the end of lines, any untrusted comment, anything after the last line.
"""

import base64
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from toolchain.errors import ToolchainError
from toolchain.plain_files import read_plain
from toolchain.whole_file import write_text_whole

_KEY, _PREHASHED, _CHECKSUM = b"Ed", b"ED", b"B2"
_SCRYPT, _NOT_ENCRYPTED = b"Sc", b"\0\0"
_KEY_ID_BYTES, _SALT_BYTES, _SIGNATURE_BYTES = 8, 32, 64
_HEADER_BYTES, _SECRET_BYTES = 54, 104
_OPERATIONS, _MEMORY = 1 << 25, 1 << 30
"""minisign's own limits for scrypt: no key needs more, and a file that asks for more is refused."""
_MAX_SIGNATURE_BYTES = 64 << 10
_UNTRUSTED, _TRUSTED = "untrusted comment: ", "trusted comment: "


@dataclass(frozen=True)
class PublicKey:
    """Who signed: 8 bytes that name the key, and the key."""

    id: bytes
    key: Ed25519PublicKey

    @classmethod
    def read(cls, path: Path) -> "PublicKey":
        """Read a `.pub` file, or its base64 line alone.

        Raises:
            ToolchainError: it is missing or no minisign public key.
        """
        content = _decoded(path, "public key")
        if len(content) != 42 or content[:2] not in (_KEY, _PREHASHED):
            raise ToolchainError(f"{path} is no minisign public key: give the .pub file that minisign wrote")
        return cls(content[2:10], Ed25519PublicKey.from_public_bytes(content[10:]))

    def text(self) -> str:
        """The content of a `.pub` file."""
        content = _KEY + self.id + self.key.public_bytes_raw()
        return f"{_UNTRUSTED}minisign public key {self.id[::-1].hex().upper()}\n{_encoded(content)}\n"

    def check(self, message: bytes, path: Path) -> None:
        """Check that the signature file `path` is this key's and of `message`.

        Raises:
            ToolchainError: it is missing, damaged, another key's, or of another message.
        """
        try:
            text = read_plain(path, _MAX_SIGNATURE_BYTES).decode()
            _untrusted, signed, trusted, both = text.replace("\r\n", "\n").split("\n")[:4]
            content, over_both = base64.b64decode(signed, validate=True), base64.b64decode(both, validate=True)
        except FileNotFoundError:
            raise ToolchainError(f"{path} is missing: the bundle is not signed; export it with --sign") from None
        except (ValueError, OSError):
            raise ToolchainError(f"{path} is no minisign signature: sign the bundle again") from None
        signature, comment = content[10:], trusted.removeprefix(_TRUSTED)
        well_formed = comment != trusted and len(signature) == _SIGNATURE_BYTES
        if not well_formed or content[:2] != _PREHASHED or content[2:10] != self.id:
            raise ToolchainError(f"{path} is no prehashed signature by this key: check the key, or sign again")
        try:
            self.key.verify(signature, _prehash(message))
            self.key.verify(over_both, signature + comment.encode())
        except InvalidSignature:
            raise ToolchainError(f"{path} does not belong to what it lies beside: export the bundle again") from None


@dataclass(frozen=True)
class SecretKey:
    """What signs."""

    id: bytes
    key: Ed25519PrivateKey

    @classmethod
    def make(cls) -> "SecretKey":
        """A new one."""
        return cls(os.urandom(_KEY_ID_BYTES), Ed25519PrivateKey.generate())

    @classmethod
    def read(cls, path: Path, password: Callable[[], str]) -> "SecretKey":
        """Read a secret key file; `password` is asked for one that is encrypted.

        Raises:
            ToolchainError: it is missing, no minisign secret key, or the password is wrong.
        """
        content = _decoded(path, "secret key")
        header, secret = content[:_HEADER_BYTES], content[_HEADER_BYTES:]
        derivation, checksum = header[2:4], header[4:6]
        known = header[:2] == _KEY and derivation in (_SCRYPT, _NOT_ENCRYPTED) and checksum == _CHECKSUM
        if not known or len(secret) != _SECRET_BYTES:
            raise ToolchainError(f"{path} is no minisign secret key: give the .key file that minisign wrote")
        if derivation == _SCRYPT:
            secret = _masked(path, secret, header[6:], password())
            if secret[72:] != _key_checksum(secret[:72]):
                raise ToolchainError(f"{path} cannot be used: the password is wrong, or the file is damaged")
        key = Ed25519PrivateKey.from_private_bytes(secret[8:40])
        if key.public_key().public_bytes_raw() != secret[40:72]:
            raise ToolchainError(f"{path} cannot be used: its public half is not that of its secret, it is damaged")
        return cls(secret[:8], key)

    def write(self, path: Path, password: str | None) -> None:
        """Write a secret key file that only its owner may read, encrypted where there is a password.

        Raises:
            ToolchainError: a file is there: a key that is overwritten is lost.
        """
        secret = self.id + self.key.private_bytes_raw() + self.key.public_key().public_bytes_raw()
        if password:
            costs = b"".join(number.to_bytes(8, "little") for number in (_OPERATIONS, _MEMORY))
            parameters = os.urandom(_SALT_BYTES) + costs
            masked = _masked(path, secret + _key_checksum(secret), parameters, password)
            content = _KEY + _SCRYPT + _CHECKSUM + parameters + masked
        else:
            # minisign leaves parameters and checksum empty here.
            content = _KEY + _NOT_ENCRYPTED + _CHECKSUM + bytes(48) + secret + bytes(32)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise ToolchainError(f"{path} is there: a key that is overwritten is lost, give another name") from None
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(f"{_UNTRUSTED}minisign secret key\n{_encoded(content)}\n")

    def public_key(self) -> PublicKey:
        """The key that checks what this one signs."""
        return PublicKey(self.id, self.key.public_key())

    def sign(self, message: bytes, path: Path, comment: str) -> None:
        """Write the signature file `path` of `message`; `comment` is signed with it."""
        signature = self.key.sign(_prehash(message))
        over_both = self.key.sign(signature + comment.encode())
        lines = [
            f"{_UNTRUSTED}signature from minisign secret key",
            _encoded(_PREHASHED + self.id + signature),
            f"{_TRUSTED}{comment}",
            _encoded(over_both),
        ]
        write_text_whole(path, "\n".join(lines) + "\n")


def _prehash(message: bytes) -> bytes:
    return hashlib.blake2b(message).digest()


def _key_checksum(secret: bytes) -> bytes:
    """Of the key's id and both of its halves."""
    return hashlib.blake2b(_KEY + secret, digest_size=32).digest()


def _masked(path: Path, secret: bytes, parameters: bytes, password: str) -> bytes:
    """`secret` XOR the key that scrypt derives: this encrypts and decrypts. `parameters` are salt, operations and memory."""
    salt = parameters[:_SALT_BYTES]
    operations, memory = (int.from_bytes(parameters[at : at + 8], "little") for at in (32, 40))
    if not 1 << 15 <= operations <= _OPERATIONS or not 1 << 20 <= memory <= _MEMORY:
        raise ToolchainError(f"{path} asks for more or less work on its password than minisign does: it is damaged")
    cost, parallel = _scrypt_costs(operations, memory)
    limit = memory + (32 << 20)
    stream = hashlib.scrypt(os.fsencode(password), salt=salt, n=cost, r=8, p=parallel, maxmem=limit, dklen=len(secret))
    return bytes(one ^ other for one, other in zip(secret, stream, strict=True))


def _scrypt_costs(operations: int, memory: int) -> tuple[int, int]:
    """N and p for r = 8, as libsodium's crypto_pwhash_scryptsalsa208sha256 chooses them."""
    if operations < memory // 32:
        return _power_above_half(operations // 32), 1
    cost = _power_above_half(memory // 1024)
    return cost, min(operations // 4 // cost, 0x3FFFFFFF) // 8


def _power_above_half(limit: int) -> int:
    """The least power of two, from 2 on, above limit / 2."""
    power = 2
    while power <= limit // 2:
        power *= 2
    return power


def _decoded(path: Path, what: str) -> bytes:
    """The base64 line of a key file: its second, after the comment, or its only one."""
    try:
        lines = path.read_text(encoding="utf-8").strip().split("\n")
        return base64.b64decode(lines[:2][-1].strip(), validate=True)
    except FileNotFoundError:
        raise ToolchainError(f"{path} is missing: give a minisign {what}") from None
    except (ValueError, OSError):
        raise ToolchainError(f"{path} is no minisign {what}: give the file that minisign wrote") from None


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()
