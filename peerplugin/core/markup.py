"""What members wrote, as the Markdown, the titles and the tags that a forum shows as exactly that: never as markup, mention, link or HTML.

A forum reads a text twice. First as Markdown: there a backslash before a sign makes it text. Then it looks through the text that is left for
mentions, hashtags, emoji, addresses, dates and check boxes, and there the backslash is gone already: only a sign that does not stand beside
its neighbour any more is safe. An empty HTML comment parts the two and is absent from what people read. Each rule says what it is against and
where its guard goes; what no rule touches stays as it was written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

APART = "<!-- -->"
"""Parts two signs of a text; nobody sees it. It must never begin a text: there it would begin a block of raw HTML."""
ESCAPE = "\\"


@dataclass(frozen=True, slots=True)
class Guard:
    """One rule: wherever `where` ends in a text, `by` is put in."""

    against: str
    where: re.Pattern[str]
    by: str


def _apart(against: str, where: str) -> Guard:
    return Guard(against, re.compile(where, re.IGNORECASE), APART)


def _escaped(against: str, where: str) -> Guard:
    return Guard(against, re.compile(where), ESCAPE)


GUARDS = (
    # What a forum looks for in the text that Markdown leaves: signs that are parted.
    _apart("mentions", r"(?<=@)(?=\w|[^\x00-\x7f])"),  # of members and of groups
    _apart("hashtags", r"(?<=#)(?=[\w:-]|[^\x00-\x7f])"),  # categories and tags
    _apart("emoji names", r"(?<=:)(?!\d\d?:)(?=[^\s:]{1,60}:)"),  # `:smile:`, but not the minutes of 10:30:00
    _apart(
        "smileys", r"(?<![^\W_])(?:[:;](?=['-]{0,2}(?:[()DOP|/$*](?![^\W_])|\((?:tm|pa|[crp])\)))|8(?=-\)))|\^(?=__?\^)|<(?=/?3(?![\w.,]))"
    ),
    _apart("addresses", r"(?<=/)(?=/)"),  # with a scheme, or with two strokes alone
    _apart("hosts", r"(?<=[^\s.]\.)(?=[^\W\d_]{2})"),  # `example.org`, and what follows the @ of a mail address
    _apart("dates and check boxes", r"(?<=\[)(?=date|[ x*_-]?\])"),
    _apart("typographers", r"(?<=\.)(?=\.)|(?<=-)(?=[->])|(?<=[+<])(?=-)|(?<=,)(?=,)|(?<=[?!])(?=[?!]{3})|(?<=\()(?=(?:tm|pa|[crp])\))"),
    _apart("attachments", r"(?!^)(?=\|)|(?<=\|)"),  # the end of a link's text: `report|attachment`
    _apart("formulas between brackets", r"^\[.*\]$"),  # of which an escaped bracket is the mark
    # What Markdown itself reads: signs that are escaped.
    _escaped("escapes", r"(?=\\)"),  # and a hard line break
    _escaped("emphasis", r"(?=\*)(?!(?<=\s)\*\s)|(?=_)(?!(?<=[^\W_])_[^\W_])"),  # but not 2 * 3, and not snake_case
    _escaped("code", r"(?=`)"),
    _escaped("strikes", r"(?=~~)|(?<=~)(?=~)"),  # and a fence of tildes
    _escaped("brackets", r"(?=[\[\]])"),  # links, images, footnotes, BBCode
    _escaped("HTML", r"(?=<(?:[A-Za-z/!?]|[^\s<>]+@))"),  # and <https://example.org>
    _escaped("entities", r"(?=&#?\w+;)"),
    _escaped("formulas", r"(?=\$.*\$)|(?<![^\W_])(?=%.*%)"),
    _escaped("headings", r"^(?=#{1,6}(?: |$))|(?<= )(?=#+$)"),
    _escaped("quotations", r"^(?=>)"),
    _escaped("lists", r"^(?=[-+](?: |$))|^\d{1,9}(?=[.)](?: |$))"),
    _escaped("rules and tables", r"^(?=[-=|:][-=|: ]*$)"),  # and the line under a heading
)

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # controls
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks, embeddings, overrides and isolates of writing direction
    "\u00ad\u034f\u180b-\u180f\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U0001d173-\U0001d17a"  # other signs without a shape
    "\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # letters without a shape
    "\ud800-\udfff\U000e0000-\U000e0fff]"  # halves of characters; tags
)


def visible(text: str) -> str:
    """What readers can see of a text: one line, single spaces, no invisible characters.

    Two stay, since scripts and emoji need them: the zero width joiner and the zero width non-joiner."""
    return " ".join(_INVISIBLE.sub("", text).split())


def shown_as_text(text: str, guards: Sequence[Guard] = GUARDS) -> str:
    """The Markdown of one line that readers see as `visible(text)`, wherever it stands: in a list, in emphasis, in a link, in a heading."""
    line = visible(text)
    marks = {(match.end(), guard.by != APART, guard.by) for guard in guards for match in guard.where.finditer(line)}
    out, done = [], 0
    for place, _, by in sorted(marks):  # where both stand, the escape is beside its sign
        out += [line[done:place], by]
        done = place
    return "".join(out) + line[done:]


# --- links that a moderator approved -----------------------------------------------------------------------------------------

_ADDRESS = re.compile(r"(?<![^\s(,;])https?://[!#%&'()*+,./0-9:;=?@A-Z_a-z~-]+", re.IGNORECASE)
_PLAIN = re.compile(r"https?://[a-z0-9.-]+(?:/[a-z0-9]+(?:[.-][a-z0-9]+)*)*/?", re.IGNORECASE)
"""A forum finds these by itself; others hold signs that Markdown might read, and stand between angle brackets."""
_HOST = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}", re.IGNORECASE)


def with_links(text: str) -> str:
    """Like `shown_as_text`, but web addresses in it can be clicked: for statements that are there for their address."""
    line, out, done = visible(text), [], 0
    for match in _ADDRESS.finditer(line):
        url = _without_end_of_sentence(match[0])
        if may_be_linked(url):
            bare = _PLAIN.fullmatch(url) and line[match.start() + len(url) :][:1] in {"", " "}
            out += [_part(line[done : match.start()]), url if bare else f"<{url}>"]
            done = match.start() + len(url)
    return "".join([*out, _part(line[done:])])


def _without_end_of_sentence(url: str) -> str:
    kept = url.rstrip(".,;:!?'")
    closed = kept.endswith(")") and kept.count("(") < kept.count(")")
    return _without_end_of_sentence(kept[:-1]) if closed else kept


def _part(text: str) -> str:
    """A part of a line, with the spaces that part it from its neighbours."""
    head, tail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :] if text.strip() else ""
    return head + shown_as_text(text) + tail


def may_be_linked(url: str) -> bool:
    """Whether an address is one of the public web: http or https, a host with a name that is what it looks like, nobody's credentials."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = parts.netloc.partition(":")[0]
    if parts.scheme.lower() not in {"http", "https"} or "@" in parts.netloc or port == 0:
        return False
    return bool(_HOST.fullmatch(host)) and "xn--" not in host.lower()


