"""Python functions as tools: what the model is told of one, and how its arguments become values.

Each parameter is a `Shape` of its own, so that Structs and pydantic models may stand side by side,
and an argument that does not fit is told of by its parameter's name.
"""

from __future__ import annotations

import functools
import inspect
import re
import typing
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Annotated, Any, Generic, Literal, ParamSpec, TypeVar, overload

import msgspec

from heliograph import errors, models
from heliograph.client._core._shape import Misfit, Shape, shape_of
from heliograph.client._core._strict import NotStrict, accepts_null, nullable, strict_schema

__all__ = ["CallableTool", "custom_tool", "function_tool"]

P = ParamSpec("P")
R = TypeVar("R", covariant=True)

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_NO_DEFAULT = inspect.Parameter.empty
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class _Parameter:
    """One parameter: its shape, the words that describe it, its default."""

    __slots__ = ("default", "shape", "words")

    def __init__(self, annotation: Any, default: Any) -> None:
        self.default = default
        self.shape: Shape[Any] = shape_of(annotation)
        self.words = _words(annotation)

    @property
    def optional(self) -> bool:
        return self.default is not _NO_DEFAULT

    def schema(self, *, strict: bool) -> dict[str, Any]:
        """Without its definitions. Strict schemas require all, so null stands for the default."""
        found = {key: value for key, value in self.shape.schema.items() if key != "$defs"}
        told = [self.words] if self.words else []
        if self.optional and not strict:
            with suppress(TypeError, ValueError):
                found["default"] = msgspec.to_builtins(self.default)
        elif self.optional and not accepts_null(found):
            found = nullable(found)
            told.append(f"(null: {self.default!r})")
        if told:
            found["description"] = " ".join([*told, *_list(found.get("description"))])
        return found


class CallableTool(Generic[P, R]):
    """A Python function that a model can call: made by `function_tool` or `custom_tool`.

    Call it as the function that it is; put it into ``tools`` as the tool that it is. ``definition``
    is what the model is told.
    """

    def __init__(self, function: Callable[P, R], definition: models.Tool, read: _Read) -> None:
        self.function = function
        self.definition = definition
        self._read = read
        self.__doc__ = function.__doc__
        self.__wrapped__ = function

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    @property
    def name(self) -> str:
        """What the model calls it by."""
        return str(getattr(self.definition, "name", ""))

    @property
    def is_async(self) -> bool:
        """Whether calling it gives an awaitable."""
        called = getattr(self.function, "__call__", None)  # noqa: B004 - an object may be async too
        return inspect.iscoroutinefunction(self.function) or inspect.iscoroutinefunction(called)

    def read_arguments(self, text: str) -> dict[str, Any]:
        """The function's keyword arguments from the JSON text (a custom tool's input) that a model
        wrote. Raises `ValueError` with a message that the model can learn from."""
        return self._read(text)


_Read = Callable[[str], dict[str, Any]]


@overload
def function_tool(function: Callable[P, R], /) -> CallableTool[P, R]: ...


@overload
def function_tool(
    *, name: str | None = None, description: str | None = None, strict: bool | None = None
) -> Callable[[Callable[P, R]], CallableTool[P, R]]: ...


def function_tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    strict: bool | None = None,
) -> Any:
    """Make a typed function a tool: ``@function_tool``, or with arguments ``@function_tool(...)``.

    The function's name and docstring are the tool's; its annotations its parameters, each with the
    words that stand in ``Annotated[T, "words"]`` (or msgspec's ``Meta``, pydantic's ``Field``).
    What a `functools.partial` gives by name is not the model's to give.
    ``strict`` is whether the server is to hold the model to the schema: None where the schema can
    be strict. There, a parameter with a default is required, and null stands for the default.
    Raises `UsageError` for what a schema cannot say.
    """

    def make(function: Callable[..., Any]) -> CallableTool[..., Any]:
        called = _called(function, name)
        parameters = _parameters(function, called)
        schema, is_strict = _schema(parameters, called, strict)
        definition = models.FunctionTool(
            name=called,
            description=_description(function, description),
            parameters=schema,
            strict=is_strict,
        )
        return CallableTool(function, definition, _reader(parameters))

    return make if function is None else make(function)


@overload
def custom_tool(function: Callable[P, R], /) -> CallableTool[P, R]: ...


@overload
def custom_tool(
    *,
    name: str | None = None,
    description: str | None = None,
    syntax: Literal["lark", "regex"] = "lark",
    grammar: str | None = None,
) -> Callable[[Callable[P, R]], CallableTool[P, R]]: ...


def custom_tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    syntax: Literal["lark", "regex"] = "lark",
    grammar: str | None = None,
) -> Any:
    """Make a function of one string a custom tool: the model writes free text, or what ``grammar``
    allows. Raises `UsageError` for a function that does not take one string."""

    def make(function: Callable[..., Any]) -> CallableTool[..., Any]:
        called = _called(function, name)
        taken = _parameters(function, called)
        if len(taken) != 1 or next(iter(taken.values())).shape.schema.get("type") != "string":
            raise errors.UsageError(f"{called}: a custom tool takes one parameter, a str")
        definition = models.CustomTool(name=called, description=_description(function, description))
        if grammar is not None:
            definition.format = models.CustomToolGrammarFormat(definition=grammar, syntax=syntax)
        (parameter,) = taken
        return CallableTool(function, definition, lambda text: {parameter: text})

    return make if function is None else make(function)


