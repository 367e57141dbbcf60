"""Cuts what a prompt asks for into clauses, one for each word that asks (``data/edits.txt``)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from heliograph.providers.image._illustrator import _art, _text
from heliograph.providers.image._illustrator._lexicon import lexicon
from heliograph.providers.image._illustrator._match import matches
from heliograph.providers.image._illustrator._read import read

__all__ = ["Clause", "clauses_of", "words_for"]

_VERB_LAST: Final = frozenset({"ja", "ko", "tr", "fa"})
_GIVE: Final = re.compile(
    r"\bgive (the [^,.]+?|it|him|her|them) (?=(?:an?|some|two|three|four|five|its|his|her|their) )"
)
_ADD_TO: Final = re.compile(
    r"(?<!next)(?<!close)(?<!near)(?<!up) to (?=the (?!left|right|side|top|bottom)|it\b)"
)
_MAKE_IT_A: Final = re.compile(r"\s*(?:it|him|her)(?= an? )")


@dataclass(slots=True)
class Clause:
    """What is asked: ``op`` is add, remove, replace, change or empty; ``text`` the other words,
    ``into`` what it becomes; ``marks`` (bigger, more, ...) were taken out of the text."""

    op: str
    text: str
    language: str | None = None
    into: str = ""
    marks: set[str] = field(default_factory=set)


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, set[str]]]:
    """Operation to its words, each with the languages that have it."""
    table: dict[str, dict[str, set[str]]] = {}
    name = ""
    for line in _art.lines("edits.txt"):
        if line.startswith("["):
            name = line.strip("[]")
            continue
        language, _, rest = line.partition(":")
        for word in filter(None, map(_text.normal, rest.split(","))):
            table.setdefault(name, {}).setdefault(word, set()).add(language)
    return table


@lru_cache(maxsize=1)
def words_for() -> dict[str, re.Pattern[str]]:
    """Each operation's words, of all languages, the longest first."""
    return {op: _pattern(list(words)) for op, words in _table().items()}


def _language(asked: list[tuple[str, str]]) -> str | None:
    """The language that the words of ``asked`` (operation, word) tell; None where they do not."""
    common: set[str] | None = None
    for op, word in asked:
        languages = _table()[op].get(word, set())
        common = languages if common is None else common & languages
    return next(iter(common)) if common and len(common) == 1 else None


def _pattern(words: list[str]) -> re.Pattern[str]:
    spaced: list[str] = []
    dense: list[str] = []
    for word in sorted(set(words), key=lambda w: (-len(w), w)):
        dense_script = _text.script(word[0]) in ("han", "kana", "hangul")
        (dense if dense_script else spaced).append(re.escape(word))
    parts = [rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)"] if spaced else []
    return re.compile("|".join([*parts, *dense]))


def clauses_of(prompt: str) -> list[Clause]:
    words = words_for()
    found: list[Clause] = []
    for sentence in re.split(r"[.;!?\n。！？；]+", prompt):
        text = _text.normal(sentence)
        text = words["picture"].sub(" ", text)
        text = _GIVE.sub(r"change \1 with ", text)
        if not text.strip():
            continue
        places = [
            (match.start(), match.end(), op)
            for op in ("add", "remove", "replace", "change")
            for match in words[op].finditer(text)
        ]
        places = _apart(sorted(places))
        language = _language([(op, text[start:end]) for start, end, op in places])
        if language is None and places:
            language = matches(text, lexicon())[0]
        found += _cut(text, places, language)
    return found


def _apart(places: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Without those inside another one."""
    kept: list[tuple[int, int, str]] = []
    for place in places:
        if not kept or place[0] >= kept[-1][1]:
            kept.append(place)
        elif place[1] > kept[-1][1]:
            kept[-1] = place
    return kept


def _cut(text: str, places: list[tuple[int, int, str]], language: str | None) -> list[Clause]:
    if not places:
        return [_clause("", text, None)]
    if language in _VERB_LAST:
        starts = [0, *(end for _, end, _ in places)]
        cut = [
            _clause(op, text[begin:start], language)
            for begin, (start, _, op) in zip(starts, places, strict=False)
        ]
        rest = text[starts[-1] :]
    else:
        ends = [*(start for start, _, _ in places[1:]), len(text)]
        cut = [
            _clause(op, text[at:end], language)
            for (_, at, op), end in zip(places, ends, strict=True)
        ]
        rest = text[: places[0][0]]
    return [_clause("", rest, language), *cut] if re.search(r"\w", rest) else cut


def _clause(op: str, text: str, language: str | None) -> Clause:
    words = words_for()
    clause = Clause(op, text, language)
    for mark in ("bigger", "smaller", "more", "grey"):
        if words[mark].search(clause.text):
            clause.marks.add(mark)
            clause.text = words[mark].sub(" ", clause.text)
    if op == "add":
        clause.text = _ADD_TO.sub(" on ", clause.text)
    became = _MAKE_IT_A.match(clause.text) if op == "change" else None
    if became is not None and read(clause.text[became.end() :], language).things:
        clause.text, clause.into = clause.text[: became.end()], clause.text[became.end() :]
    elif op in ("replace", "change"):
        parts = words["with" if op == "replace" else "into"].split(clause.text, maxsplit=1)
        if len(parts) == 2 and (op == "replace" or read(parts[1], language).things):
            clause.text, clause.into = parts
    return clause
