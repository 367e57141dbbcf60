"""Sealed content: what opens it, and everything that does not."""

from __future__ import annotations

import pybase64
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph import errors
from heliograph.engine import Seals
from heliograph.engine._seal import Seal, is_sealed

SECRET = b"a secret of thirty-two bytes and more"
SEALS = Seals(lambda: SECRET)
MINE = SEALS.of("mine")


def refused(seal: Seal, purpose: str, text: str) -> errors.BadRequest:
    with pytest.raises(errors.BadRequest) as caught:
        seal.open(purpose, text, "input[3].encrypted_content")
    assert caught.value.code == "invalid_encrypted_content"
    assert caught.value.param == "input[3].encrypted_content"
    assert caught.value.message.startswith("input[3].encrypted_content: ")
    return caught.value


@given(st.binary(max_size=200), st.text(max_size=20), st.sampled_from(["reasoning", "compaction"]))
def test_what_was_sealed_opens_again(data: bytes, tenant: str, purpose: str) -> None:
    seal = SEALS.of(tenant.encode(errors="replace").decode())
    text = seal.close(purpose, data)
    assert is_sealed(text)
    assert len(text) == (47 + len(data) + 2) // 3 * 4
    assert seal.open(purpose, text, "x") == data


def test_the_same_secret_opens_it_elsewhere() -> None:
    text = MINE.close("compaction", b"words")
    assert Seals(lambda: SECRET).of("mine").open("compaction", text, "x") == b"words"


def test_nothing_of_it_can_be_read_and_no_two_are_alike() -> None:
    texts = {MINE.close("compaction", b"words" * 20) for _ in range(20)}
    assert len(texts) == 20
    assert all(b"words" not in pybase64.b64decode(text) for text in texts)


def test_another_tenant_s_another_server_s_and_another_kind_do_not_open() -> None:
    text = MINE.close("compaction", b"words")
    said = {
        refused(seal, purpose, text).message.replace("reasoning", "compaction")
        for seal, purpose in (
            (SEALS.of("yours"), "compaction"),
            (SEALS.of(""), "compaction"),
            (Seals(lambda: SECRET + b"!").of("mine"), "compaction"),
            (Seals().of("mine"), "compaction"),
            (MINE, "reasoning"),
        )
    }
    assert len(said) == 1, "which of these it was cannot be told"


def test_the_pieces_of_a_binding_cannot_be_shifted() -> None:
    text = SEALS.of("ab").close("c", b"words")
    refused(SEALS.of("b"), "ca", text)
    refused(SEALS.of("bc"), "a", text)


def test_one_altered_anywhere_does_not_open() -> None:
    whole = pybase64.b64decode(MINE.close("reasoning", b"a thought"))
    for at in range(len(whole)):
        for bit in (0, 3, 7):
            altered = bytearray(whole)
            altered[at] ^= 1 << bit
            refused(MINE, "reasoning", pybase64.b64encode(bytes(altered)).decode())


def test_one_cut_short_or_drawn_out_does_not_open() -> None:
    text = MINE.close("reasoning", b"two by four")
    for size in range(len(text)):
        refused(MINE, "reasoning", text[:size])
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".index(text[-3])
    assert text[-2:] == "==", "its last character has bits to spare"
    spare = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[last ^ 1]
    refused(MINE, "reasoning", text[:-3] + spare + "==")
    for more in ("=", "A", "AAAA", " ", "\n"):
        refused(MINE, "reasoning", text + more)


@given(st.text(max_size=80))
def test_any_text_opens_or_is_refused_by_name(text: str) -> None:
    refused(MINE, "reasoning", text)


@given(st.binary(max_size=80))
def test_any_bytes_behind_the_mark_are_refused_by_name(data: bytes) -> None:
    refused(MINE, "reasoning", pybase64.b64encode(b"HG\x01" + data).decode())


def test_the_secret_is_asked_for_once_and_not_before_it_is_needed() -> None:
    asked: list[int] = []

    def secret() -> bytes:
        asked.append(1)
        return SECRET

    seals = Seals(secret)
    seal = seals.of("mine")
    refused(seal, "reasoning", "no sealed content at all")
    assert asked == []
    assert seals.of("mine").open("reasoning", seal.close("reasoning", b"x"), "x") == b"x"
    assert asked == [1]
