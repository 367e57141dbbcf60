"""The published document: valid OpenAPI, of just the routes there are, and what is served."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema_rs import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route

from heliograph import models, server
from heliograph.server._openapi import BASES

DOCUMENT = server.openapi_document()
SCHEMAS = DOCUMENT["components"]["schemas"]
TOOL = Path(__file__).parents[2] / "docs" / "_tools" / "openapi.py"


def test_it_is_openapi_3_1() -> None:
    errors = list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors())
    assert errors == [], errors[0]


def test_the_page_is_not_stale() -> None:
    spec = importlib.util.spec_from_file_location("openapi_page", TOOL)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(), "run docs/_tools/openapi.py"


def test_it_describes_just_the_routes_there_are() -> None:
    app = server.create_app(server.Settings(journal="memory"))
    served = {
        (route.path.replace(":path}", "}"), method.lower())
        for route in app.routes
        if isinstance(route, Route)
        for method in route.endpoint.methods
        if method != "HEAD"  # HTTP gives it wherever there is a GET
    }
    told = {(path, method) for path, item in DOCUMENT["paths"].items() for method in item}
    assert told == served


@pytest.mark.parametrize("base", BASES)
def test_it_is_served_without_a_key(http: httpx2.Client, base: str) -> None:
    answer = http.get(f"{base}/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == DOCUMENT


def test_operation_ids_are_unique() -> None:
    names = [op["operationId"] for item in DOCUMENT["paths"].values() for op in item.values()]
    assert len(names) == len(set(names))


def test_every_component_is_used() -> None:
    text = str(DOCUMENT)
    unused = [n for n in SCHEMAS if f"#/components/schemas/{n}'" not in text]
    assert unused == []


def test_each_event_is_in_the_event_union() -> None:
    mapping = SCHEMAS["StreamEvent"]["discriminator"]["mapping"]
    assert set(mapping) == set(models.EVENTS)
    assert len(SCHEMAS["StreamEvent"]["oneOf"]) == len(mapping)


def test_what_is_sent_holds_all_that_some_spec_requires_and_what_is_taken_needs_less() -> None:
    assert set(SCHEMAS["FunctionTool"]["required"]) == {
        "type",
        "name",
        "description",
        "parameters",
        "strict",
    }
    assert set(SCHEMAS["FunctionToolParam"]["required"]) == {"type", "name"}


SENT_AND_TAKEN = sorted(name for name in SCHEMAS if f"{name}Param" in SCHEMAS)


@pytest.mark.parametrize("name", SENT_AND_TAKEN)
def test_what_is_sent_may_be_sent_back(name: str) -> None:
    ours, back = SCHEMAS[name], SCHEMAS[f"{name}Param"]
    assert set(back.get("required", ())) <= set(ours.get("required", ()))
    assert back.get("properties", {}).keys() == ours.get("properties", {}).keys()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("InputItemParam", {"role": "user", "content": "hello"}),
        ("InputItemParam", {"id": "msg_1"}),
        ("TextExtendedConfigParam", {"format": {"name": "answer", "schema": {}}}),
    ],
)
def test_what_is_read_without_its_type_needs_none(name: str, value: dict[str, Any]) -> None:
    document = {"components": DOCUMENT["components"], "$ref": f"#/components/schemas/{name}"}
    assert Draft202012Validator(document).is_valid(value)
