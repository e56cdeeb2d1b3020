"""The words of a message: cleaned of what no reader should meet, without the quotation a reply carries, and whom they name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from peerplugin.core.model import UserId

MAX_BYTES: Final = 65_536
"""The most a body may hold; a homeserver refuses an event over 64 KiB, an export may hold anything."""

# NUL (SQLite and C libraries end at it) and every character of Unicode's Bidi_Control property, with which a line reads
# differently from what it holds. Half a surrogate pair cannot be stored or sent: it becomes the replacement character.
_DROPPED = re.compile("[\x00\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_HALVES = re.compile("[\ud800-\udfff]")
_SELECTORS = re.compile("[\ufe0e\ufe0f]")
_QUOTES_NAMED = re.compile(r">[ ]?(?:\* )?<@[^:>\s]{1,254}:[^>\s]{1,254}>")
_REPLY_BLOCK = re.compile(r"<mx-reply>.*?(?:</mx-reply>|\Z)", re.DOTALL)
_PILL = re.compile(r"""https://matrix\.to/#/((?:@|%40)[^"'\s<>)?/]{1,300})""")
_MENTION = re.compile(r"(?<![\w.@/])@[A-Za-z0-9._=/+\-]{1,200}:[A-Za-z0-9\[][A-Za-z0-9.\-\[\]]{0,200}(?::\d{1,5})?")
_USER = re.compile(r"@[^\s:\x00-\x20\x7f]{1,200}:[A-Za-z0-9.\-:\[\]]{1,200}")
_MOST_MENTIONS: Final = 100


def clean(text: str) -> str:
    """The text without NUL, bidirectional controls and broken characters; all else stays."""
    text = _DROPPED.sub("", text)
    return _HALVES.sub("\ufffd", text) if _HALVES.search(text) else text


def without_selectors(emoji: str) -> str:
    """A heart is a heart, sent with a variation selector or without."""
    return _SELECTORS.sub("", emoji)


def without_quotation(body: str, *, only_named: bool = False) -> str:
    """A reply's own words: the lines with `>` at its head are somebody else's, who may have taken them back since.

    `only_named`: strip only what names its author (`> <@bo:example.org> ...`), where nothing else says that this is a reply.
    """
    if not body.startswith(">") or (only_named and not _QUOTES_NAMED.match(body)):
        return body
    lines = body.split("\n")
    own = next((number for number, line in enumerate(lines) if not line.startswith(">")), len(lines))
    if own < len(lines) and not lines[own].strip():
        own += 1
    return "\n".join(lines[own:])


def mentioned(content: Mapping[str, object], body: str) -> tuple[UserId, ...]:
    """Everybody a message names by their id: in `m.mentions`, as a pill in its HTML, in its words. In that order, each once."""
    stated = content.get("m.mentions")
    named = stated.get("user_ids") if isinstance(stated, Mapping) else None
    found = [clean(user) for user in named[:_MOST_MENTIONS] if isinstance(user, str)] if isinstance(named, list) else []
    html = content.get("formatted_body")
    if isinstance(html, str) and len(html) <= MAX_BYTES and "matrix.to" in html:
        found += (unquote(pill) for pill in _PILL.findall(_REPLY_BLOCK.sub("", html)))
    if "@" in body or "matrix.to" in body:
        found += (unquote(pill) for pill in _PILL.findall(body))
        found += (mention.rstrip(".-:") for mention in _MENTION.findall(body))
    users = (user for user in found if len(user) <= 255 and _USER.fullmatch(user))
    return tuple(UserId(user) for user in dict.fromkeys(users))[:_MOST_MENTIONS]
