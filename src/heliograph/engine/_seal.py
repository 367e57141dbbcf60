"""Content that clients keep for the server and give back as it was: sealed, so nobody can alter it.

A sealed content is base64 of ``HG``, a version, a salt, a nonce and AES-256-GCM's ciphertext with
its tag. The key is derived (HKDF-SHA256) from the server's secret, the salt, and the *binding*:
what the content is for and whose it is, each with its length before it. The binding is the
associated data too. So one that was altered, that another tenant or another server made, or that
stands where another kind belongs does not open; which of these it was is not told.

A key is used once, as the salt is random: no number of sealed contents wears out a secret.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import cached_property

import pybase64
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from heliograph import errors

__all__ = ["MIN_SECRET", "Seal", "Seals", "is_sealed"]

MIN_SECRET = 32
"""Bytes that a secret has at least."""

_MARK = b"HG\x01"
_MARK_TEXT = pybase64.b64encode(_MARK).decode()
_SALT = 16
_NONCE = 12
_TAG = 16
_HEAD = len(_MARK) + _SALT + _NONCE


def is_sealed(text: str) -> bool:
    """Whether a Heliograph sealed this, one or another."""
    return text.startswith(_MARK_TEXT)


class Seals:
    """Seals with one secret. ``secret`` gives its bytes when they are first needed; without one it
    is made here, and what is sealed opens as long as this object lives."""

    def __init__(self, secret: Callable[[], bytes] | None = None) -> None:
        self._given = secret if secret is not None else lambda: secrets.token_bytes(MIN_SECRET)

    @cached_property
    def _secret(self) -> bytes:
        return self._given()

    def of(self, tenant: str) -> Seal:
        """The seal of one tenant."""
        return Seal(self, tenant)

    def cipher(self, salt: bytes, binding: bytes) -> AESGCM:
        """The cipher for one content."""
        derived = HKDF(algorithm=SHA256(), length=32, salt=salt, info=binding)
        return AESGCM(derived.derive(self._secret))


class Seal:
    """Seals and opens what is one tenant's; ``purpose`` says what a content is for."""

    def __init__(self, seals: Seals, tenant: str) -> None:
        self._seals = seals
        self._tenant = tenant

    def _binding(self, purpose: str) -> bytes:
        pieces = (b"heliograph sealed content", purpose.encode(), self._tenant.encode())
        return b"".join(len(piece).to_bytes(4, "big") + piece for piece in pieces)

    def close(self, purpose: str, data: bytes) -> str:
        """Seal ``data``."""
        salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
        binding = self._binding(purpose)
        sealed = self._seals.cipher(salt, binding).encrypt(nonce, data, _MARK + binding)
        return pybase64.b64encode(b"".join((_MARK, salt, nonce, sealed))).decode()

    def open(self, purpose: str, text: str, field: str) -> bytes:
        """What was sealed. Raises ``BadRequest`` (``invalid_encrypted_content``)."""
        try:
            whole = pybase64.b64decode(text, validate=True) if is_sealed(text) else b""
            end = pybase64.b64encode(whole[-(len(whole) % 3 or 3) :]).decode()
            if len(whole) < _HEAD + _TAG or text[-4:] != end:
                raise ValueError
            salt, nonce = whole[len(_MARK) : len(_MARK) + _SALT], whole[_HEAD - _NONCE : _HEAD]
            binding = self._binding(purpose)
            cipher = self._seals.cipher(salt, binding)
            return cipher.decrypt(nonce, memoryview(whole)[_HEAD:], _MARK + binding)
        except (ValueError, InvalidTag):
            raise errors.BadRequest(
                f"{field}: this is no {purpose} that was sealed here for this key; "
                "send it back just as it came, or leave the item out",
                param=field,
                code="invalid_encrypted_content",
            ) from None
