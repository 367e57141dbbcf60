"""What words mean: built once, on first use, from the tables here and the `emoji` package.

Sources of words, the first to know one wins: ``data/words.txt`` (meanings in many languages),
``data/things.txt`` (English names of what can be drawn), then the names and aliases in every
language that `emoji` has. A meaning is a `Sense`: its kind (``thing``, ``colour``, ``place``, ...)
and value (an art id, a colour's name, ...).
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from heliograph.providers.image._illustrator import _art, _text

__all__ = ["Kind", "Lexicon", "Sense", "kind_of", "lexicon"]

_LOCK = threading.Lock()
_CONJUNCTION: Final = {
    "de": " und ", "fr": " et ", "es": " y ", "it": " e ", "pt": " e ", "ru": " и ",
    "tr": " ve ", "ar": " و", "id": " dan ", "ja": "と", "ko": "와 ", "zh": "和", "fa": " و ",
}  # fmt: skip
_FACE: Final = {
    "de": re.compile(r"(?:gesicht|kopf)$"),
    "fr": re.compile(r"^(?:tête|face|visage) d(?:e |u |e l )?"),
    "es": re.compile(r"^(?:cara|rostro) de "),
    "it": re.compile(r"^(?:muso|faccina|faccia) d(?:i |el |ella )"),
    "pt": re.compile(r"^(?:rosto|cara|focinho) de "),
    "ru": re.compile(r"^(?:морда|лицо) "),
    "tr": re.compile(r" (?:yüzü|suratı)$"),
    "ja": re.compile(r"の顔$"),
    "ko": re.compile(r" 얼굴$"),
    "zh": re.compile(r"(?:脸|头)$"),
    "id": re.compile(r"^wajah "),
    "ar": re.compile(r"^وجه "),
    "fa": re.compile(r"^صورت "),
}
_CONTRACTIONS: Final = {
    ("pt", "de"): ("da", "do", "dos", "das"),
    ("pt", "a"): ("à", "ao", "aos", "às"),
    ("fr", "de"): ("du", "des", "d"),
    ("es", "de"): ("del",),
    ("es", "a"): ("al",),
    ("it", "di"): ("del", "della", "dello", "dei", "delle", "dell", "degli"),
    ("it", "a"): ("al", "alla", "allo", "ai", "alle", "all", "agli"),
}
_VERBAL: Final = frozenset({"骑自行车", "骑马", "看书", "睡觉"})
_SYMBOLIC: Final = re.compile(
    r"button|keycap|arrow|o’clock|thirty|zodiac|symbol|no_|_sign|mark|square|"
    r"Aries|Taurus|Gemini|Cancer|^Leo$|Virgo|Libra|Scorpi|Sagitt|Capric|Aquari|Pisces|Ophiu|"
    r"at_night|at_dusk|n_walking|n_running|n_standing|n_kneeling|infinity|input|trade|copyright|registered|information|multiply|divide|plus|minus|"
    r"circled|restroom|men’s_room|women’s_room|water_closet|potable|litter|prohibited|"
    r"children_crossing|customs|passport|skin_tone|ZZZ|speech|thought|anger|_hair$|^bald$"
)
_COLOURED: Final = re.compile(r"(?:red|blue|green|orange|white|black|yellow|purple|brown) ")
_TOO_SHORT_ALIASES: Final = frozenset(
    [
        "on",
        "end",
        "back",
        "soon",
        "top",
        "up",
        "new",
        "free",
        "cool",
        "ok",
        "id",
        "vs",
        "a",
        "b",
        "o",
        "m",
        "x",
        "v",
        "ab",
        "cl",
        "ng",
        "sa",
        "abc",
        "art",
        "date",
        "door",
        "dash",
        "hand",
        "point",
        "fist",
        "punch",
        "sweat",
        "boom",
        "gun",
        "wave",
        "relaxed",
        "satisfied",
        "weary",
        "joy",
        "smile",
        "sob",
        "blush",
        "wink",
        "hot",
        "small",
        "over",
        "no",
        "cross",
        "six",
        "poop",
        "shit",
        "hankey",
        "loop",
        "part",
        "wc",
        "go",
        "sos",
        "down",
        "left",
        "right",
        "clap",
        "pray",
        "running",
        "walking",
        "surfer",
        "sleeping",
        "sweet",
        "sake",
        "bow",
        "tm",
        "cop",
        "massage",
        "nose",
        "mouth",
        "ear",
        "tongue",
        "leg",
        "foot",
        "hair",
        "neutral",
        "dizzy",
        "scream",
        "angry",
        "rage",
        "mask",
        "triumph",
        "fear",
        "cold",
        "rowing",
        "red",
        "light",
    ]
)


@dataclass(frozen=True, slots=True)
class Sense:
    """One meaning of a phrase; ``own`` when it is the plural of the phrase that is known."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Kind:
    """What is known of a thing: its class, height in metres, which way it faces (-1 left)."""

    name: str
    height: float
    facing: int = -1


