"""Text to words: normal form, scripts, light stemming. No vocabulary lives here."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_TOKEN: Final = re.compile(r"\d+|[^\W\d_]+|[,.;:!?、。，；！？…()\n]")
_PUNCTUATION: Final = frozenset(",.;:!?、。，；！？…()\n")
_MARKS: Final = re.compile(r"[\u064b-\u065f\u0670\u0640\u200c\u200d\ufe0f]")
_SPACED: Final = re.compile(r"['’`´\-‐-―_/\"“”«»]+")

_ENDINGS: Final[dict[str, tuple[str, ...]]] = {
    "de": ("innen", "ern", "em", "en", "er", "es", "e", "n", "s"),
    "nl": ("en", "jes", "tje", "je", "e", "s"),
    "fr": ("euses", "euse", "aux", "es", "e", "s", "x"),
    "es": ("ces", "itos", "itas", "ito", "ita", "es", "as", "os", "a", "o", "s", "e"),
    "it": ("hi", "he", "i", "e", "a", "o"),
    "pt": ("ões", "inhos", "inhas", "inho", "inha", "es", "as", "os", "a", "o", "s", "e"),
    "ru": (
        "иями", "ями", "ами", "ого", "его", "ому", "ему", "ыми", "ими", "ая", "яя", "ое", "ее",
        "ые", "ие", "ый", "ий", "ой", "ей", "ую", "юю", "ом", "ем", "ым", "им", "ых", "их", "ах",
        "ях", "ов", "ев", "ам", "ям", "ою", "ею", "а", "я", "о", "е", "ы", "и", "у", "ю", "ь", "й",
    ),
    "tr": (
        "larının", "lerinin", "ların", "lerin", "ları", "leri", "lar", "ler", "ının", "inin",
        "ının", "nın", "nin", "nun", "nün", "ın", "in", "un", "ün", "ndan", "nden", "dan", "den",
        "tan", "ten", "nda", "nde", "da", "de", "ta", "te", "yla", "yle", "ya", "ye", "yı", "yi",
        "yu", "yü", "sı", "si", "su", "sü", "ı", "i", "u", "ü", "a", "e",
    ),
    "ar": ("ات", "ين", "ون", "ان", "ة", "ه", "ي"),
    "fa": ("های", "ها", "ی"),
    "id": ("nya", "kan", "an"),
}  # fmt: skip
_IRREGULAR: Final = {
    "men": "man",
    "women": "woman",
    "children": "child",
    "feet": "foot",
    "teeth": "tooth",
    "knives": "knife",
    "firemen": "fireman",
    "fishermen": "fisherman",
    "leaves": "leaf",
    "oxen": "ox",
    "people": "person",
    "thieves": "thief",
    "snowmen": "snowman",
    "bookshelves": "bookshelf",
}


@lru_cache(maxsize=65_536)
def normal(text: str) -> str:
    """The form that words are kept and looked up in: NFKC, case folded, no hyphens or quotes."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("i̇", "i")
    return " ".join(_SPACED.sub(" ", _MARKS.sub("", folded)).split())


@lru_cache(maxsize=65_536)
def plain(word: str) -> str:
    """Without Latin and Cyrillic diacritics: ``é`` to ``e``, ``ё`` to ``е``."""
    if word.isascii():
        return word
    if script(word) == "cyrillic":
        return word.replace("ё", "е")
    decomposed = unicodedata.normalize("NFD", word)
    kept = "".join(c for c in decomposed if not "\u0300" <= c <= "\u036f")
    return unicodedata.normalize("NFC", kept)


def tokens(text: str) -> list[str]:
    """Words, numbers and single punctuation marks of a text in normal form, in order."""
    return _TOKEN.findall(text)


def is_stop(token: str) -> bool:
    """Whether a token is punctuation, which ends a phrase."""
    return token in _PUNCTUATION


def script(word: str) -> str:
    """``han``, ``kana``, ``hangul``, ``cyrillic``, ``arabic`` or ``latin``: by the first letter."""
    for char in word:
        point = ord(char)
        if 0x3040 <= point <= 0x30FF:
            return "kana"
        if 0x3400 <= point <= 0x9FFF or 0xF900 <= point <= 0xFAFF or point == 0x3005:
            return "han"
        if 0xAC00 <= point <= 0xD7AF:
            return "hangul"
        if 0x0400 <= point <= 0x052F:
            return "cyrillic"
        if 0x0600 <= point <= 0x06FF:
            return "arabic"
    return "latin"


def english_singular(word: str) -> str:
    """The singular of an English noun, by rule; the word itself if it is none."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith("ves"):
        return word[:-3] + "f"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes", "zes", "oes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@lru_cache(maxsize=65_536)
def stem(word: str, language: str) -> str:
    """A word without its ending: equal for most forms of one word. Never shorter than 3 letters."""
    if language == "en":
        return english_singular(word)
    word = plain(word)
    if language == "ar":
        for prefix in ("وال", "بال", "لل", "ال"):
            if word.startswith(prefix) and len(word) - len(prefix) >= 3:
                word = word[len(prefix) :]
                break
    for _ in range(2 if language == "tr" else 1):
        for ending in _ENDINGS.get(language, ()):
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                word = word[: -len(ending)]
                break
    return word


@lru_cache(maxsize=65_536)
def stems(word: str, language: str) -> tuple[str, ...]:
    """A word without each of the endings that it may have, and whole; the likeliest first."""
    best = stem(word, language)
    whole = plain(word)
    found = [best, whole]
    found += [
        whole[: -len(ending)]
        for ending in _ENDINGS.get(language, ())
        if whole.endswith(ending) and len(whole) - len(ending) >= 3
    ]
    return tuple(dict.fromkeys(found))
