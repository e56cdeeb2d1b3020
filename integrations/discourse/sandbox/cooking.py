"""From a post's raw text to the HTML that people read: CommonMark without HTML, a line break where there is one, dates as Discourse writes them."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from markdown_it import MarkdownIt

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_BARE_URL = re.compile(r"(?<![<(\[\w\"'=])https?://[^\s<>()\"\]]*[^\s<>()\"\].,;:!?]")
_DATE = re.compile(r"\[date=([\d-]{10})((?: [a-z]+=(?:&quot;[^\]]*?&quot;|[^\s\]]+))*)\]")
_ATTRIBUTE = re.compile(r"([a-z]+)=(?:&quot;(.*?)&quot;|(\S+))")


def cook(raw: str) -> str:
    """The HTML of a post. HTML in the text is shown as text; only comments vanish."""
    text = _BARE_URL.sub(r"<\g<0>>", _COMMENT.sub("", raw))
    return _DATE.sub(_local_date, _markdown().render(text).strip())


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "breaks": True, "xhtmlOut": False}).enable(["strikethrough", "table"])


def _local_date(match: re.Match[str]) -> str:
    """Readers without scripts see the instant in UTC; an unknown zone is dropped, which makes the time UTC."""
    attributes = {name: html.unescape(quoted or plain) for name, quoted, plain in _ATTRIBUTE.findall(match[2])}
    on, time, zone = match[1], attributes.get("time", ""), attributes.get("timezone", "")
    try:
        at = datetime.fromisoformat(f"{on}T{time or '00:00:00'}").replace(tzinfo=ZoneInfo(zone) if zone else UTC)
        shown = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if time else on
    except (ValueError, ZoneInfoNotFoundError):
        shown = "Invalid date"
    data = f' data-date="{on}"' + (f' data-time="{html.escape(time)}"' if time else "")
    place = f' data-timezone="{html.escape(zone)}"' if zone else ""
    return f'<span{data} class="discourse-local-date"{place} data-email-preview="{shown} UTC">{shown}</span>'