@dataclass(slots=True)
class Lexicon:
    """All words. ``tables`` by language: phrase in normal form to its senses, most likely first;
    ``stems`` the same by stem; ``glyphs`` emoji characters to art; ``kinds`` art to its `Kind`."""

    tables: dict[str, dict[str, tuple[Sense, ...]]] = field(default_factory=dict)
    stems: dict[str, dict[str, tuple[Sense, ...]]] = field(default_factory=dict)
    glyphs: dict[str, Sense] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)

    def add(self, language: str, phrase: str, sense: Sense, *, weak: bool = False) -> None:
        """Give a phrase one more meaning; a ``weak`` one only if it has none."""
        key = _text.normal(phrase)
        if not key:
            return
        table = self.tables.setdefault(language, {})
        known = table.get(key, ())
        if sense not in known and not (weak and known):
            table[key] = (*known, sense)

    def exact(self, language: str, phrase: str) -> tuple[Sense, ...]:
        """The senses of a phrase as it stands."""
        return self.tables.get(language, {}).get(phrase, ())

    def near(self, language: str, phrase: str) -> tuple[Sense, ...]:
        """The senses of the phrase that has the same stems."""
        if language == "en":
            one = " ".join(_text.english_singular(word) for word in phrase.split(" "))
            return self.tables["en"].get(one, ())
        table = self.stems.get(language, {})
        if " " not in phrase:
            for key in _text.stems(phrase, language):
                if key in table:
                    return table[key]
            return ()
        return table.get(" ".join(_text.stem(word, language) for word in phrase.split(" ")), ())


def _add_things(book: Lexicon) -> dict[str, Sense]:
    """Reads ``things.txt``; returns the arts that stand for something else."""
    same: dict[str, Sense] = {}
    name = ""
    for line in _art.lines("things.txt"):
        if line.startswith("["):
            name = line.strip("[]")
            continue
        art, _, rest = line.partition(" ")
        if name == "same":
            kind, _, value = rest.rpartition(" ")
            same[art] = Sense(kind or "thing", value)
            continue
        height, _, words = rest.partition(" ")
        facing = 1 if height.endswith("R") else -1
        book.kinds[art] = Kind(name, float(height.rstrip("R")), facing)
        for word in words.split(", "):
            book.add("en", word, Sense("thing", art))
    return same


def _add_words(book: Lexicon) -> None:
    sense = Sense("", "")
    for line in _art.lines("words.txt"):
        if line.startswith("["):
            kind, value = line.strip("[]").split(" ")
            sense = Sense(kind, value)
            continue
        language, _, words = line.partition(": ")
        for word in words.split(","):
            book.add(language, word, sense)
            before, of, after = word.strip().rpartition(" ")
            for contracted in _CONTRACTIONS.get((language, after), ()) if of else ():
                book.add(language, f"{before} {contracted}", sense)


def _clean(name: str, language: str) -> str:
    name = name.strip(":").replace("_", " ")
    return re.sub(r"\s*[(:：（].*$", "", name) if language != "en" else name


