"""A prompt's words to their senses: the language is guessed, the longest known phrase wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from heliograph.providers.image._illustrator import _text
from heliograph.providers.image._illustrator._lexicon import Lexicon, Sense
from heliograph.providers.image._illustrator._limits import MAX_PHRASE_WORDS, MAX_PROMPT_CHARS

__all__ = ["Match", "guess_language", "matches"]

_GENERAL: Final = frozenset({"thing", "place", "weather", "time", "season", "colour"})
_LATIN: Final = ("en", "de", "fr", "es", "it", "pt", "nl", "tr", "id")
_CJK: Final = frozenset({"han", "kana", "hangul"})
_LONGEST_CJK: Final = 12
_KO_PARTICLES: Final = frozenset(
    [
        "이",
        "가",
        "은",
        "는",
        "을",
        "를",
        "의",
        "에",
        "에서",
        "로",
        "으로",
        "와",
        "과",
        "도",
        "들",
        "들이",
        "들은",
        "들을",
        "속",
        "위",
        "아래",
        "옆",
        "앞",
        "뒤",
        "안",
        "밑",
        "한",
        "이다",
        "처럼",
        "만",
        "까지",
        "위에",
        "위의",
        "아래의",
        "아래",
        "속의",
        "안의",
    ]
)
_EMOJI_JOINERS: Final = frozenset("\u200d\ufe0f")


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase of the prompt: its senses (none when unknown), and whether it was a plural.

    ``stop`` is True for punctuation. ``joined`` is True when it follows the match before it with
    nothing between.
    """

    text: str
    senses: tuple[Sense, ...] = ()
    plural: bool = False
    stop: bool = False

    def has(self, kind: str) -> bool:
        """Whether one of the senses is of a kind."""
        return any(sense.kind == kind for sense in self.senses)

    def value(self, kind: str) -> str:
        """The value of the first sense of a kind, or an empty string."""
        return next((s.value for s in self.senses if s.kind == kind), "")


def guess_language(words: list[str], book: Lexicon) -> str:
    """The language a prompt is most likely in, by its scripts and its most common words."""
    scripts = [_text.script(word) for word in words if not _text.is_stop(word)]
    if any("\u3040" <= char <= "\u30ff" for word in words for char in word):
        return "ja"
    for name, language in (("hangul", "ko"), ("han", "zh"), ("cyrillic", "ru")):
        if scripts.count(name) * 2 >= max(1, len(scripts)):
            return language
    if scripts.count("arabic") * 2 >= max(1, len(scripts)):
        return "fa" if any(c in "پچژگکی" for word in words for c in word) else "ar"
    best, best_score = "en", 0.0
    for language in _LATIN:
        score = 0.6 if language == "en" else 0.0
        for word in words:
            senses = book.exact(language, word)
            if senses:
                function = senses[0].kind in ("filler", "rel", "and", "number", "not")
                score += 1.3 if function else 1.0
            elif len(word) > 3 and book.near(language, word):
                score += 0.7
        if score > best_score:
            best, best_score = language, score
    return best


def _glyphs(text: str, book: Lexicon) -> list[str | Match]:
    """Cuts emoji out of a text: runs of other text as they are, emoji as matches."""
    pieces: list[str | Match] = []
    run: list[str] = []
    i = 0
    while i < len(text):
        found = None
        if ord(text[i]) > 0x2190:
            for size in range(min(10, len(text) - i), 0, -1):
                sense = book.glyphs.get(text[i : i + size].replace("\ufe0f", ""))
                if sense:
                    found = Match(text[i : i + size], (sense,))
                    break
        if found is None:
            run.append(text[i])
            i += 1
            continue
        if run:
            pieces.append("".join(run))
            run = []
        pieces.append(found)
        i += len(found.text)
        while i < len(text) and text[i] in _EMOJI_JOINERS:
            i += 1
    if run:
        pieces.append("".join(run))
    return pieces


def _lookup(phrase: str, language: str, book: Lexicon) -> tuple[tuple[Sense, ...], bool]:
    for name in dict.fromkeys((language, "en")):
        senses = book.exact(name, phrase)
        if senses:
            return senses, False
        if len(phrase) > 2:
            senses = book.near(name, phrase)
            if senses and (name == "en" or len(phrase) > 3):
                return senses, name == "en"
    if len(phrase) >= 4:
        folded = _text.plain(phrase)
        for name in book.tables:
            senses = book.exact(name, phrase) or book.exact(name, folded)
            if senses and senses[0].kind in _GENERAL:
                return senses, False
    return (), False


