"""The illustrator: pictures from words and vector art, with no model behind them.

The way of a prompt: `_match` finds known phrases (words live in `_lexicon` and ``data/``), `_read`
and `_infer` turn them into facts (`_reading`), `_setting` picks the stage, `_cluster` ties together
what belongs together, `_compose` lays it out over `_sky`, `_ground` or `_indoors`, `_paint` draws
it, `_weather` falls on top, and `_render` makes the file. Art comes from `_art` by way of
`_figures` and `_colour`.

A picture that comes in is opened by `_source`. Where the illustrator made it, its scene is composed
again; `_clauses` and `_edits` change the reading as the prompt says, and `_change` lays out what is
new. Any other picture is what the prompt's things are drawn on.
"""

from heliograph.providers.image._illustrator._provider import CARD, MODEL, Illustrator

__all__ = ["CARD", "MODEL", "Illustrator"]
