"""Pictures as bytes: which format they are, how large, how data URLs hold them, and `Picture`.

Reads nothing and writes nothing, but for `Picture.save`, which a picture's owner calls.
"""

from heliograph.pictures._formats import (
    SUFFIXES,
    data_url,
    decode_data_url,
    format_of,
    media_type_of,
)
from heliograph.pictures._look import Look, look, measure
from heliograph.pictures._picture import Picture

__all__ = [
    "SUFFIXES",
    "Look",
    "Picture",
    "data_url",
    "decode_data_url",
    "format_of",
    "look",
    "measure",
    "media_type_of",
]
