"""What is wrong with the settings, in lines an operator can act on: the key's path, what was expected, what was found.

A secret's value is never shown, nor the value of a key we do not know (it may be a secret with a slip in its name)."""

from __future__ import annotations

import difflib
import itertools
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

Table = dict[str, object]
Location = tuple[int | str, ...]

SECRETS = (("matrix", "token"), ("matrix", "password"), ("discourse", "api_key"), ("discourse", "webhook_secret"))
MADE_LATER = {"webhook_secret"}
"""Secrets that a command of ours writes into their file: until then it may be missing, or empty."""


def sentence(path: Path, wrong: Iterable[str]) -> str:
    """All mistakes as one text: a head line, then a line for each."""
    lines = list(dict.fromkeys(wrong))
    count = "1 mistake" if len(lines) == 1 else f"{len(lines)} mistakes"
    return "\n".join([f"{path}: {count} in the settings", *(f"  {line}" for line in lines)])


# --- what pydantic found ------------------------------------------------------------------------------------------


def explain(fault: ValidationError, model: type[BaseModel], env: Mapping[str, str], prefix: str) -> list[str]:
    """A line for each error: our words, from the descriptions of the fields."""
    return [_line(error["type"], error["loc"], error["input"], model) + _origin(error["loc"], env, prefix) for error in fault.errors()]


def _line(kind: str, loc: Location, value: object, model: type[BaseModel]) -> str:
    where, (tables, field) = dotted(loc), _walk(model, loc)
    if kind == "extra_forbidden":
        return f"{where}: unknown key{_nearest(str(loc[-1]), tables.model_fields)}"
    expected = field.description if field else "something else"
    if kind == "missing":
        return f"{where}: expected {expected}, found nothing"
    found = "something else (not shown)" if field and _is_secret(field) else _shown(value)
    return f"{where}: expected {expected}, found {found}"


def dotted(loc: Location) -> str:
    """`series[1].schedule.zone`, the way a person names the place."""
    path = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in loc)
    return path.removeprefix(".")


def _walk(model: type[BaseModel], loc: Location) -> tuple[type[BaseModel], FieldInfo | None]:
    """The table that the last key of `loc` stands in, and the last field on the way."""
    table, inside, field = model, model, None
    for part in loc:
        if isinstance(part, str):
            table = inside
            if part not in table.model_fields:
                break
            field = table.model_fields[part]
            inside = _table_of(field.annotation) or table
    return table, field


def _table_of(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _table_of(part))), None)


def _is_secret(field: FieldInfo) -> bool:
    return SecretStr in {field.annotation, *get_args(field.annotation)} or any(
        SecretStr in get_args(part) for part in get_args(field.annotation)
    )


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, str):
        return "something else (not shown)" if _maybe_secret(value) else '"' + value[:60].replace("\n", "\\n") + '"'
    return str(value).lower() if isinstance(value, bool) else str(value)


def _maybe_secret(value: str) -> bool:
    """A key in the wrong place, or an address with a password in it."""
    return "@" in value[1:] or re.search(r"[A-Za-z0-9_-]{24,}", value) is not None


