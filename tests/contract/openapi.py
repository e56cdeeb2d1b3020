"""The published description of Discourse's API: whether it describes a request, and what of the request it does not."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

VARIABLE = "PEERPLUGIN_TEST_OPENAPI"
BESIDE = Path(__file__).parents[3] / "shared" / "discourse" / "openapi.json"


@dataclass(frozen=True)
class Asked:
    """A request: its address with the query, and its JSON body."""

    method: str
    address: str
    body: Any = None


class Description:
    """The operations that are described. A handful of rules is all that it uses: types, properties, `required`, `enum`."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._paths = [(_pattern(path), operations) for path, operations in document["paths"].items()]

    def complaints(self, asked: Asked) -> Iterator[str]:
        """What the description does not know of a request, or knows otherwise."""
        parts = urlsplit(asked.address)
        found = next(
            (ops[asked.method.lower()] for path, ops in self._paths if path.fullmatch(parts.path) and asked.method.lower() in ops), None
        )
        line = f"{asked.method} {re.sub(r'[0-9]+', 'N', re.sub(r'(?<=external_id/)[^/.]+', 'ID', parts.path))}"
        if found is None:
            yield line
            return
        schema = found.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {"properties": {}})
        known = {each["name"]: each.get("schema", {}) for each in found.get("parameters", []) if each["in"] == "query"}
        if asked.method == "GET":  # the one body of a GET that is described is sent as a query
            known |= schema["properties"]
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            yield from (
                (f"{line} ?{said}" for said in _value(name, value, known[name]) if name in known) if name in known else [f"{line} ?{name}"]
            )
        if asked.method != "GET" and asked.body is not None:
            yield from (f"{line} {said}" for said in _value("", asked.body, {"type": "object", **schema}))


def published() -> Description:
    """The description, or a skip: it is not ours to pass on."""
    path = Path(os.environ.get(VARIABLE) or BESIDE)
    if not path.is_file():
        pytest.skip(f"third-party data: the published description of Discourse's API is not beside the checkout (or in {VARIABLE})")
    return Description(json.loads(path.read_text(encoding="utf-8")))


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))


def _value(name: str, value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a value, or inside of it."""
    kind = schema.get("type")
    if not _is(kind, value):
        yield f"{name} is not {kind}"
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{name} is none of {schema['enum']}"
    elif kind == "object" and "properties" in schema:
        for key in schema.get("required") or []:
            if key not in value:
                yield f"{name}{key} is required"
        for key, inner in value.items():
            known = schema["properties"].get(key)
            yield from [f"{name}{key}"] if known is None else _value(f"{name}{key}.", inner, known)


def _is(kind: str | None, value: Any) -> bool:
    """Whether a value is of a described type; a query and a form send numbers and booleans as words."""
    if kind == "integer":
        return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, str) and value.isdecimal())
    if kind == "boolean":
        return isinstance(value, bool) or value in ("true", "false")
    return isinstance(value, {"string": str, "array": list, "object": dict}.get(kind or "", object))