def _add_emoji(book: Lexicon, same: dict[str, Sense]) -> None:
    from emoji import EMOJI_DATA, LANGUAGES, config

    others = [language for language in LANGUAGES if language != "en"]
    for language in others:
        config.load_language(language)
    have = _art.names()
    late: list[tuple[str, str, Sense]] = []
    for char, data in EMOJI_DATA.items():
        english = data["en"].strip(":")
        code = "-".join(f"{ord(c):04X}" for c in char)
        art = code if code in have else code.replace("-FE0F", "")
        if art not in have:
            continue
        sense = same.get(art, Sense("thing", art))
        book.glyphs[char.replace("\ufe0f", "")] = sense
        if _SYMBOLIC.search(english) or data["status"] > 2:
            continue
        if 0x1F1E6 <= ord(char[0]) <= 0x1F1FF:
            for phrase in (f"flag of {english}", f"{english} flag", f"flag {english}"):
                book.add("en", phrase.replace("_", " "), sense, weak=True)
            continue
        book.add("en", _clean(data["en"], "en"), sense, weak=True)
        for alias in data.get("alias", ()):
            word = _clean(alias, "en")
            if word not in _TOO_SHORT_ALIASES and not _COLOURED.match(word):
                late.append(("en", word, sense))
        for language in others:
            name = data.get(language)
            if not name:
                continue
            phrase = _clean(name, language)
            if phrase in _VERBAL:
                continue
            book.add(language, phrase, sense, weak=True)
            bare = _FACE[language].sub("", phrase)
            if bare != phrase and len(bare) > 1:
                late.append((language, bare, sense))
            first, conjunction, _ = phrase.partition(_CONJUNCTION[language])
            if conjunction and len(first) > 2:
                late.append((language, first, sense))
    for language, phrase, sense in late:
        book.add(language, phrase, sense, weak=True)


def _build() -> Lexicon:
    book = Lexicon()
    same = _add_things(book)
    _add_words(book)
    _add_emoji(book, same)
    for language, table in book.tables.items():
        if language in ("en", "ja", "zh", "ko"):
            continue
        stems = book.stems.setdefault(language, {})
        for phrase, senses in table.items():
            if len(phrase) >= 3 and senses[0].kind not in ("filler", "rel", "and", "not", "number"):
                key = " ".join(_text.stem(word, language) for word in phrase.split(" "))
                stems.setdefault(_text.plain(phrase), senses)
                stems.setdefault(key, senses)
    return book


@lru_cache(maxsize=1)
def _cached() -> Lexicon:
    return _build()


def lexicon() -> Lexicon:
    """The words of all languages; built on the first call (well under a second), then kept."""
    with _LOCK:
        return _cached()


def kind_of(art: str) -> Kind:
    """What is known of an art; by its code point where ``things.txt`` does not name it."""
    known = lexicon().kinds.get(art)
    if known is not None:
        return known
    parts = art.split("-")
    first = int(parts[0], 16) if art and not art.startswith("@") else 0
    if parts[0] in ("1F468", "1F469", "1F9D1") and len(parts) > 1:
        base = lexicon().kinds.get("-".join(["1F9D1", *parts[1:]]))
        return base or Kind("person", 1.7)
    stripped = "-".join(p for p in parts[:1])
    if len(parts) > 1 and stripped in lexicon().kinds:
        return lexicon().kinds[stripped]
    if 0x1F600 <= first <= 0x1F644 or 0x1F910 <= first <= 0x1F92F or 0x1F970 <= first <= 0x1F97A:
        return Kind("face", 0.6)
    if 0x1F466 <= first <= 0x1F487 or 0x1F9CD <= first <= 0x1F9DF or 0x1F645 <= first <= 0x1F64F:
        return Kind("person", 1.7)
    if 0x1F1E6 <= first <= 0x1F1FF:
        return Kind("object", 1.5)
    return Kind("object", 0.35)