def _is_plural(phrase: str, senses: tuple[Sense, ...], book: Lexicon) -> bool:
    """Whether an English phrase is the plural of another one with the same meaning."""
    one = " ".join(_text.english_singular(word) for word in phrase.split(" "))
    return one != phrase and senses[0] in book.exact("en", one)


def _compound(word: str, language: str, book: Lexicon) -> tuple[Match, ...]:
    """A German or Dutch compound as its known parts, the last one first in meaning."""
    if language not in ("de", "nl") or len(word) < 8:
        return ()
    for cut in range(3, len(word) - 2):
        tail, _ = _lookup(word[cut:], language, book)
        if tail and tail[0].kind in _GENERAL:
            head, _ = _lookup(word[:cut].removesuffix("s") or word[:cut], language, book)
            if head and head[0].kind in ("place", "weather", "time", "season", "colour"):
                return (Match(word[:cut], head), Match(word[cut:], tail))
            if cut >= 4:
                return (Match(word, tail),)
    return ()


def _spaced(words: list[str], language: str, book: Lexicon) -> list[Match]:
    found: list[Match] = []
    i = 0
    while i < len(words):
        if _text.is_stop(words[i]):
            found.append(Match(words[i], stop=True))
            i += 1
            continue
        if words[i].isdigit():
            number = str(min(int(words[i][:4]), 99))
            found.append(Match(words[i], (Sense("number", number),)))
            i += 1
            continue
        if _text.script(words[i]) in _CJK:
            found.extend(_dense(words[i], language, book))
            i += 1
            continue
        for size in range(min(MAX_PHRASE_WORDS, len(words) - i), 0, -1):
            part = words[i : i + size]
            if any(_text.is_stop(word) for word in part):
                continue
            phrase = " ".join(part)
            senses, plural = _lookup(phrase, language, book)
            if senses:
                plural = plural or _is_plural(phrase, senses, book)
                found.append(Match(phrase, senses, plural=plural))
                i += size
                break
        else:
            found.extend(_compound(words[i], language, book) or (Match(words[i]),))
            i += 1
    return found


def _dense(run: str, language: str, book: Lexicon) -> list[Match]:
    """Longest match over a run of letters with no spaces between words."""
    order = dict.fromkeys((language, "ja", "zh", "ko"))
    found: list[Match] = []
    unknown = ""
    i = 0
    while i < len(run):
        for size in range(min(_LONGEST_CJK, len(run) - i), 0, -1):
            part = run[i : i + size]
            senses: tuple[Sense, ...] = ()
            for name in order:
                if name != language and (size == 1 or language == "ko"):
                    continue
                senses = book.exact(name, part)
                if senses:
                    break
            rest = run[i + size :]
            if (
                senses
                and language == "ko"
                and size == 1
                and senses[0].kind not in ("filler", "rel")
            ):
                fits = (
                    not rest
                    or rest in _KO_PARTICLES
                    or any(rest.startswith(p) for p in ("들", "의", "에"))
                )
                if i > 0 or not fits:
                    senses = ()
            if senses:
                if unknown:
                    found.append(Match(unknown))
                    unknown = ""
                found.append(Match(part, senses))
                i += size
                break
        else:
            unknown += run[i]
            i += 1
    if unknown:
        found.append(Match(unknown))
    return found


def _korean(words: list[str], book: Lexicon) -> list[Match]:
    found: list[Match] = []
    i = 0
    while i < len(words):
        if i + 1 < len(words):
            pair = f"{words[i]} {words[i + 1]}"
            senses = book.exact("ko", pair)
            if senses:
                found.append(Match(pair, senses))
                i += 2
                continue
        if _text.script(words[i]) == "hangul":
            found.extend(_dense(words[i], "ko", book))
        else:
            found.extend(_spaced([words[i]], "ko", book))
        i += 1
    return found


def matches(prompt: str, book: Lexicon, language: str | None = None) -> tuple[str, list[Match]]:
    """The language of a prompt and its phrases in order. Reads ``MAX_PROMPT_CHARS`` characters.

    ``language`` is what it is known to be in; else it is guessed.
    """
    pieces = _glyphs(prompt[:MAX_PROMPT_CHARS], book)
    texts = [_text.tokens(_text.normal(p)) for p in pieces if isinstance(p, str)]
    if language is None:
        language = guess_language([word for words in texts for word in words], book)
    found: list[Match] = []
    for piece in pieces:
        if isinstance(piece, Match):
            found.append(piece)
            continue
        words = _text.tokens(_text.normal(piece))
        found.extend(_korean(words, book) if language == "ko" else _spaced(words, language, book))
    return language, found
