"""Other words for the same, so that no long stretch of a message is repeated: small exchanges, two sentences for one, a "they say" between."""

from __future__ import annotations

import re
from collections.abc import Sequence

from peerplugin.core.english import DOSE_UNIT, NUMBER_WORDS, copied
from peerplugin.core.grammar import NOT_AN_END, is_clause, starts_instruction

_SWAPS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(a, re.I), b)
    for a, b in (
        (r"\ba lot of\b", "plenty of"), (r"\bper cent\b", "percent"), (r"(?<=\d)%", " percent"), (r"\b(twice|once|times) a day\b", r"\1 daily"),
        (r"\bevery day\b", "daily"), (r"\bevery week\b", "weekly"), (r"\bevery month\b", "monthly"), (r"\bevery year\b", "yearly"),
        (r"(?<=\d)( \w+)? a (day|week|month|year|night)\b", r"\1 per \2"), (r"\b(hours?|cups?|tablets?|pills?|meals) a (day|week|month|night)\b", r"\1 per \2"), (r"\bevery (morning|night|evening|time)\b", r"each \1"), (r"\babout (?=\d|an? |one|two|three|four|five|six|ten|half)", "around "),
        (r"\bat least (?=\d|an? |one|two|three|four|five|six|ten|half)", "no less than "), (r"\bmore than\b", "over"), (r"\bless than\b", "under"), (r"\bneed to\b", "have to"), (r"\bhave to\b", "need to"),
        (r"\buntil\b", "till"), (r"\bbecause of\b", "owing to"), (r"\bbecause\b", "since"), (r"\beverybody\b", "everyone"), (r"\bnobody\b", "no one"), (r"\banybody\b", "anyone"),
        (r"\bkids\b", "children"), (r"\bkid\b", "child"), (r"\bgets? (better|worse)\b", r"becomes \1"), (r"\bgot (better|worse)\b", r"became \1"), (r"\bask for\b", "request"),
        (r"\bstarted\b(?= to| taking| on)", "began"), (r"\bright away\b", "immediately"),
        (r"\bif it is\b", "when it is"), (r"\bdoctors?'s\b", "doctor's"), (r"\bbefore bed\b", "before bedtime"), (r"\bbig\b", "large"), (r"\band then\b", "and afterwards"),
        (r"\beach time\b", "every time"), (r"\bkeep (\w+ing)\b", r"go on \1"), (r"\btries\b(?= to)", "attempts"), (r"\btry to\b", "attempt to"),
        (r", (?=and\b|but\b|or\b)", "; "),
    )
)  # fmt: skip
"""Other words for the same: used only where too many words of the message would stand in a row."""
_JOINT = re.compile(
    r"(?:, | (?=(?:when|if|because|while|unless|until|till|before|after|so|but|with|without|during|instead|since|which|where|"
    r"whether)\b)| (?=(?:in|at|for|from|on|by) (?:the|a|an|their|your|\d+|some|every|each|two|three|four|five|six|seven|eight|nine|ten|half|about)\b))(?=\w)"
)
"""Where a few words may be put in without harm."""


def unlike(text: str, source: str, limit: int) -> str | None:
    """The text with no more than `limit` words of the source in a row; other words for the same where that helps; else None."""
    left = copied(text, source, limit)
    for pattern, instead in _SWAPS:
        if not left:
            return text
        changed = pattern.sub(instead, text, count=1)
        if changed != text and (now := copied(changed, source, limit)) < left:
            text, left = changed, now
    if left and copied(changed := _small_numbers(text), source, limit) < left:
        text, left = changed, copied(changed, source, limit)
    return text if not left else _parted(text, source, limit)


def _small_numbers(text: str) -> str:
    def spell(match: re.Match[str]) -> str:
        follows = re.match(r"\s*([A-Za-z%]+)", text[match.end() :])
        if follows and DOSE_UNIT.match(follows[1]):
            return match.group()
        return NUMBER_WORDS[int(match.group())]

    return re.sub(r"(?<![\d.,/:$£€-])\b(?:[2-9]|1[0-2])\b(?![.,/:%-]?\d|%|/)", spell, text)


def _parted(text: str, source: str, limit: int) -> str | None:
    """Make two sentences of two clauses, where that breaks the row."""
    advises = "advice: " in text
    frame = re.match(r"^(?:One member's advice: |According to one member, |For one member, |One member says )?", text)
    start = frame.end() if frame else 0
    for match in re.finditer(r",? (and|but|so|because|since) (?=\w)|[;,] (?=\w)", text):
        head, tail, word = text[start : match.start()], text[match.end() :], match[1]
        if (
            len(head.split()) < 4
            or len(tail.split()) < 4
            or re.match(r"^(?:if|when|while|unless|since|the (?:more|higher|less|lower|longer))\b", head, re.I)
        ):
            continue
        if not (is_clause(tail) and (advises or is_clause(head) or start == 0)) and not (advises and starts_instruction(tail.lower())):
            continue
        head = text[: match.start()]
        if word in {"because", "since"}:
            changed = f"{head}; the reason given is that {tail}"
        elif word == "but":
            changed = f"{head}. However, they add, {tail}"
        elif word == "so":
            changed = f"{head}; therefore, they say, {tail}"
        else:
            changed = f"{head}. They add: {tail}"
        if not copied(changed, source, limit):
            return changed
    return _interrupted(text, source, limit, start)


def _interrupted(text: str, source: str, limit: int, start: int, words_in: Sequence[str] = ("they say", "they add")) -> str | None:
    """Put "they say" between two clauses or before a phrase, at most twice."""
    best, left = None, copied(text, source, limit)
    for match in _JOINT.finditer(text):
        before, after = text[start : match.start()], text[match.end() :].split()
        whole = is_clause(before) or is_clause("they " + before) or starts_instruction(before.lower())
        if (
            len(before) < 12
            or len(after) < 2
            or not whole
            or before.split()[-1].lower() in NOT_AN_END
            or re.search(r"\b(?:if|when|unless|because)\b[^,]*$", before)
        ):
            continue
        changed = f"{text[: match.start()]}, {words_in[0]}, {text[match.end() :]}"
        if (now := copied(changed, source, limit)) < left:
            best, left = changed, now
            if not left:
                return best
    return _interrupted(best, source, limit, start, words_in[1:]) if best is not None and len(words_in) > 1 else None
