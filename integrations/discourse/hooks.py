"""A webhook's delivery, verified and read: whether this forum signed it, and which topic it hints at. Pure; nothing it says is kept.

Only the body is signed. The number, the event's name and the forum's address stand in headers that anybody could change:
they tell deliveries apart and find mistakes in the settings, and are not relied on."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from peerplugin.core.hints import Delivery, Hint, Refused

PATH = "/hooks/discourse"
"""Where deliveries come in, below the service's public address."""
LIMIT = 2**20
"""Bytes of the longest body: a post of the 150,000 characters that Discourse allows at most comes as raw and as cooked, escaped."""

_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,20}", re.ASCII)
_KINDS = {f"{about}_{what}" for about in ("topic", "post") for what in ("created", "edited", "destroyed", "recovered")} | {
    f"topic_{status}_status_updated" for status in ("closed", "visible", "archived", "pinned", "pinned_globally", "autoclosed")
}
_LARGEST_ID = 2**63 - 1


def sign(body: bytes, secret: str) -> str:
    """The signature that Discourse sends along with a body."""
    return "sha256=" + hmac.new(secret.encode(), body, "sha256").hexdigest()


def is_worth_reading(headers: Mapping[str, str]) -> bool:
    """Whether there is a signature at all: without one, the body is not even read."""
    return _SIGNATURE.fullmatch(headers.get("X-Discourse-Event-Signature", "")) is not None


def read(headers: Mapping[str, str], body: bytes, *, secret: str, forum: str) -> Delivery | Refused:
    """What a delivery hints at, or why it is refused. `forum` is the address of ours; whatever comes in, nothing is raised."""
    if not is_worth_reading(headers):
        return Refused(403, "not-signed")
    signature = sign(body, secret)
    if not hmac.compare_digest(signature, headers["X-Discourse-Event-Signature"]):
        return Refused(403, "other-secret")
    sender = _site(headers.get("X-Discourse-Instance", ""))
    if sender is None or sender != _site(forum):
        return Refused(403, "other-forum")
    number = headers.get("X-Discourse-Event-Id", "")
    if _NUMBER.fullmatch(number) is None:
        return Refused(400, "no-number")
    if len(body) > LIMIT:
        return Refused(413, "too-long")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return Refused(400, "not-json")
    if not isinstance(said, dict):
        return Refused(400, "no-object")
    # A second try of Discourse's comes with a new number and the old body, a replay with whatever number somebody made up. The kind
    # belongs to it: a topic that is deleted and recovered is told of by the same bytes.
    hint = _hint(said, headers.get("X-Discourse-Event", ""))
    return Delivery((number, f"{hint.kind if hint else ''}:{signature[7:39]}"), hint)


def _site(address: str) -> tuple[str, str] | None:
    """Host and folder. Not the scheme: a forum behind a proxy often believes that it is plain http."""
    try:
        parts = urlsplit(address)
        port = {None: "", 80: "", 443: ""}.get(parts.port, f":{parts.port}")
    except ValueError:
        return None
    return (f"{parts.hostname}{port}", parts.path.rstrip("/").lower()) if parts.hostname else None


def _hint(said: dict[str, object], event: str) -> Hint | None:
    """Topics and posts; of anything else (a ping, a like, a badge, what plug-ins send) we want to know nothing."""
    for about, key in (("post", "topic_id"), ("topic", "id")):
        thing = said.get(about)
        if not isinstance(thing, dict) or (topic_id := _id(thing.get(key))) is None:
            continue
        kind = event if event in _KINDS and event.startswith(f"{about}_") else about
        return Hint(topic_id, _id(thing.get("id")) if about == "post" else None, kind)
    return None


def _id(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST_ID else None