# --- titles and tags ------------------------------------------------------------------------------------------------------------

SHORTEST_TITLE, LONGEST_TITLE = 15, 230
"""Discourse takes 15 to 255 characters; a title that is taken gets a date, which needs its place."""
_LONGEST_WORD, _FEWEST_SIGNS = 30, 10
_EMOJI = re.compile(
    "[\u203c\u2049\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u23cf\u23e9-\u23fa\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u27bf\u2934\u2935"
    "\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299\ufe0f\u20e3\U0001f000-\U0001faff]+(?:\u200d[\u2600-\u27bf\u2b1b\ufe0f\U0001f000-\U0001faff]+)*"
)
_EMOJI_NAME = re.compile(r":(?!\d\d?:)([\w+-]{1,60}):")
_SMILEY = re.compile(r"(?<!\S)(?:[:;]['-]{0,2}[()DdOoPp|/$*]|8-\)|\^__?\^|</?3)(?!\S)")


def lasting_title(title: str) -> str:
    """A title that a forum keeps as it is: what its tidying would change is changed here, before anybody approves it.

    A title holds no markup, but names of emoji and smileys become pictures in it: it has none, and no emoji either."""
    text = visible(title)
    while (tidied := _tidied(text)) != text:
        text = tidied
    return text


def _tidied(title: str) -> str:
    text = _SMILEY.sub(" ", _EMOJI_NAME.sub(r" \1 ", _EMOJI.sub(" ", title)))
    text = re.sub(r"\?+", "?", re.sub(r"!+", "!", text))
    text = _shortened(" ".join(text.split()))
    text = re.sub(r"[\s.]+\Z", "", text)
    text = re.sub(r"\s+([!?])\Z", r"\1", text)
    if text == text.upper():
        text = text.lower()
    first, space, rest = text.partition(" ")
    return (first.capitalize() if first == first.lower() else first) + space + rest


def _shortened(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else title[:LONGEST_TITLE].rpartition(" ")[0] or title[:LONGEST_TITLE]


def title_would_do(title: str) -> bool:
    """Whether a forum takes it: long enough, of enough different signs, no endless word."""
    longest = max(map(len, title.split()), default=0)
    return len(title) >= SHORTEST_TITLE and len(set(title)) >= _FEWEST_SIGNS and longest <= _LONGEST_WORD


def lasting_tag(tag: str) -> str:
    """A tag as a forum keeps it: lower case, hyphens for spaces, at most twenty characters; empty where nothing is left."""
    kept = re.sub(r"[^\w\s-]", "", visible(tag).lower())
    return re.sub(r"-+", "-", re.sub(r"\s+", "-", kept))[:20]
