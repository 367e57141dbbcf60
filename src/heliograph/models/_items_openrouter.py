"""Items of the tools that OpenRouter runs."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, field

from ._actions import ApplyPatchOperation, SearchAction, ShellAction
from ._base import Item, Known, Maybe
from ._parts_tools import (
    FusionAnalysisResult,
    FusionFailedModel,
    FusionResponse,
    FusionSource,
    ImageGenerationCallError,
    ShellCallOutputContent,
)
from ._pictures import HasPicture

__all__ = [
    "OutputAdvisorServerToolItem",
    "OutputApplyPatchServerToolItem",
    "OutputBashServerToolItem",
    "OutputBrowserUseServerToolItem",
    "OutputCodeInterpreterServerToolItem",
    "OutputDatetimeItem",
    "OutputFileSearchServerToolItem",
    "OutputFilesServerToolItem",
    "OutputFusionServerToolItem",
    "OutputImageGenerationServerToolItem",
    "OutputMcpServerToolItem",
    "OutputMemoryServerToolItem",
    "OutputSearchModelsServerToolItem",
    "OutputShellServerToolItem",
    "OutputSubagentServerToolItem",
    "OutputTextEditorServerToolItem",
    "OutputToolSearchServerToolItem",
    "OutputWebFetchServerToolItem",
    "OutputWebSearchServerToolItem",
]


class OutputDatetimeItem(Item, tag="openrouter:datetime", kw_only=True):
    """A call of the date and time tool.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:datetime"]] = "openrouter:datetime"
    datetime: str
    status: Annotated[str, Known("in_progress", "completed", "incomplete")]
    timezone: str
    id: Maybe[str] = UNSET
    error: Maybe[str | None] = UNSET


class OutputWebSearchServerToolItem(Item, tag="openrouter:web_search", kw_only=True):
    """A search of the web, run by OpenRouter.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:web_search"]] = "openrouter:web_search"
    status: Annotated[str, Known("in_progress", "completed", "incomplete")]
    action: Maybe[SearchAction] = UNSET
    id: Maybe[str] = UNSET
    error: Maybe[str | None] = UNSET


class OutputCodeInterpreterServerToolItem(Item, tag="openrouter:code_interpreter", kw_only=True):
    """A call of OpenRouter's code interpreter.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:code_interpreter"]] = "openrouter:code_interpreter"
    status: Annotated[str, Known("in_progress", "completed", "incomplete")]
    code: Maybe[str] = UNSET
    exit_code: Maybe[int] = field(default=UNSET, name="exitCode")
    id: Maybe[str] = UNSET
    language: Maybe[str] = UNSET
    stderr: Maybe[str] = UNSET
    stdout: Maybe[str] = UNSET


class OutputFileSearchServerToolItem(Item, tag="openrouter:file_search", kw_only=True):
    """A file search run by OpenRouter.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:file_search"]] = "openrouter:file_search"
    status: Annotated[str, Known("in_progress", "completed", "incomplete")]
    id: Maybe[str] = UNSET
    queries: Maybe[list[str]] = UNSET


class OutputImageGenerationServerToolItem(
    HasPicture, Item, tag="openrouter:image_generation", kw_only=True
):
    """A call of OpenRouter's image tool.

    ``image_b64``, ``image_url`` and ``revised_prompt`` are camelCase on the wire too.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:image_generation"]] = "openrouter:image_generation"
    PICTURES: ClassVar[tuple[str, ...]] = (
        "image_b64",
        "result",
        "image_url",
    )
    status: Annotated[str, Known("in_progress", "completed", "incomplete")]
    id: Maybe[str] = UNSET
    image_b64: Maybe[str] = field(default=UNSET, name="imageB64")
    image_url: Maybe[str] = field(default=UNSET, name="imageUrl")
    prompt: Maybe[str] = UNSET
    result: Maybe[str | None] = UNSET
    revised_prompt: Maybe[str] = field(default=UNSET, name="revisedPrompt")
    error: Maybe[str | ImageGenerationCallError | None] = UNSET


class OutputBrowserUseServerToolItem(HasPicture, Item, tag="openrouter:browser_use", kw_only=True):
    """A step in a browser of the server.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:browser_use"]] = "openrouter:browser_use"
    PICTURES: ClassVar[tuple[str, ...]] = ("screenshot_b64",)
    status: Annotated[str, Known("in_progress", "completed", "incomplete")]
    action: Maybe[str] = UNSET
    id: Maybe[str] = UNSET
    screenshot_b64: Maybe[str] = field(default=UNSET, name="screenshotB64")


class OutputBashServerToolItem(Item, tag="openrouter:bash", kw_only=True):
    """A command that the server's sandbox ran.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:bash"]] = "openrouter:bash"
    status: Annotated[str, Known("in_progress", "completed", "incomplete")]
    arguments: Maybe[str | None] = UNSET
    call_id: Maybe[str | None] = UNSET
    command: Maybe[str] = UNSET
    exit_code: Maybe[int] = field(default=UNSET, name="exitCode")
    id: Maybe[str] = UNSET
    stderr: Maybe[str] = UNSET
    stdout: Maybe[str] = UNSET
    error: Maybe[str | None] = UNSET


class OutputTextEditorServerToolItem(Item, tag="openrouter:text_editor", kw_only=True):
    """An edit of a file on the server.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:text_editor"]] = "openrouter:text_editor"
    status: Annotated[str, Known("in_progress", "completed", "incomplete")]
    command: Maybe[Annotated[str, Known("view", "create", "str_replace", "insert")]] = UNSET
    file_path: Maybe[str] = field(default=UNSET, name="filePath")
    id: Maybe[str] = UNSET


class OutputApplyPatchServerToolItem(Item, tag="openrouter:apply_patch", kw_only=True):
    """A patch that the server applied.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:apply_patch"]] = "openrouter:apply_patch"
    status: Annotated[str, Known("in_progress", "completed", "incomplete")]
    call_id: Maybe[str] = UNSET
    id: Maybe[str] = UNSET
    operation: Maybe[ApplyPatchOperation] = UNSET
    error: Maybe[str | None] = UNSET


