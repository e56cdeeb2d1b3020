"""From a post's raw text to the HTML that people read, as the recorded forum cooks it: Markdown, HTML as far as it is allowed, and its own signs.

A forum looks for its own signs (mentions, hashtags, emoji, dates) in the text that Markdown has left, where escapes are text already.
Names of emoji are not looked up: whatever looks like one is one. Left as text: polls, pictures of emoji characters, previews of links."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore, text_join
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

Places = Mapping[str, str]
"""Where a mention or a hashtag leads: `@member` -> `/u/member`. What is not there is marked up all the same, without a link."""


def cook(raw: str, places: Places | None = None) -> str:
    """The HTML of a post."""
    return sanitised(markdown().render(raw, {"places": places or {}}))


@cache
def markdown(*, escapes_are_text: bool = True) -> MarkdownIt:
    """The forum's Markdown. Later forums keep escaped signs apart until addresses were looked for (`escapes_are_text=False`)."""
    options = {"html": True, "linkify": True, "typographer": True, "breaks": True, "langPrefix": "lang-", "quotes": "“”‘’"}
    md = MarkdownIt("js-default", options)
    if escapes_are_text:
        md.core.ruler.after("inline", "escapes", text_join)
    md.core.ruler.at("replacements", _typography)
    md.core.ruler.push("emoji", _emoji)
    md.core.ruler.push("marks", _marks)
    md.core.ruler.push("anchors", _anchors)
    md.inline.ruler.before("link", "bbcode", _bbcode_inline)
    md.block.ruler.after("fence", "bbcode", _bbcode_block, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    md.add_render_rule("table_open", lambda *_: '<div class="md-table">\n<table>\n')
    md.add_render_rule("table_close", lambda *_: "</table>\n</div>")
    return md


# --- what HTML is let through -------------------------------------------------------------------------------------------------

_TAGS = frozenset(
    """a abbr aside b big blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre rp rt ruby s
    small span strike strong sub summary sup table tbody td th thead tr ul""".split()
)
_ATTRIBUTES = {
    "*": {"class", "lang", "title"}, "a": {"href", "name", "rel", "target"}, "details": {"open"}, "ol": {"start", "reversed"},
    "img": {"src", "alt", "width", "height", "loading"}, "td": {"align", "colspan", "rowspan"}, "th": {"align", "colspan", "rowspan"},
}  # fmt: skip
_CLASSES = re.compile(
    r"mention(?:-group notify)?|hashtag|anchor|emoji|bbcode-[bius]|discourse-local-date|md-table|quote|quote-controls|title|lang-[\w-]+"
)


def sanitised(cooked: str) -> str:
    """HTML without what a post may not hold: scripts, frames, styles, comments, foreign classes."""
    clean = nh3.clean(
        cooked, tags=set(_TAGS), clean_content_tags={"script", "style", "iframe"}, attributes=_ATTRIBUTES, attribute_filter=_attribute,
        generic_attribute_prefixes={"data-"}, url_schemes={"http", "https", "mailto"}, link_rel=None,
    )  # fmt: skip
    return clean.strip()


def _attribute(tag: str, name: str, value: str) -> str | None:
    return None if name == "class" and not _CLASSES.fullmatch(value) else value


# --- signs in the text that Markdown has left ------------------------------------------------------------------------------------

_SWAPS: tuple[tuple[str, str], ...] = (
    (r"\+-", "±"), (r"(?:^|(?<=\s))-{1,2}>(?=\s|$)", "→"), (r"(?:^|(?<=\s))<-{1,2}(?=\s|$)", "←"), (r"\.{3,}", "…"), (r"([?!])…", r"\1.."),
    (r"([?!]){4,}", r"\1\1\1"), (r",{2,}", ","), (r"(?<!-)---(?!-)", "—"), (r"(?<!\S)--(?!\S)|(?<=[^-\s])--(?=[^-\s])", "–"),
    (r"(?i)\(tm\)", "™"), (r"(?i)\(pa\)", "¶"),
)  # fmt: skip
_EMOJI = re.compile(
    r"(?P<name>(?<![^\s\W_]):(?!\d+:)[\w+-]{1,60}:)|(?<![^\s\W_])(?:[:;](?:'-?|-'?)?[()DOPp|/$*]|8-\)|\^__?\^|</?3)(?=\s|$)"
)
_MARK = re.compile(
    r"(?P<mention>@(?:\w[\w.-]{0,58}\w|\w))|(?P<hashtag>#[\w:-](?:[\w:.-]{0,99}[\w:-])?)"
    r"|\[date=(?P<date>.+?)\]|\[date-range (?P<range>.+?)\]"
)


def _texts(state: StateCore, change: Callable[[str, StateCore], list[Token] | None], *, in_links: bool) -> None:
    """Let `change` make other tokens of each text; links that were made of bare addresses are never touched."""
    for block in state.tokens:
        out: list[Token] = []
        inside = 0
        for token in block.children or ():
            if token.type in {"link_open", "link_close"} and (not in_links or token.info == "auto"):
                inside += token.nesting
            found = change(token.content, state) if token.type == "text" and not inside else None
            out += [token] if found is None else found
        if block.children is not None:
            block.children = out


def _split(text: str, pattern: re.Pattern[str], become: Callable[[re.Match[str]], list[Token]]) -> list[Token] | None:
    out: list[Token] = []
    done = 0
    for match in pattern.finditer(text):
        out += [_text(text[done : match.start()]), *become(match)]
        done = match.end()
    return [*out, _text(text[done:])] if done else None


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _html(content: str) -> Token:
    return Token("html_inline", "", 0, content=content)


def _typography(state: StateCore) -> None:
    for block in state.tokens:
        for token in block.children or ():
            if token.type == "text":
                for pattern, shown in _SWAPS:
                    token.content = re.sub(pattern, shown, token.content)


def _emoji(state: StateCore) -> None:
    def picture(match: re.Match[str]) -> list[Token]:
        name = match["name"] or f":{match[0]}:"
        shown = html.escape(name)
        return [_html(f'<img src="/images/emoji/{html.escape(name.strip(":"))}.png" title="{shown}" class="emoji" alt="{shown}">')]

    _texts(state, lambda text, _: _split(text, _EMOJI, picture), in_links=True)


def _marks(state: StateCore) -> None:
    def marked(text: str, state: StateCore) -> list[Token] | None:
        return _split(text, _MARK, lambda match: _marked(match, state.env["places"]) if _stands_alone(match) else [_text(match[0])])

    _texts(state, marked, in_links=False)


def _stands_alone(match: re.Match[str]) -> bool:
    """Whether spaces or punctuation, or nothing, stand before and behind."""
    neighbours = match.string[: match.start()][-1:] + match.string[match.end() :][:1]
    return not any(sign.isalnum() for sign in neighbours)


def _marked(match: re.Match[str], places: Places) -> list[Token]:
    if match["date"]:
        return [_html(_local_date(f"date={match['date']}"))]
    if match["range"]:
        first, last = (_local_date(match["range"], end) for end in ("from", "to"))
        return [_html(first), _text("→"), _html(last)]
    place, sign = places.get(match[0]), "mention" if match["mention"] else "hashtag"
    shown = html.escape(match[0]) if match["mention"] or not place else f"#<span>{html.escape(match[0][1:].partition('::')[0])}</span>"
    if place and place.startswith("/groups/"):
        sign = "mention-group notify"
    return [_html(f'<a class="{sign}" href="{html.escape(place)}">{shown}</a>' if place else f'<span class="{sign}">{shown}</span>')]


_SETTING = re.compile(r"([a-z]+)=(?:[\"“”]([^\"“”]*)[\"“”]|([^\s\]]+))")


def _local_date(written: str, end: str = "") -> str:
    """Readers without scripts see the instant in UTC; an unknown zone is dropped, which makes the time UTC."""
    given = {name: quoted or plain for name, quoted, plain in _SETTING.findall(written)}
    if end:
        given["date"], _, given["time"] = given.get(end, "").partition("T")
    on, time, zone, form = (given.get(name, "") for name in ("date", "time", "timezone", "format"))
    try:
        place = ZoneInfo(zone) if zone else UTC
    except (ValueError, ZoneInfoNotFoundError):
        place, zone = UTC, ""
    try:
        at = datetime.fromisoformat(f"{on}T{time or '00:00:00'}").replace(tzinfo=place).astimezone(UTC)
    except ValueError:
        return "Invalid date"
    instant = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = f"{at:%A, %B} {at.day}, {at.year} {at.hour % 12 or 12}:{at:%M %p}" if form == "LLLL" else instant
    kept = {name: given.get(name, "") for name in ("format", "timezones", "recurring")} | {"range": "true" if end else ""}
    data = {"date": on, "time": time, "timezone": zone, "email-preview": f"{instant} UTC"} | kept
    attributes = "".join(f' data-{name}="{html.escape(value)}"' for name, value in data.items() if value)
    return f'<span class="discourse-local-date"{attributes}>{shown}</span>'


def _anchors(state: StateCore) -> None:
    """Every heading can be linked to."""
    headings = [inline for opened, inline in zip(state.tokens, state.tokens[1:], strict=False) if opened.type == "heading_open"]
    for number, inline in enumerate(headings, 1):
        words = "".join(token.content for token in inline.children or () if token.type in {"text", "code_inline"})
        name = "-".join([*re.findall(r"[^\W_]+", words.lower()), str(number)])
        inline.children = [_html(f'\n<a name="{name}" class="anchor" href="#{name}"></a>'), *(inline.children or ())]


# --- BBCode ------------------------------------------------------------------------------------------------------------------------

_INLINE = re.compile(r"\[(b|i|u|s|url|email|img|code)(?:=([^\]]*))?\](.*?)\[/\1\]", re.IGNORECASE | re.DOTALL)
_OPENS = re.compile(r"\[(quote|details)(?:=\s*(?:[\"“]([^\"”]*)[\"”]|([^\]]*)))?\]\s*(?:$|(.*?)\[/\1\]\s*$)", re.IGNORECASE)


def _bbcode_inline(state: StateInline, silent: bool) -> bool:
    match = _INLINE.match(state.src, state.pos, state.posMax)
    if match is None or silent:
        return False
    tag, given, inner = match[1].lower(), match[2] or "", match[3]
    if tag == "code":
        state.push("code_inline", "code", 0).content = inner
    elif tag == "img":
        state.push("html_inline", "", 0).content = f'<img src="{html.escape(inner)}" alt="">'
    else:
        where = given or inner
        link = f'<a href="{html.escape(f"mailto:{where}" if tag == "email" else where)}">'
        opened, closed = (link, "</a>") if tag in {"url", "email"} else (f'<span class="bbcode-{tag}">', "</span>")
        state.push("html_inline", "", 0).content = opened
        state.pos, end, state.posMax = match.start(3), state.posMax, match.end(3)
        state.md.inline.tokenize(state)
        state.posMax = end
        state.push("html_inline", "", 0).content = closed
    state.pos = match.end()
    return True


def _bbcode_block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    if state.is_code_block(first):
        return False
    match = _OPENS.match(_line(state, first))
    end = None if match is None else first if match[4] is not None else _closing(state, match[1], range(first + 1, last))
    if match is None or end is None:
        return False
    if silent:
        return True
    before, after = _block_around(match[1].lower(), html.escape(match[2] or match[3] or ""))
    state.push("html_block", "", 0).content = before
    if end == first:
        state.push("paragraph_open", "p", 1)
        inline = state.push("inline", "", 0)
        inline.content, inline.children, inline.map = match[4], [], [first, first + 1]
        state.push("paragraph_close", "p", -1)
    else:
        kept, state.lineMax = state.lineMax, end
        state.md.block.tokenize(state, first + 1, end)
        state.lineMax = kept
    state.push("html_block", "", 0).content = after
    state.line = end + 1
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _closing(state: StateBlock, tag: str, lines: Iterable[int]) -> int | None:
    return next((n for n in lines if _line(state, n).strip().lower() == f"[/{tag.lower()}]"), None)


def _block_around(tag: str, given: str) -> tuple[str, str]:
    if tag == "details":
        return f"<details>\n<summary>\n{given}</summary>\n", "</details>\n"
    who: Sequence[str] = given.split(",")
    title = f'<div class="title">\n<div class="quote-controls"></div>\n{who[0]}:</div>\n' if who[0] else ""
    return f'<aside class="quote" data-username="{who[0]}">\n{title}<blockquote>\n', "</blockquote>\n</aside>\n"
