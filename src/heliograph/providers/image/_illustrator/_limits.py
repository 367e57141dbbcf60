"""Every bound of the illustrator, by name, in one place."""

from __future__ import annotations

from typing import Final

MIN_SIDE: Final = 256
"""Shortest side of a picture, in pixels."""

MAX_SIDE: Final = 4096
"""Longest side of a picture, in pixels."""

DEFAULT_SIDE: Final = 1024
"""Side of the square that ``size: auto`` gives."""

MAX_PROMPT_CHARS: Final = 2_000
"""Characters of a prompt that are read; the rest of a longer one only moves the seed."""

MAX_PHRASE_WORDS: Final = 6
"""Words in the longest phrase looked up."""

MAX_THINGS: Final = 10
"""Different things drawn in one picture; those named later are left out."""

MAX_COPIES: Final = 20
"""Copies drawn of one thing, whatever number was asked."""

MAX_SPRITES: Final = 60
"""Copies of all things together."""

MAX_REFERENCE_PIXELS: Final = 40_000_000
"""Pixels of a reference image that is opened."""

MAX_PARTIALS: Final = 3
"""Previews of one picture."""

MAX_EDITS: Final = 64
"""Edits of one picture that are remembered; the picture after those counts as a foreign one."""
