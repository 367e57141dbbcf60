"""What tool calls do: computer actions, web searches, patches, shell commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

from msgspec import UNSET

from ._base import Known, Maybe, Model, Strict, Tagged, UnknownObject

__all__ = [
    "ApplyPatchCreateFileOperation",
    "ApplyPatchDeleteFileOperation",
    "ApplyPatchOperation",
    "ApplyPatchUpdateFileOperation",
    "ClickAction",
    "ComputerAction",
    "DoubleClickAction",
    "DragAction",
    "DragPoint",
    "FindInPageAction",
    "KeypressAction",
    "LocalShellCallAction",
    "MoveAction",
    "OpenPageAction",
    "SafetyCheck",
    "ScreenshotAction",
    "ScrollAction",
    "SearchAction",
    "ShellAction",
    "TypeAction",
    "WaitAction",
    "WebSearchAction",
    "WebSearchSource",
]


class DragPoint(Model, kw_only=True):
    """One point of a drag's path.

    Named by OpenAI.
    """

    x: int
    y: int


class SafetyCheck(Model, kw_only=True):
    """A warning about a computer action that the caller must acknowledge.

    Named by OpenRouter, OpenAI.
    """

    id: str
    code: Strict[str | None] = UNSET
    message: Strict[str | None] = UNSET


class ShellAction(Model, kw_only=True):
    """Commands, and how long they may run and print.

    Named by OpenRouter, OpenAI.
    """

    commands: list[str]
    max_output_length: Strict[int | None] = UNSET
    timeout_ms: Strict[int | None] = UNSET


class ApplyPatchCreateFileOperation(Tagged, tag="create_file", kw_only=True):
    """Create a file with this content.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["create_file"]] = "create_file"
    diff: str
    path: str


class ApplyPatchUpdateFileOperation(Tagged, tag="update_file", kw_only=True):
    """Change a file by this diff.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["update_file"]] = "update_file"
    diff: str
    path: str


class ApplyPatchDeleteFileOperation(Tagged, tag="delete_file", kw_only=True):
    """Delete a file.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["delete_file"]] = "delete_file"
    path: str


class SearchAction(Tagged, tag="search", kw_only=True):
    """Search the web.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["search"]] = "search"
    queries: Maybe[list[str] | None] = UNSET
    query: Strict[str | None] = UNSET
    sources: Maybe[list[WebSearchSource] | None] = UNSET


class WebSearchSource(Tagged, tag="url", kw_only=True):
    """A page that a search drew upon.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["url"]] = "url"
    url: str


class OpenPageAction(Tagged, tag="open_page", kw_only=True):
    """Open a page.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["open_page"]] = "open_page"
    url: Maybe[str | None] = UNSET


class FindInPageAction(Tagged, tag="find_in_page", kw_only=True):
    """Look for a pattern in a page.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["find_in_page"]] = "find_in_page"
    pattern: str
    url: str


class ClickAction(Tagged, tag="click", kw_only=True):
    """Press a mouse button at a point of the screen.

    Named by OpenAI.
    """

    type: ClassVar[Literal["click"]] = "click"
    button: Annotated[str, Known("left", "right", "wheel", "back", "forward")]
    x: int
    y: int
    keys: Maybe[list[str] | None] = UNSET


class DoubleClickAction(Tagged, tag="double_click", kw_only=True):
    """Press the mouse twice at a point of the screen.

    Named by OpenAI.
    """

    type: ClassVar[Literal["double_click"]] = "double_click"
    x: int
    y: int
    keys: Strict[list[str] | None] = UNSET


class DragAction(Tagged, tag="drag", kw_only=True):
    """Move the mouse along a path with its button held.

    Named by OpenAI.
    """

    type: ClassVar[Literal["drag"]] = "drag"
    path: list[DragPoint]
    keys: Maybe[list[str] | None] = UNSET


class KeypressAction(Tagged, tag="keypress", kw_only=True):
    """Press keys.

    Named by OpenAI.
    """

    type: ClassVar[Literal["keypress"]] = "keypress"
    keys: list[str]


class MoveAction(Tagged, tag="move", kw_only=True):
    """Move the mouse to a point of the screen.

    Named by OpenAI.
    """

    type: ClassVar[Literal["move"]] = "move"
    x: int
    y: int
    keys: Maybe[list[str] | None] = UNSET


class ScreenshotAction(Tagged, tag="screenshot", kw_only=True):
    """Take a picture of the screen.

    Named by OpenAI.
    """

    type: ClassVar[Literal["screenshot"]] = "screenshot"


class ScrollAction(Tagged, tag="scroll", kw_only=True):
    """Scroll at a point of the screen.

    Named by OpenAI.
    """

    type: ClassVar[Literal["scroll"]] = "scroll"
    scroll_x: int
    scroll_y: int
    x: int
    y: int
    keys: Maybe[list[str] | None] = UNSET


class TypeAction(Tagged, tag="type", kw_only=True):
    """Type text.

    Named by OpenAI.
    """

    type: ClassVar[Literal["type"]] = "type"
    text: str


class WaitAction(Tagged, tag="wait", kw_only=True):
    """Wait a little.

    Named by OpenAI.
    """

    type: ClassVar[Literal["wait"]] = "wait"


class LocalShellCallAction(Tagged, tag="exec", kw_only=True):
    """A command for the caller's shell.

    Named by OpenRouter, OpenAI.
    """

    type: ClassVar[Literal["exec"]] = "exec"
    command: list[str]
    env: dict[str, str]
    timeout_ms: Maybe[int | None] = UNSET
    user: Maybe[str | None] = UNSET
    working_directory: Maybe[str | None] = UNSET


if TYPE_CHECKING:
    ComputerAction: TypeAlias = (
        ClickAction
        | DoubleClickAction
        | DragAction
        | KeypressAction
        | MoveAction
        | ScreenshotAction
        | ScrollAction
        | TypeAction
        | WaitAction
        | UnknownObject
    )
else:
    ComputerAction = (
        ClickAction
        | DoubleClickAction
        | DragAction
        | KeypressAction
        | MoveAction
        | ScreenshotAction
        | ScrollAction
        | TypeAction
        | WaitAction
    )

if TYPE_CHECKING:
    WebSearchAction: TypeAlias = FindInPageAction | OpenPageAction | SearchAction | UnknownObject
else:
    WebSearchAction = FindInPageAction | OpenPageAction | SearchAction

if TYPE_CHECKING:
    ApplyPatchOperation: TypeAlias = (
        ApplyPatchCreateFileOperation
        | ApplyPatchDeleteFileOperation
        | ApplyPatchUpdateFileOperation
        | UnknownObject
    )
else:
    ApplyPatchOperation = (
        ApplyPatchCreateFileOperation
        | ApplyPatchDeleteFileOperation
        | ApplyPatchUpdateFileOperation
    )
