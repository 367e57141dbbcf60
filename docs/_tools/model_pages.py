"""Write docs/models/: a page per model and an index, from the classes in `heliograph.models`.

    python docs/_tools/model_pages.py          writes
    python docs/_tools/model_pages.py --check  exits 1 and names the pages that are stale

The pages' form is that of the SDK's model pages: title, example, table of fields.
"""

from __future__ import annotations

import json
import sys
import typing
from pathlib import Path
from typing import Any

import msgspec
from facts import Field, aliases, all_models, alternatives, fields_of, known_values, unions
from field_notes import BY_MODEL, BY_NAME
from samples import sample, source

from heliograph import models

OUT = Path(__file__).parents[1] / "models"
REQUIRED = {True: ":heavy_check_mark:", False: ":heavy_minus_sign:"}
WITHOUT = "Decoding does without it."
SHOWN = 12  # known values shown; longer lists are in the class


def pages() -> dict[str, str]:
    """File name to text, for every page and the index."""
    found = {page_of(cls): model_page(cls) for cls in all_models()}
    if len(found) != len(all_models()):
        raise ValueError("two models have names that differ in case only")
    return {**found, "index.md": index_page()}


def page_of(cls: type) -> str:
    return f"{cls.__name__.lower()}.md"


def link(cls: type) -> str:
    return f"[models.{cls.__name__}]({page_of(cls)})"


def model_page(cls: type[msgspec.Struct]) -> str:
    value = sample(cls)
    parts = [
        f"# {cls.__name__}",
        paragraph(cls),
        "## Example Usage",
        f"```python\nfrom heliograph import models\n\nvalue = {source(value)}\n```",
        "On the wire:",
        block(json.loads(models.encode(value))),
    ]
    sdk = models.to_sdk(value)
    if sdk != json.loads(models.encode(value)):
        parts += ["In the SDK's shape, `models.to_sdk(value)`:", block(sdk)]
    return "\n\n".join([*parts, "## Fields", field_table(cls)]) + "\n"


def paragraph(cls: type) -> str:
    text = " ".join((cls.__doc__ or "").split()).replace("``", "`")
    others = sorted(name for name, target in aliases().items() if target is cls)
    if others:
        text += " Other names: " + ", ".join(f"`models.{name}`" for name in others) + "."
    return text.strip()


def block(value: Any) -> str:
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```"


def field_table(cls: type[msgspec.Struct]) -> str:
    fields = fields_of(cls)
    if not fields:
        return "None."
    rows = [(f"`{f.wire}`", type_of(f), REQUIRED[f.demanded], description(cls, f)) for f in fields]
    return table(("Field", "Type", "Required", "Description"), rows)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def type_of(field: Field) -> str:
    if field.tag is not None:
        return f'*"{field.tag}"*'
    return rendered(field.annotation)


def rendered(annotation: Any) -> str:
    """An annotation as the Type column says it; a named union goes by its name."""
    options = alternatives(annotation)
    words: list[str] = []
    for name, members in sorted(unions().items(), key=lambda pair: -len(pair[1])):
        if set(members) <= set(options):
            words.append(f"[models.{name}](index.md#{name.lower()})")
            options = [option for option in options if option not in members]
    for option in options:
        origin, args = typing.get_origin(option), typing.get_args(option)
        if origin is list:
            words.append(f"list[{rendered(args[0])}]")
        elif origin is dict:
            words.append(f"dict[str, {rendered(args[1])}]")
        elif option is type(None):
            words.append("*null*")
        elif isinstance(option, type) and issubclass(option, msgspec.Struct):
            words.append(link(option))
        else:
            words.append(f"*{getattr(option, '__name__', 'Any')}*")
    return r" \| ".join(words)


def description(cls: type, field: Field) -> str:
    text = BY_MODEL.get(f"{cls.__name__}.{field.wire}") or BY_NAME.get(field.wire, "N/A")
    sentences = [text]
    values = list(dict.fromkeys(known_values(field.annotation)))
    if values and not field.tag:
        more = ", ..." if len(values) > SHOWN else ""
        sentences.append("Known: " + ", ".join(f"`{v}`" for v in values[:SHOWN]) + f"{more}.")
    if field.demanded and not field.needed:
        sentences.append(WITHOUT)
    return " ".join(s for s in sentences if s != "N/A") or "N/A"


def index_page() -> str:
    listed: set[type] = set()

    def registry(title: str, classes: dict[str, type]) -> str:
        listed.update(classes.values())
        rows = [(f"`{wire}`", link(cls)) for wire, cls in classes.items()]
        return f"## {title}\n\n" + table(("Wire type", "Model"), rows)

    sections = [
        registry("Events", dict(models.EVENTS)),
        registry("Output items", dict(models.ITEMS)),
        registry("Input items", dict(models.INPUT_ITEMS)),
        registry("Content parts", dict(models.CONTENT_PARTS)),
        registry("Tools", dict(models.TOOLS)),
        registry("Images API events", dict(models.IMAGE_EVENTS)),
    ]
    rest = [link(cls) for cls in all_models() if cls not in listed]
    names = [(f"`{name}`", link(cls)) for name, cls in sorted(aliases().items())]
    sections += [
        "## Other models\n\n" + "\n".join(f"- {entry}" for entry in rest),
        "## Other names\n\n" + table(("Name", "Model"), names),
        "## Unions\n\n" + "\n\n".join(union_section(name) for name in sorted(unions())),
    ]
    return "\n\n".join([HEAD, *sections]) + "\n"


def union_section(name: str) -> str:
    members = [
        link(m) if issubclass(m, msgspec.Struct) else f"*{m.__name__}*" for m in unions()[name]
    ]
    return f"### {name}\n\n" + ",\n".join(members)


HEAD = """# Models

Written by `docs/_tools/model_pages.py` from `heliograph.models`; do not edit.

Field names are as on the wire; the SDK's (camelCase) shape is `models.to_sdk(value)` and
`models.from_sdk(cls, value)`. *Required* is what some specification requires. A field that is not
required may be absent (`models.UNSET`); it may be null only where its type says so. Strings with
*Known* values take others too: what is not known is kept as it came."""


def stale(wanted: dict[str, str] | None = None) -> list[str]:
    """Names of the pages that are missing, changed or no longer wanted."""
    wanted = pages() if wanted is None else wanted
    found = {path.name: path.read_text(encoding="utf-8") for path in OUT.glob("*.md")}
    return sorted(n for n in wanted.keys() | found.keys() if wanted.get(n) != found.get(n))


def main(arguments: list[str]) -> int:
    wanted = pages()
    old = stale(wanted)
    if "--check" in arguments:
        for name in old:
            print(f"stale: docs/models/{name} (run python docs/_tools/model_pages.py)")
        return 1 if old else 0
    OUT.mkdir(parents=True, exist_ok=True)
    for name in old:
        if name in wanted:
            (OUT / name).write_text(wanted[name], encoding="utf-8")
        else:
            (OUT / name).unlink()
    print(f"{len(wanted)} pages, {len(old)} written or removed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