class OutputShellServerToolItem(Item, tag="openrouter:shell", kw_only=True):
    """Commands that the server ran.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:shell"]] = "openrouter:shell"
    status: Annotated[str, Known("in_progress", "completed", "incomplete")]
    action: Maybe[ShellAction] = UNSET
    arguments: Maybe[str | None] = UNSET
    call_id: Maybe[str | None] = UNSET
    id: Maybe[str] = UNSET
    output: Maybe[list[ShellCallOutputContent]] = UNSET
    error: Maybe[str | None] = UNSET


class OutputWebFetchServerToolItem(Item, tag="openrouter:web_fetch", kw_only=True):
    """A page that the server fetched.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:web_fetch"]] = "openrouter:web_fetch"
    status: Annotated[str, Known("in_progress", "completed", "incomplete")]
    content: Maybe[str] = UNSET
    error: Maybe[str] = UNSET
    http_status: Maybe[int] = field(default=UNSET, name="httpStatus")
    id: Maybe[str] = UNSET
    title: Maybe[str] = UNSET
    url: Maybe[str] = UNSET


class OutputToolSearchServerToolItem(Item, tag="openrouter:tool_search", kw_only=True):
    """A search for tools.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:tool_search"]] = "openrouter:tool_search"
    status: Annotated[str, Known("in_progress", "completed", "incomplete")]
    id: Maybe[str] = UNSET
    query: Maybe[str] = UNSET
    error: Maybe[str | None] = UNSET


class OutputMemoryServerToolItem(Item, tag="openrouter:memory", kw_only=True):
    """A call of the memory tool.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:memory"]] = "openrouter:memory"
    status: Annotated[str, Known("in_progress", "completed", "incomplete")]
    action: Maybe[Annotated[str, Known("read", "write", "delete")]] = UNSET
    id: Maybe[str] = UNSET
    key: Maybe[str] = UNSET
    value: Maybe[Any] = UNSET


class OutputMcpServerToolItem(Item, tag="openrouter:mcp", kw_only=True):
    """A call of an MCP tool, run by OpenRouter.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:mcp"]] = "openrouter:mcp"
    status: Annotated[str, Known("in_progress", "completed", "incomplete")]
    id: Maybe[str] = UNSET
    server_label: Maybe[str] = field(default=UNSET, name="serverLabel")
    tool_name: Maybe[str] = field(default=UNSET, name="toolName")


class OutputSearchModelsServerToolItem(
    Item, tag="openrouter:experimental__search_models", kw_only=True
):
    """A search for models.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:experimental__search_models"]] = (
        "openrouter:experimental__search_models"
    )
    status: Annotated[str, Known("in_progress", "completed", "incomplete")]
    arguments: Maybe[str] = UNSET
    id: Maybe[str] = UNSET
    query: Maybe[str] = UNSET
    error: Maybe[str | None] = UNSET


class OutputFusionServerToolItem(Item, tag="openrouter:fusion", kw_only=True):
    """A call of the fusion tool, with the panel's answers.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:fusion"]] = "openrouter:fusion"
    status: Annotated[str, Known("in_progress", "completed", "incomplete")]
    analysis: Maybe[FusionAnalysisResult] = UNSET
    error: Maybe[str] = UNSET
    failed_models: Maybe[list[FusionFailedModel]] = UNSET
    failure_reason: Maybe[str] = UNSET
    id: Maybe[str] = UNSET
    responses: Maybe[list[FusionResponse]] = UNSET
    sources: Maybe[list[FusionSource]] = UNSET


class OutputAdvisorServerToolItem(Item, tag="openrouter:advisor", kw_only=True):
    """A call of the advisor tool.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:advisor"]] = "openrouter:advisor"
    status: Annotated[str, Known("in_progress", "completed", "incomplete", "failed")]
    advice: Maybe[str] = UNSET
    error: Maybe[str] = UNSET
    id: Maybe[str] = UNSET
    instance_name: Maybe[str] = UNSET
    model: Maybe[str] = UNSET
    prompt: Maybe[str] = UNSET


class OutputSubagentServerToolItem(Item, tag="openrouter:subagent", kw_only=True):
    """A task given to another model.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:subagent"]] = "openrouter:subagent"
    status: Annotated[str, Known("in_progress", "completed", "incomplete", "failed")]
    call_id: Maybe[str] = UNSET
    error: Maybe[str] = UNSET
    id: Maybe[str] = UNSET
    instance_name: Maybe[str] = UNSET
    model: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    outcome: Maybe[str] = UNSET
    task_description: Maybe[str] = UNSET
    task_name: Maybe[str] = UNSET


class OutputFilesServerToolItem(Item, tag="openrouter:files", kw_only=True):
    """A call of the files tool.

    Named by OpenRouter.
    """

    type: ClassVar[Literal["openrouter:files"]] = "openrouter:files"
    status: Annotated[str, Known("in_progress", "completed", "incomplete")]
    arguments: Maybe[str | None] = UNSET
    call_id: Maybe[str | None] = UNSET
    error: Maybe[str] = UNSET
    file_id: Maybe[str] = UNSET
    filename: Maybe[str] = UNSET
    id: Maybe[str] = UNSET
    operation: Maybe[str] = UNSET
    result: Maybe[str] = UNSET