def _nearest(key: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"; the nearest known one is {near[0]}" if near else f"; known here are {', '.join(known)}"


def _origin(loc: Location, env: Mapping[str, str], prefix: str) -> str:
    name = prefix + "__".join(str(part) for part in loc).upper()
    return f" (from the environment, {name})" if name in env else ""


def unknown_variables(env: Mapping[str, str], prefix: str, model: type[BaseModel]) -> list[str]:
    """Variables that look like a key of a table that we do not have. (An unknown key of a known table is an unknown key as in the file.)"""
    wrong = []
    for name in sorted(env):
        table, mark, _key = name.removeprefix(prefix).lower().partition("__")
        if name.startswith(prefix) and mark and table not in model.model_fields:
            wrong.append(f"{table}: unknown table in the environment variable {name}{_nearest(table, model.model_fields)}")
    return wrong


# --- secrets by file ----------------------------------------------------------------------------------------------


def read_secrets(found: Table, folder: Path, *, keyless: bool = False) -> list[str]:
    """Put what the `*_file` keys name in the place of the secrets themselves; say what is wrong with the files."""
    may_lack, wrong = MADE_LATER | ({"api_key"} if keyless else set()), []
    for table_name, key in SECRETS:
        table = found.get(table_name)
        if not isinstance(table, dict) or not isinstance(table.get(f"{key}_file"), str):
            continue
        where = f"{table_name}.{key}_file"
        if key in table:
            wrong.append(f"{where}: expected only one of {key} and {key}_file, found both")
            continue
        file = folder / Path(table[f"{key}_file"]).expanduser()
        if key in may_lack and is_unwritten(file):
            continue
        try:
            table[key] = _read_secret(file)
        except _UnfitError as fault:
            wrong.append(f"{where}: {fault}")
    return wrong


def is_unwritten(file: Path) -> bool:
    """Whether a secret's file is still to be written: it is not there, or somebody made it and put nothing in."""
    try:
        return file.stat().st_size == 0
    except FileNotFoundError:
        return True
    except OSError:  # the folder is closed to us, say: reading it will tell
        return False


class _UnfitError(Exception):
    """A secret file that we do not take, and why."""


def _read_secret(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8").strip()
    except OSError as fault:
        raise _UnfitError(f"expected a readable file, found {path}: {fault.strerror}") from None
    except UnicodeDecodeError:
        raise _UnfitError(f"expected a line of text, found other data in {path}") from None
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise _UnfitError(f"expected a file that only its owner can read, found {path} open to everybody (chmod 600)")
    if len(text.splitlines()) != 1:
        raise _UnfitError(f"expected the secret in one line, found {len(text.splitlines())} lines in {path}")
    return text


# --- keys that must agree -----------------------------------------------------------------------------------------


def cross_check(found: Table, *, keyless: bool = False) -> list[str]:
    """Rules between keys. They look at the raw tables, so that they are told together with everything else."""
    key = () if keyless else _key(found)
    return [*_login(found), *key, *_hook(found), *_retries(found), *_some(found), *_alike(found), *_rooms(found)]


def _has(table: Mapping[str, object], key: str) -> bool:
    return key in table or f"{key}_file" in table


def _login(found: Table) -> Iterable[str]:
    table = found.get("matrix")
    if not isinstance(table, dict):
        return
    token, password = _has(table, "token"), _has(table, "password")
    if token and password:
        yield "matrix: expected a token or a password, found both"
    elif not token and not password:
        yield "matrix: expected a token or a password (token_file, password_file, or the environment), found neither"


def _key(found: Table) -> Iterable[str]:
    table = found.get("discourse")
    if isinstance(table, dict) and not _has(table, "api_key"):
        yield "discourse.api_key: expected the API key (api_key_file, or the environment), found nothing"


def _hook(found: Table) -> Iterable[str]:
    discourse, http = found.get("discourse"), found.get("http")
    if isinstance(discourse, dict) and _has(discourse, "webhook_secret") and not (isinstance(http, dict) and "port" in http):
        yield "http.port: expected a port, since the forum's hook comes in there (discourse.webhook_secret is set), found nothing"


def _retries(found: Table) -> Iterable[str]:
    table = found.get("service")
    first, most = (table.get("retry_first_s", 5), table.get("retry_most_s", 900)) if isinstance(table, dict) else (0, 0)
    if isinstance(first, int | float) and isinstance(most, int | float) and first > most:
        yield f"service.retry_most_s: expected at least retry_first_s ({first}), found {most}"


def _series(found: Table) -> list[tuple[str, Table]]:
    tables = found.get("series")
    if not isinstance(tables, list):
        return []
    return [(f"series[{number}]", table) for number, table in enumerate(tables, 1) if isinstance(table, dict)]


def _some(found: Table) -> Iterable[str]:
    if found.get("series") == []:  # (pydantic would say so too, but also of a list whose series are all wrong)
        yield "series: expected at least one table [[series]], found none"


def _alike(found: Table) -> Iterable[str]:
    for (_, one), (where, other) in itertools.combinations(_series(found), 2):
        if one.get("id") is not None and one.get("id") == other.get("id"):
            yield f'{where}.id: expected an id that no other series has, found "{other["id"]}" again'
        names = [str(table.get("name", "")).strip().casefold() for table in (one, other)]
        if one.get("room") == other.get("room") is not None and all(names) and _either_begins(*names):
            yield (
                f"{where}.name: expected a name that `!startmeeting` can tell from the other series of the room, "
                f'found "{other["name"]}" beside "{one["name"]}"'
            )


def _either_begins(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _rooms(found: Table) -> Iterable[str]:
    for where, table in _series(found):
        if table.get("room") is not None and table.get("room") == table.get("management_room"):
            yield f"{where}.management_room: expected a room of its own for the moderators, found the meeting room"
        if table.get("category") is not None and table.get("category") == table.get("drafts_category"):
            yield f"{where}.drafts_category: expected a private category, found the public one ({table['category']})"
