"""Recorded exchanges with a real Discourse: what was asked, by whom, and the answer; and the webhooks that it delivered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import requests

RECORDED = Path(__file__).parent / "recorded"


@dataclass(frozen=True)
class Recording:
    """One exchange. `sent` is JSON, a str that is no JSON, or `{"_form": ...}`."""

    name: str
    role: str
    method: str
    path: str
    asked: Mapping[str, str]
    sent: Any
    status: int
    headers: Mapping[str, str]
    body: Any

    def answer(self) -> requests.Response:
        """The recorded answer, as it would come in."""
        response = requests.Response()
        response.status_code = self.status
        response.headers.update(self.headers)
        is_text = isinstance(self.body, str) and "json" not in self.headers.get("Content-Type", "")
        response._content = (self.body if is_text else json.dumps(self.body)).encode()
        response.encoding = "utf-8"
        return response


@dataclass(frozen=True)
class Delivery:
    """What the forum sent to our receiver, to the byte."""

    name: str
    secret: str
    headers: Mapping[str, str]
    body: bytes


@cache
def recording(name: str) -> Recording:
    """The exchange with this name."""
    whole = _whole(name)
    asked, answered = whole["request"], whole["response"]
    return Recording(
        name=name,
        role=whole["role"],
        method=asked["method"],
        path=asked["path"],
        asked=asked["headers"],
        sent=asked.get("body"),
        status=answered["status"],
        headers=answered["headers"],
        body=answered["body"],
    )


@cache
def delivery(name: str) -> Delivery:
    """The webhook delivery with this name."""
    whole = _whole(name)
    asked = whole["request"]
    return Delivery(name, whole["webhook_secret"], asked["headers"], asked["body_raw"].encode())


def recordings() -> list[str]:
    """The names of all exchanges that are kept here."""
    return [name for name in _names() if not name.startswith("webhook.")]


def deliveries() -> list[str]:
    """The names of all webhook deliveries that are kept here."""
    return [name for name in _names() if name.startswith("webhook.")]


@cache
def _names() -> list[str]:
    return sorted(path.stem for path in RECORDED.glob("*.json"))


def _whole(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
