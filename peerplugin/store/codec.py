"""Our frozen values to JSON and back. Members of a union are stored with their class name beside them.

A value that cannot be read is reported by its shape and place, never by its content."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar, cast, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from peerplugin.core.effects import AnyEffect
from peerplugin.core.facts import AnyFact
from peerplugin.core.model import RoomEvent
from peerplugin.errors import PeerpluginError

T = TypeVar("T")

EFFECTS: dict[str, type[AnyEffect]] = {shape.__name__: shape for shape in get_args(AnyEffect)}
FACTS: dict[str, type[AnyFact]] = {shape.__name__: shape for shape in get_args(AnyFact)}


class StoreError(PeerpluginError):
    """The store could not be read or written while the service ran: a full disk, a damaged file, a row nobody understands."""


@cache
def _adapter(shape: Hashable) -> TypeAdapter[Any]:
    # Built when first needed: all of them together would be felt at every start of the command line.
    return TypeAdapter(cast("type[Any]", shape))


def dump(value: object) -> str:
    """One value as JSON, defaults and all: what a field meant when it was written must not change with a later default."""
    return _dump(value, without=None)


def dump_event(event: RoomEvent) -> str:
    """An event without its body. There are many and they are short-lived, so empty fields are spared."""
    return _dump(event, without={"body"})


def _dump(value: object, without: set[str] | None) -> str:
    adapter = _adapter(cast("Hashable", type(value)))
    spare = without is not None
    try:
        # No warnings, since they would quote the value.
        return adapter.dump_json(value, exclude=without, exclude_defaults=spare, fallback=_plain, warnings="none").decode()
    except PydanticSerializationError:
        # Half a surrogate pair cannot be written as UTF-8, whoever sent it: it becomes a question mark.
        plain = adapter.dump_python(value, mode="json", exclude=without, exclude_defaults=spare, fallback=_plain, warnings="none")
        return writable(json.dumps(plain, ensure_ascii=False))


def _plain(value: object) -> object:
    # A Mapping that is no dict (a read-only view, say) is written as the dict that it will be read as.
    return dict(value) if isinstance(value, Mapping) else value


def load(shape: type[T], text: str) -> T:
    """The value that `dump` wrote."""
    try:
        value: T = _adapter(cast("Hashable", shape)).validate_json(text)
    except ValidationError as error:
        places = ", ".join(sorted({".".join(str(part) for part in fault["loc"]) or "all of it" for fault in error.errors()})[:5])
    else:
        return value
    # Raised outside of the handler: the validation error, which quotes what it read, must not ride along in a traceback.
    raise StoreError(
        f"A stored {shape.__name__} cannot be read ({places}): it was written by another version, or damaged. Restore a backup."
    )


def load_effect(kind: str, text: str) -> AnyEffect:
    """An effect of the outbox by its class name."""
    return load(_known(EFFECTS, kind), text)


def load_fact(kind: str, text: str) -> AnyFact:
    """A fact by its class name."""
    return load(_known(FACTS, kind), text)


def load_event(text: str, body: str) -> RoomEvent:
    """An event whose body is kept in a column of its own, so that it can be erased alone."""
    return replace(load(RoomEvent, text), body=body)


def writable(text: str) -> str:
    """The text with everything that is no UTF-8 (halves of surrogate pairs) as question marks."""
    return text.encode("utf-8", "replace").decode()


def _known(shapes: dict[str, type[T]], kind: str) -> type[T]:
    if kind not in shapes:
        raise StoreError(f"The store holds a {kind}, which this version does not know. Install the version that wrote it, or a newer one.")
    return shapes[kind]
