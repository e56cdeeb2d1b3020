"""What members may have written, as strategies; a forum with everything switched on; and whether it shows a body as exactly that text."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import cache
from html.parser import HTMLParser

from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from integrations.discourse.sandbox import cooking
from peerplugin.core import markup

# --- bodies -------------------------------------------------------------------------------------------------------------------------

WORDS = (
    "banding", "hurts", "5.5 mg/dL", "(2 x daily)", "St. John's wort", "2 * 3", "C++", "e.g.", "at 10:30:00", "~5 kg", "a_b_c", "été", "肝臓",
    "כבד", "🫀", "👩‍⚕️", "one", "two", "I", "3", "10", "and/or", "don't",
)  # fmt: skip
TOKENS = (
    "@bob", "@hosts", "@all", "@here", "@_x_", "@été", "#liver-spot", "#meeting::tag", "#1", "#", "##", "###### ",
    "https://example.org/a_b?c=1&d=2#e", "http://10.0.0.1", "//example.org", "//localhost", "www.example.org", "example.org/x", "mailto:",
    "me@example.org", "javascript:alert(1)", "<https://example.org>", "<me@example.org>", "[x](https://example.org)", "![i](https://example.org/i.png)",
    "[x]: https://example.org", "[x][x]", "](https://example.org)", "](", "[", "]", "![",
    "<b>", "</b>", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<a href='https://example.org'>", "<div", "<!--", "-->", "<?", "<![CDATA[",
    "<br>", "<hr/>", "&amp;", "&lt;", "&#64;bob", "&#x3C;", "&copy;", "<", ">", "&",
    "[b]x[/b]", "[quote]", "[/quote]", '[quote="bob, post:1, topic:2"]', "[details=x]", "[/details]", "[poll]", "[/poll]", "[spoiler]x[/spoiler]",
    "[url=https://example.org]x[/url]", "[img]x[/img]", "[code]x[/code]", "[date=2026-10-07]", "[date=2026-13-45 time=10:00:00]",
    '[date-range from=2026-10-07 to=2026-10-08]', "[wrap=x]", "[ ]", "[x]", "[]", "^[note]", "[^1]", "[^1]: note",
    ":smile:", ":+1:", ":tada::tada:", ":wave:t2:", ":)", ":-)", ";)", ":'(", "8-)", "^_^", "<3", "</3", ":/", ":D", ":",
    "*", "**", "***", "_", "__", "~", "~~", "`", "``", "```", "```\n", "~~~", "    code", "\tcode", "- ", "+ ", "* ", "1. ", "2) ", "> ", "# ", "---", "===",
    "- - -", "***", "|", "|-|-|", "|a|b|", "a|attachment", "|x=y|", ":-|-:", "\\", "\\\\", "  \n", "\\\n", "\n", "\n\n", "\r\n", "\u2028",
    "...", "..", "--", "->", "<-", "-->", "+-", "(c)", "(TM)", "(pa)", "????", "!!!!", "?!?!", ",,", "$x$", "$$", "$5", "%x%", "\\(x\\)", "\\[x\\]",
    "\u202e", "\u202c", "\u2066", "\u2069", "\u200f", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060", "\u00a0", "\u3000", "\x00", "\x1b", "\ud800",
)  # fmt: skip
GLUE = ("", " ", "\n", ".", "(", ": ")
PIECES = st.sampled_from([piece + glue for piece in (*TOKENS, *TOKENS, *WORDS) for glue in GLUE])
BODIES = st.sampled_from(TOKENS) | st.lists(PIECES | st.text(max_size=4), min_size=1, max_size=8).map("".join)
"""Signs and words in any order, parted or not: whatever is opened is mostly not closed."""

POSITIONS = {
    "list": "- {}", "emphasis": "*{}*", "strong": "**{}**", "heading": "## {}", "link": "- [{}](https://forum.example.org/t/1)",
    "paragraph": "{}", "sentence": "A member said: {}", "after a line": "- A line\n  {}",
}  # fmt: skip
"""Where a body may stand; each makes one element, whose text is compared."""


# --- a forum with everything switched on ------------------------------------------------------------------------------------------------


@cache
def forum(*, escapes_are_text: bool) -> MarkdownIt:
    """The sandbox's Markdown and the plug-ins that read a post's text as well: check boxes, formulas, attachments."""
    md = cooking.markdown.__wrapped__(escapes_are_text=escapes_are_text)
    md.core.ruler.push("check boxes", _check_boxes)
    md.inline.ruler.after("escape", "formulas", _formulas)
    md.block.ruler.after("code", "formulas", _formula_block, {"alt": ["paragraph", "list"]})
    md.add_render_rule("link_open", _attachments)
    return md


def _check_boxes(state: StateCore) -> None:
    box = '<span class="title"></span>'  # (a class that is let through)
    for block in state.tokens:
        for token in block.children or ():
            if token.type == "text" and re.search(r"\[[ xX_*-]?\]", token.content):
                token.type, token.content = "html_inline", re.sub(r"\[[ xX_*-]?\]", box, html.escape(token.content))


def _formulas(state: StateInline, silent: bool) -> bool:
    match = re.compile(r"([$%])(?!\1)(.+?)(?<!\\)\1(?![^\W_])").match(state.src, state.pos, state.posMax)
    if silent or match is None or state.src[: state.pos][-1:].isalnum():
        return False
    state.push("code_inline", "code", 0).content = match[2]
    state.pos = match.end()
    return True


def _formula_block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    line = state.src[state.bMarks[first] + state.tShift[first] : state.eMarks[first]].strip()
    if not re.fullmatch(r"\$\$.+\$\$|\\\[.+\\\]", line):
        return False
    if not silent:
        state.push("fence", "code", 0).content = line[2:-2]
        state.line = first + 1
    return True


def _attachments(renderer: RendererHTML, tokens: Sequence[Token], number: int, options: OptionsDict, env: EnvType) -> str:
    inside = [token for token in tokens[number:] if token.type in {"text", "link_close"}]
    end = next((n for n, token in enumerate(inside) if token.type == "link_close"), 0)
    for token in (inside[0], inside[end - 1]) if end else ():
        kept = [part for part in token.content.split("|") if part != "attachment" and not re.fullmatch(r"\w+=.*", part)]
        if kept:
            token.content = "|".join(kept)
    return renderer.renderToken(tokens, number, options, env)


# --- is it shown as text? ----------------------------------------------------------------------------------------------------------------

Outline = tuple[tuple[str, ...], str]
"""All elements in order, and the visible text."""


class _Reader(HTMLParser):
    """Reads what the sanitizer wrote, which is well-formed."""

    def __init__(self, cooked: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(cooked)
        self.close()

    def handle_starttag(self, tag: str, _: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def outline(cooked: str) -> Outline:
    """White space as HTML shows it."""
    reader = _Reader(cooked)
    return tuple(reader.tags), straight(re.sub(r"[ \t\n\f\r]+", " ", "".join(reader.texts)).strip())


def straight(text: str) -> str:
    """A forum writes quotation marks as printers do: that is a shape, not a sign."""
    return text.translate(str.maketrans("‘’“”", "''\"\""))


def rendered(body: str, place: str, *, escapes_are_text: bool, guards: Sequence[markup.Guard] = markup.GUARDS) -> str:
    """A body at a place, as a forum of either generation cooks it."""
    raw = POSITIONS[place].format(markup.shown_as_text(body, guards))
    return cooking.sanitised(forum(escapes_are_text=escapes_are_text).render(raw, {"places": {}}))


@cache
def _with_a_word(place: str) -> Outline:
    """What the template makes of a plain word there."""
    return outline(cooking.sanitised(forum(escapes_are_text=True).render(POSITIONS[place].format("WORD"), {"places": {}})))


def is_text(body: str, place: str, *, escapes_are_text: bool, guards: Sequence[markup.Guard] = markup.GUARDS) -> bool:
    """Whether readers see what was written, and nothing but the template's own elements."""
    tags, text = _with_a_word(place)
    cooked = rendered(body, place, escapes_are_text=escapes_are_text, guards=guards)
    return outline(cooked) == (tags, text.replace("WORD", straight(markup.visible(body))))