def _called(function: Callable[..., Any], name: str | None) -> str:
    inner = _inner(function)
    called = name if name is not None else getattr(inner, "__name__", type(inner).__name__)
    if not _NAME.fullmatch(called):
        raise errors.UsageError(
            f"name: {called!r} names no tool; give one of 1 to 64 letters, digits, _ and -"
        )
    return called


def _description(function: Callable[..., Any], given: str | None) -> str | models.UnsetType:
    return given or inspect.getdoc(_inner(function)) or models.UNSET


def _inner(function: Callable[..., Any]) -> Callable[..., Any]:
    """Without the arguments that a ``partial`` gives."""
    return function.func if isinstance(function, functools.partial) else function


def _parameters(function: Callable[..., Any], called: str) -> dict[str, _Parameter]:
    inner = _inner(function)
    hinted = inner if inspect.isroutine(inner) else type(inner).__call__
    given = function.keywords if isinstance(function, functools.partial) else {}
    try:
        hints = typing.get_type_hints(hinted, include_extras=True)
    except (NameError, TypeError) as error:
        raise errors.UsageError(f"{called}: an annotation cannot be read: {error}") from error
    found: dict[str, _Parameter] = {}
    for parameter in inspect.signature(function).parameters.values():
        where = f"{called}.{parameter.name}"
        if parameter.name in given:
            continue
        if parameter.kind not in _NAMED:
            raise errors.UsageError(f"{where}: a model names its arguments; take it by its name")
        if parameter.name not in hints:
            raise errors.UsageError(f"{where}: has no annotation")
        try:
            found[parameter.name] = _Parameter(hints[parameter.name], parameter.default)
        except errors.UsageError as error:
            raise errors.UsageError(f"{where}: {error}") from error
    return found


def _schema(
    parameters: Mapping[str, _Parameter], called: str, strict: bool | None
) -> tuple[dict[str, Any], bool]:
    """The parameters' schema, and whether it is strict."""
    if strict is not False:
        try:
            return strict_schema(_object(parameters, called, strict=True)), True
        except NotStrict as error:
            if strict:
                raise errors.UsageError(f"{called}.{error}; or strict=False") from None
    return _object(parameters, called, strict=False), False


def _object(parameters: Mapping[str, _Parameter], called: str, *, strict: bool) -> dict[str, Any]:
    defs: dict[str, Any] = {}
    for name, parameter in parameters.items():
        for key, value in parameter.shape.schema.get("$defs", {}).items():
            if defs.setdefault(key, value) != value:
                raise errors.UsageError(f"{called}.{name}: another type is called {key}, too")
    schema = {
        "type": "object",
        "properties": {name: one.schema(strict=strict) for name, one in parameters.items()},
        "required": [name for name, one in parameters.items() if strict or not one.optional],
        "additionalProperties": False,
    }
    return {**schema, "$defs": defs} if defs else schema


def _reader(parameters: Mapping[str, _Parameter]) -> _Read:
    def read(text: str) -> dict[str, Any]:
        try:
            given = msgspec.json.decode(text or "{}", type=dict[str, msgspec.Raw])
        except (ValueError, RecursionError) as error:
            raise Misfit("arguments", f"no JSON object: {error}") from None
        unknown = [name for name in given if name not in parameters]
        if unknown:
            names = ", ".join(parameters) or "none"
            raise Misfit(unknown[0], f"no such parameter; there are: {names}")
        found: dict[str, Any] = {}
        for name, parameter in parameters.items():
            if name not in given:
                if not parameter.optional:
                    raise Misfit(name, "is missing")
            elif bytes(given[name]) == b"null" and _default_for_null(parameter):
                continue
            else:
                found[name] = _argument(name, parameter, given[name])
        return found

    return read


def _default_for_null(parameter: _Parameter) -> bool:
    return parameter.optional and not accepts_null(parameter.shape.schema)


def _argument(name: str, parameter: _Parameter, raw: msgspec.Raw) -> Any:
    try:
        return parameter.shape.read(bytes(raw))
    except Misfit as misfit:
        inside = "" if misfit.field == "$" else misfit.field
        dot = "." if inside and not inside.startswith("[") else ""
        raise Misfit(f"{name}{dot}{inside}", misfit.reason) from None


def _words(annotation: Any) -> str:
    """The plain strings (or ``Doc``s) of an ``Annotated``."""
    if typing.get_origin(annotation) is not Annotated:
        return ""
    notes = (getattr(note, "documentation", note) for note in annotation.__metadata__)
    return " ".join(note for note in notes if isinstance(note, str))


def _list(value: str | None) -> list[str]:
    return [value] if value else []
