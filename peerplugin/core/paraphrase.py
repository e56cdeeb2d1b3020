"""Other words for the same, so that no long stretch of a message is repeated: small exchanges, two sentences for one, a "they say" between."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from peerplugin.core.english import AUXILIARIES, BASE, DOSE_UNIT, FINITE, NUMBER_WORDS, PARTICIPLE, WORD, copied, spaced, words
from peerplugin.core.grammar import NOT_AN_END, SUBJECTS, has_verb, is_clause, lower_start, starts_instruction

_AMOUNT = r"(?=\d|an? |one|two|three|four|five|six|seven|eight|nine|ten|half)"
_IS = r"(?=(?:a|an|the|not|no|in|on|at|too|very|so|really|all|\w+ing|\w+ed|\w+er)\b)"
_YOUR = (
    r"\byour (?=(?:teams?|doctors?|nurses?|clinic|hospital|pharmacist|consultant|specialist|unit|surgeon|gp|doses?|pills|tablets|medicines?|meds|pump|sensor|"
    r"letter|paperwork|records|notes|appointment|scan|results|insurer|insurance|employer|airline|wounds?|stitches|dressings?)\b)"
)
_SWAPS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(a, re.I), b)
    for a, b in (
        # spelt otherwise
        (r"(?<=\d)%", " percent"), (r"\bper cent\b", "percent"), (r"\bdo not\b", "don't"), (r"\bdoes not\b", "doesn't"), (r"\bdid not\b", "didn't"),
        (r"\bcannot\b", "can't"), (r"\bis not\b", "isn't"), (r"\bare not\b", "aren't"), (r"\bwas not\b", "wasn't"), (r"\bwill not\b", "won't"),
        (r"\bit is\b" + " " + _IS, "it's "), (r"\bthere is\b (?=\w+ \w)", "there's "), (r"\beverybody\b", "everyone"), (r"\beveryone\b", "everybody"),
        (r"\bnobody\b", "no one"), (r"\bno one\b", "nobody"), (r"\banybody\b", "anyone"), (r"\banyone\b", "anybody"),
        (r"\bsomebody\b", "someone"), (r"\bkids\b(?! \w+ers?\b)", "children"), (r"\bkid\b(?! (?:brother|sister))", "child"),
        # measures of time and amount
        (r"\b(twice|once|times) a day\b", r"\1 daily"), (r"\bevery day\b", "daily"), (r"\bevery week\b", "weekly"), (r"\bevery month\b", "monthly"),
        (r"\bevery year\b", "yearly"), (r"\b(times|twice|once|hours?|cups?|tablets?|pills?|meals|units?|mg|ml) a (day|week|month|night|year)\b", r"\1 per \2"),
        (r"(?<=\d) a (day|week|month|year|night)\b", r" per \1"),
        (r"\bevery (morning|night|evening|time|meal|dose|visit)\b", r"each \1"), (r"\beach (morning|night|evening|time)\b", r"every \1"),
        (r"\babout " + _AMOUNT, "around "), (r"\baround " + _AMOUNT, "about "), (r"\bnearly\b", "almost"), (r"\balmost\b", "nearly"),
        (r"\bat least " + _AMOUNT, "a minimum of "), (r"\bmore than " + _AMOUNT, "over "), (r"\bless than " + _AMOUNT, "under "),
        (r"\ba lot of\b", "plenty of"), (r"\blots of\b", "plenty of"), (r"\ba bit (?=more|less|of)", "a little "),
        # verbs and what goes with them
        (r"\bneed to\b", "have to"), (r"\bneeds to\b", "has to"), (r"\bhave to\b", "need to"), (r"\bhas to\b", "needs to"), (r"\bhad to\b", "needed to"),
        (r"\bshould (?!not)", "ought to "), (r"\bmight\b", "may"), (r"\bgets? (better|worse|used)\b(?! to)", r"becomes \1"), (r"\bgot (better|worse)\b", r"became \1"),
        (r"\bask for\b", "request"), (r"\bask (?:\b(them|the team|your team|your doctor|your nurse)\b )?if\b", r"ask \1 whether"),
        (r"\btalk to\b", "speak with"), (r"\bspeak to\b", "talk to"), (r"\bring (?=them\b|(?:the|your|a) (?:\w+ )?(?:unit|nurse|ward|clinic|team|doctor|gp|line|hospital|airline|office|surgery|helpline)\b)", "call "), (r"\bphone (?=the |your |them )", "call "),
        (r"\bstarted\b(?= to| taking| on)", "began"), (r"\btry to\b", "attempt to"), (r"\btries\b(?= to)", "attempts"), (r"\bkeep (\w+ing)\b", r"go on \1"),
        (r"\bkept (\w+ing)\b", r"went on \1"), (r"\bmakes sure\b", "ensures"), (r"\bmake sure\b", "ensure"), (r"\bbuy\b(?! it\b)", "purchase"), (r"\bbought\b", "purchased"),
        (r"\b(said|says|told (?:them|me|us|their \w+)|found|learned|learnt|noticed|realised|realized|thinks|knew|explained) (?=(?:the|it|it's|they|this|you|your|their|there|he|she|a|an|most|some|people|(?:\d+|\w+|\w+ \w+) (?:is|are|was|were|can|will|would|could|has|had|does|makes|means))\b)", r"\1 that "),
        # joining words
        (r"\buntil\b", "till"), (r"\bbecause of\b", "owing to"), (r"\bbecause\b", "since"), (r"\binstead of\b", "rather than"), (r"\brather than\b", "instead of"),
        (r"(?<=\w)\b,? but (?=\w)", ", yet "), (r"\balthough\b", "though"), (r"\band then\b", "and afterwards"),
        (r"\bso that\b", "so"), (r"\beven if\b", "even when"), (r"\bas soon as\b", "once"),
        (r"\bright (after|before)\b", r"directly \1"), (r"\bright away\b", "immediately"), (r"\bstraight away\b", "immediately"), (r"\ball the time\b", "constantly"),
        (r"\bmaybe\b", "perhaps"), (r"\bperhaps\b", "maybe"),
        (r"\bbefore bed\b", "before bedtime"), (r"\bduring the (day|night)\b", r"in the \1"), (r"\bthrough the (day|night)\b", r"throughout the \1"),
        (r"(?<!on )\bthe whole (?!of\b|thing\b|lot\b)", "the entire "), (r"\bbig\b(?! (?:deal|time|c\b|one|step|sister|brother|toe|girl|boy|help|day|thing|ask))", "large"), (r"\busually\b", "mostly"), (r"\boften\b", "frequently"), (r"\bquickly(?=[.,;]|$)", "fast"),
        # words that may go
        (r"(?<!not )(?<!n't )(?<!no )\b(?:really|actually|quite|simply|basically|literally|absolutely|honestly|definitely) (?=\w)", ""), (r"(?<=\bthey )just (?=\w)", ""),
        (r"(?<!not )(?<!n't )\balso (?=\w)", ""), (r"(?<!not )(?<!n't )\beven (?=the|a|with|\d|one)\b", ""), (r",? too(?=[.;,]|$)", ""), (r"\ball of (?=the\b)", "all "), (r"\ball the (?=\w+s\b)", "all of the "),
        (r"\band (?!a half\b)(?=(?:a|an|the|some) \w+(?:[.,;]|$))", "plus "), (r"(?<=\w), (?=(?:a|an|the) \w+[.;]?$)", " and "),
        (r"\bafter (?=(?:a|an|the|their|each|every|your) \w+(?:[.,;]|$))", "following "), (r"\bbefore (?=(?:a|an|the|their|each|every|your) \w+(?:[.,;]|$))", "ahead of "),
        (r"(?<!even )\bwhen (?=you\b)", "whenever "), (_YOUR, "the "), (r", plus (?=\w)", " and "), (r"\bpeople who\b", "people that"), (r"\bthe (\w+) that (?=is|was|has|does|can|comes|goes|makes|works)", r"the \1 which "),
        (r"\bin hospital\b", "in the hospital"), (r"(?<!advice)(?<!notes)(?<!Also)(?<!add): (?=\w)", ", namely "), (r"\b(reason|time|strength|sleep|rest|salt|water|food) enough\b", r"enough \1"), (r"\bnor (?=an?\b|any\b)", "or "), (r"\b(half|all|both) of the\b", r"\1 the"), (r"\bat the start\b", "at first"), (r"\bon the (?=mon|tues|wednes|thurs|fri|satur|sun)", "on "),
        (r", then (?=\w)", ", and then "), (r"(?<=[a-z]{3}), (?=(?:no|less|more|always|usually|then|only)\b)", " and "),
        (r"\byou can (?!not)(?=[a-z])", "you are able to "),
        (r"\bfrom the start\b", "from the beginning"), (r"\bin (?=the first\b)", "within "), (r"(?<=\w),? so (?=(?:you|they|it|the|we|this|your|their)\b)", ", and so "),
        (r"(?<!\d) and (?!not|no|never|so|also|a half|then|yet|\d)(?=\w)(?<!one and )(?<!two and )(?<!three and )(?<!both and )", " and also "),
        (r"\bevery (?!other|few|two|three|four|five|six|bit|now|single|day|body|one\b)(?=[a-z])", "each "),
    )
)  # fmt: skip
"""Other words for the same, the least noticed first: used only where too many words of the message would stand in a row."""
_SUBJECT = re.compile(r"\b(?:i|you|they|it|he|she|people|the team)\b", re.I)
_FRAME = re.compile(r"^(?:According to one member, |For one member, |One member says (?:that )?|One member notes: )")
_COMMA = re.compile(
    r", (?!and\b|or\b|but\b|so\b|yet\b|which|who|where|when|because|since|if|not\b|like\b|they (?:say|add)|one member|such|as\b|then|plus|especially|even|including|\w+ing\b)(?=\w)"
)
_MARK = re.compile(r", (they add|they say|one member (?:says|notes)),")
_LIMITS = frozenset("not never no only even just nor almost nearly about around".split())
"""Words that belong to the next."""
_PHRASE = re.compile(r"^(?:if|when|while|unless|before|after|once|until|with|in|on|at|for|from|by|during|because|although)\b", re.I)
"""What stands before its own comma: there a few words never hurt."""
_BETWEEN = re.compile(r"^(?:,| (?:when|if|because|while|unless|until|till|before|after|so|but|since)\b)")
_JOINT = re.compile(
    r"(?:, | (?=(?:and|or|so) (?!a half)(?:i|you|they|it|he|she|we|the|a|an|your|their|this|that|some|no)\b)| (?=(?:when|if|because|while|unless|until|till|before|after|so|but|with|without|during|instead|since|which|where|"
    r"whether|than)\b)| (?=as (?:the|an?|your|their|my)\b)| (?=(?:in|at|for|from|on|by) (?:the|a|an|their|your|\d+|some|every|each|one|any|this|that|all|both|two|three|four|five|six|seven|eight|nine|ten|half|about)\b)| (?=(?:in|at|for|from|on|by|with|into|during|through|within|about|under|over|against|between|around|inside|outside|than) (?!(?:is|are|was|were|has|have|had|can|will|it|them|me|you|and|or|but)\b)\w))(?=\w)"
)
"""Where a few words may be put in without harm."""


def unlike(text: str, source: str, limit: int) -> str | None:
    """The text with no more than `limit` words of the source in a row; other words for the same where that helps; else None."""
    text = _settled(text, source, limit)
    if copied(text, source, limit):
        text = _moved(text, source, limit) or _turned(text, source, limit) or _parted(text, source, limit) or ""
    return _in_order(text) or None


def _in_order(text: str) -> str:
    """What they "add" comes second."""
    marks = list(_MARK.finditer(text))
    if len(marks) < 2 or marks[0][1] != "they add":
        return text
    (a, b), (c, d) = marks[0].span(1), marks[1].span(1)
    return text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]


def _settled(text: str, source: str, limit: int) -> str:
    """The text after as many exchanges as help."""
    left = copied(text, source, limit)
    while left and (changed := _exchanged(text, source, limit, left)) is not None:
        text, left = changed, copied(changed, source, limit)
    return text


def _exchanged(text: str, source: str, limit: int, left: int) -> str | None:
    """One exchange that breaks a row, the least noticed there is, as far behind in the row as it goes."""
    start, end = _row(text, source, limit)
    for pattern, instead in _SWAPS:
        for match in reversed([m for m in pattern.finditer(text, start) if m.start() < end]):
            changed = re.sub(r"\s{2,}", " ", text[: match.start()] + match.expand(instead) + text[match.end() :])
            if copied(changed, source, limit) < left:
                return changed
    for changed in (_small_numbers(text), *_with_and(text, start, end), *_with_also(text, source, start, end)):
        if copied(changed, source, limit) < left:
            return changed
    return None


def _with_and(text: str, start: int, end: int) -> Iterator[str]:
    """Say "and" where a comma alone joins two clauses, two instructions or the last two of a list."""
    for match in _COMMA.finditer(text, start, end):
        before = _FRAME.sub("", re.split(r"[.:;] ", text[: match.start()])[-1])
        after = re.split(r"[.:;,]", text[match.end() :], maxsplit=1)[0]
        if re.match(
            r"^(?:if|when|while|unless|since|before|after|once|until|with|in|on|at|for|from|by|the (?:more|higher|less|lower|longer))\b",
            before,
            re.I,
        ) or re.search(r"\b(?:if|when|unless|because|while|once|until)\b[^,]*$", before, re.I):
            continue
        both = (
            starts_instruction(after.lower())
            if starts_instruction(before.lower())
            else is_clause(before) and is_clause(after) and not starts_instruction(after.lower())
        )
        last = (
            not is_clause(after)
            and re.match(r"^[^,;:]*\.?$", text[match.end() :])
            and before.count(",") >= 1
            and 0 < len(after.split()) < 5
            and after.split()[0].lower() not in FINITE
        )
        if both or last:
            yield f"{text[: match.start()]}{',' if both else ''} and {text[match.end() :]}"


def _row(text: str, source: str, limit: int) -> tuple[int, int]:
    """Where the first row of copied words stands."""
    spans = [m.span() for m in WORD.finditer(text)]
    theirs = spaced(source)
    for k in range(len(spans) - limit):
        if f" {' '.join(text[a:b].lower() for a, b in spans[k : k + limit + 1])} " in theirs:
            return spans[k][0], spans[k + limit][1]
    return 0, len(text)


def _with_also(text: str, source: str, start: int, end: int) -> Iterator[str]:
    """Say "also" at the seam of two sentences or two notes."""
    for match in re.finditer(r"\. (?=[A-Z])(?!Also|Their advice)|; (?!also|Also|[A-Z]\w+ also)", text[:end]):
        if match.start() > start:
            head = text[: match.start()]
            tail = text[match.end() :]
            low = lower_start(
                tail, frozenset(words(source)) if re.search(rf"\b{tail[0].lower()}{re.escape(tail[1:9])}", source) else frozenset()
            )
            yield f"{head}. Also{',' if low != tail else ':'} {low}" if match.group() == ". " else f"{head}; also {tail}"


def _small_numbers(text: str) -> str:
    """Small numbers as words, all of them, so that they read alike; doses as they are."""

    def spell(match: re.Match[str]) -> str:
        follows = re.match(r"\s*([A-Za-z%]+)", text[match.end() :])
        dose = follows and DOSE_UNIT.match(follows[1])
        return match.group() if dose or text[: match.start()].endswith(("no. ", "No. ")) else NUMBER_WORDS[int(match.group())]

    return re.sub(r"(?<![\d.,/:$£€+-])\b(?:[1-9]|1[0-2])\b(?![.,/:%-]?\d|%|/)", spell, text)


def _turned(text: str, source: str, limit: int) -> str | None:
    """The last of a list of things first, where nothing is done in order."""
    match = re.match(r"^(One member notes: |Also: )([^.;:]*)\.$", text)
    parts = match[2].split(", ") if match else []
    if (
        match is None
        or len(parts) < 2
        or has_verb(match[2])
        or re.search(r"\b(?:then|first|next|after|before|not|no|and|or|but|because|so|which)\b", match[2], re.I)
    ):
        return None
    changed = match[1] + ", ".join([parts[-1], *parts[:-1]]) + "."
    return changed if not copied(changed, source, limit) else None


def _moved(text: str, source: str, limit: int) -> str | None:
    """Put the frame between two clauses, before the verb or a phrase: "Salt, one member says, hides in bread"."""
    match = re.match(r"^(?:One member (says) (?:that )?|According to one member, |One member (notes): )(?!they\b|theirs\b)", text)
    if match is None:
        return None
    rest, says = text[match.end() :], match[2] or "says"
    best, left = None, copied(text, source, limit)
    for start, end in _places(rest, note=bool(match[2])):
        changed = _settled(f"{rest[0].upper()}{rest[1:start]}, one member {says}, {rest[end:]}", source, limit)
        if (now := copied(changed, source, limit)) < left:
            best, left = changed, now
    if best is None or not left:
        return best
    place = best.index(f"one member {says}, ") + len(f"one member {says}, ")
    return _interrupted(best, source, limit, place, ("they add",)) or _interrupted(best, source, limit, 0, ("they add",))


def _places(text: str, *, note: bool = False) -> list[tuple[int, int]]:
    """Where a few words may be put in, the best first: between clauses, before the verb, before a phrase."""
    first: list[tuple[int, int]] = []
    last: list[tuple[int, int]] = []
    for match in _JOINT.finditer(text):
        before = re.split(r"[.;:] ", text[: match.start()])[-1]
        after = text[match.end() :]
        if before.count('"') % 2 or before.split()[-1:] == after.split()[1:2]:  # in a quotation; "step by step"
            continue
        if after.startswith("or ") and not is_clause(after[3:]) and re.search(r"\b(?:no|not|never|nor|without)\b|n't\b", before, re.I):
            continue  # the denial goes on behind it
        if match.group() == ", " and "," not in before and _PHRASE.match(before) and len(before.split()) > 2 and len(after.split()) > 2:
            first.append(match.span())
            continue
        if (
            len(before.split()) < (2 if note else 3)
            or len(after.split()) < 2
            or (note and len(before.split(",")[-1].split()) < 2)
            or before.split()[-1].lower() in NOT_AN_END | _LIMITS
            or not (is_clause(before) or is_clause("they " + before) or starts_instruction(before.lower()) or note)
            or (
                re.search(r"\b(?:if|when|unless|because)\b[^,]*$", before, re.I)
                and len(_SUBJECT.findall(before)) < 2
                and not after.startswith(("and ", "or "))
            )
        ):
            continue
        between = _BETWEEN.match(match.group() + after)
        (first if between and (note or is_clause(before) or not match.group().startswith(",")) else last).append(match.span())
    return first + _before_verb(text) + last


def _before_verb(text: str) -> list[tuple[int, int]]:
    """The place between a subject of two to eight words and its verb."""
    spans = [m.span() for m in re.finditer(r"[\w'-]+", re.split(r"[.,;:]", text)[0])]
    spoken = [text[a:b].lower() for a, b in spans]
    for k in range(2, min(9, len(spans) - 1)):
        if (
            spoken[k] in AUXILIARIES
            or (spoken[k] in FINITE and spoken[k] not in PARTICIPLE)
            or (spoken[k] in BASE and spoken[k - 1].endswith("s"))
        ):
            if (
                is_clause(text[: spans[k + 1][1]])
                and not {"who", "that", "which", "if", "when", "and", "i", "they"} & set(spoken[:k])
                and spoken[k - 1] not in SUBJECTS
                and not (FINITE | PARTICIPLE) & set(spoken[1:k])
            ):
                return [(spans[k][0] - 1, spans[k][0])]
            return []
    return []


def _parted(text: str, source: str, limit: int) -> str | None:
    """Make two sentences of two clauses, where that breaks the row."""
    advises = "advice: " in text
    frame = re.match(
        r"^(?:One member's advice: |According to one member, |For one member, |One member says |One member notes: |Also: |Also, )?", text
    )
    start = frame.end() if frame else 0
    for match in re.finditer(
        r",? (and|but|because|since) (?!a half)(?=\w)|,? (so) (?=(?:i|you|they|it|he|she|we|the|a|an|your|their|this|that|no|there|nobody|everybody)\b)|[;,] (?=\w)",
        text,
    ):
        head, tail, word = text[start : match.start()], text[match.end() :], match[1] or match[2]
        if (
            len(head.split()) < 4
            or len(tail.split()) < 4
            or re.match(r"^(?:if|when|while|unless|since|the (?:more|higher|less|lower|longer))\b", head, re.I)
        ):
            continue
        if not (is_clause(tail) and (advises or is_clause(head) or start == 0)) and not (advises and starts_instruction(tail.lower())):
            continue
        head, tail = text[: match.start()], re.sub(r"^(?:also|so) ", "", tail)
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
    for a, b in _places(text[start:], note="notes: " in text or text.startswith("Also: ")):
        changed = _settled(f"{text[: start + a]}, {words_in[0]}, {text[start + b :]}", source, limit)
        if (now := copied(changed, source, limit)) < left:
            best, left = changed, now
            if not left:
                return best
    return _interrupted(best, source, limit, start, words_in[1:]) if best is not None and len(words_in) > 1 else None
