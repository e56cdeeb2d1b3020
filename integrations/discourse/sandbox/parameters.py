"""What a call sends: JSON or a form, with Rails' brackets in the names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl

from aiohttp import web

from integrations.discourse.sandbox import answers
from integrations.discourse.sandbox.answers import Json

BODY = web.RequestKey("body", dict)


async def read(request: web.Request) -> Json:
    """The parameters in a call's body; what is no object has none."""
    if not request.can_read_body:
        return {}
    if request.content_type == "multipart/form-data":
        return await _multipart(request)
    text = await request.text()
    if request.content_type == "application/x-www-form-urlencoded":
        return _nested(parse_qsl(text, keep_blank_values=True))
    try:
        body = json.loads(text or "{}")
    except ValueError:
        raise answers.bad_request() from None
    return body if isinstance(body, dict) else {}


async def _multipart(request: web.Request) -> Json:
    fields = await request.post()
    return _nested((name, value) for name, value in fields.items() if isinstance(value, str))


def body_of(request: web.Request) -> Json:
    """The parameters that were read before."""
    body: Json = request.get(BODY, {})
    return body


def inner(body: Json, name: str) -> Json:
    """The parameters under a name; JSON may leave the name out, as Rails wraps them itself."""
    wrapped = body.get(name)
    return wrapped if isinstance(wrapped, dict) else body


def number(request: web.Request, name: str) -> int:
    """A number in the address; one that is larger than any row's is not there."""
    value = int(request.match_info[name])
    if value >= 2**63:
        raise answers.topic_not_found() if request.path.startswith("/t/") else answers.not_found()
    return value


def page(request: web.Request, *, first: int) -> int:
    """Which page is asked for."""
    value = request.query.get("page", "")
    return min(int(value), 10**9) if value.isdecimal() else first


def numbers(values: object) -> list[int]:
    """The numbers of a list; an empty text in it says that there are none."""
    return [int(str(each)) for each in values if str(each).isdecimal()] if isinstance(values, list) else []


def texts(values: object) -> list[str]:
    """The texts of a list, without empty ones."""
    return [str(each) for each in values if str(each)] if isinstance(values, list) else []


def is_true(value: object) -> bool:
    """Rails' `params[x] == "true"`: JSON's own true is something else and counts as no."""
    return value == "true"


def _nested(pairs: Iterable[tuple[str, str]]) -> Json:
    """`post[raw]=x&tags[]=a` as an object."""
    body: Json = {}
    for name, value in pairs:
        outer, *rest = re.findall(r"[^\[\]]+|\[\]", name) or [name]
        if rest == ["[]"]:
            entries = body.setdefault(outer, [])
            if isinstance(entries, list):
                entries.append(value)
        elif rest:
            inside = body.setdefault(outer, {})
            if isinstance(inside, dict) and rest[-1] == "[]":
                inside.setdefault(rest[0], []).append(value)
            elif isinstance(inside, dict):
                inside[rest[0]] = value
        else:
            body[outer] = value
    return body
