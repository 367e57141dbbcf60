"""The wire: what the Responses API and the Images APIs say, as typed Python objects.

Every type is a msgspec Struct named as OpenRouter names it (OpenAI or Open Responses where it
does not), spelled on the wire as its spec spells it. ``decode_event`` and ``decode`` read bytes,
``encode`` writes them back without losing what it did not understand.
"""

# ruff: noqa: F403 -- every module below says in `__all__` what it gives

from . import (
    _actions,
    _base,
    _codec,
    _content,
    _encode,
    _events_content,
    _events_openrouter,
    _events_response,
    _events_tools,
    _finished,
    _images,
    _images_events,
    _images_usage,
    _item_unions,
    _items,
    _items_openrouter,
    _items_tools,
    _names,
    _options,
    _parts_tools,
    _registry,
    _renumber,
    _reports,
    _request,
    _response,
    _routing,
    _schema,
    _sdk,
    _tool_choice,
    _tool_options,
    _tool_unions,
    _tools,
    _tools_openrouter,
    _usage,
)
from ._actions import *
from ._base import *
from ._codec import *
from ._content import *
from ._encode import *
from ._events_content import *
from ._events_openrouter import *
from ._events_response import *
from ._events_tools import *
from ._finished import *
from ._images import *
from ._images_events import *
from ._images_usage import *
from ._item_unions import *
from ._items import *
from ._items_openrouter import *
from ._items_tools import *
from ._names import *
from ._options import *
from ._parts_tools import *
from ._registry import *
from ._renumber import *
from ._reports import *
from ._request import *
from ._response import *
from ._response import OpenResponsesResult as Response
from ._routing import *
from ._schema import *
from ._sdk import *
from ._tool_choice import *
from ._tool_options import *
from ._tool_unions import *
from ._tools import *
from ._tools_openrouter import *
from ._usage import *

__all__ = ["Response"]
__all__ += _base.__all__
__all__ += _codec.__all__
__all__ += _encode.__all__
__all__ += _reports.__all__
__all__ += _schema.__all__
__all__ += _sdk.__all__
__all__ += _actions.__all__
__all__ += _content.__all__
__all__ += _events_content.__all__
__all__ += _events_openrouter.__all__
__all__ += _events_response.__all__
__all__ += _events_tools.__all__
__all__ += _finished.__all__
__all__ += _images.__all__
__all__ += _images_events.__all__
__all__ += _images_usage.__all__
__all__ += _item_unions.__all__
__all__ += _items.__all__
__all__ += _items_openrouter.__all__
__all__ += _items_tools.__all__
__all__ += _names.__all__
__all__ += _options.__all__
__all__ += _parts_tools.__all__
__all__ += _registry.__all__
__all__ += _renumber.__all__
__all__ += _request.__all__
__all__ += _response.__all__
__all__ += _routing.__all__
__all__ += _tool_choice.__all__
__all__ += _tool_options.__all__
__all__ += _tool_unions.__all__
__all__ += _tools.__all__
__all__ += _tools_openrouter.__all__
__all__ += _usage.__all__
