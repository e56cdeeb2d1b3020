"""Tells in the third person what somebody wrote in the first: grammatical, nothing added, nothing turned round; or not at all.

`report` takes one sentence of a message (already scrubbed) and gives a sentence that may stand in public without quoting anybody, or None:
a fragment, a question, slang, a joke, a "that" whose meaning stands elsewhere. `report_all` tells what can be told of a whole message as
one statement. Leaving out is always allowed; guessing is not."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import replace

from peerplugin.core.english import AUXILIARIES, BASE, MODALS, NUMBER_WORDS, PAST, SAME_PAST, third, words
from peerplugin.core.grammar import ADVERBS, EMPTY_WORDS
from peerplugin.core.paraphrase import unlike
from peerplugin.core.pieces import pieces
from peerplugin.core.spelling import finish
from peerplugin.core.told import Piece, Setting, carries

_TAKES_BACK = re.compile(
    r"^\W*(?:but|except|unless|however|though|although|only (?:if|when|with|for)|not (?:if|when|with|for|until))\b", re.I
)
"""How a sentence begins without which the one before would say too much."""
_MOST_SENTENCES = 60
"""Of a longer message (somebody pasted a page) the rest is not looked at: every sentence is compared with the whole."""
_SUBORDINATE = re.compile(
    r"^(?:before|after|when|if|while|until|because|since|as|though|although|where|once|unless|whenever|for them,)\b", re.I
)


def report(
    sentence: str,
    source: str,
    *,
    relations: Sequence[str] = (),
    small: Container[str] = frozenset(),
    limit: int = 7,
    who: str = "one member",
    follows: bool = False,
    subject: str | None = None,
) -> str | None:
    """`sentence` (a part of the message `source`) in reported speech, or None where that is not safe.

    `follows`: it stands behind a told sentence of the same person, so that its "it" has something to stand for.
    `relations`: whom the speaker has mentioned as "my husband", so that "he" can be named. `small`: words that begin small inside a sentence.
    `subject`: what "it" and "mine" speak of ("the patch"), where the caller knows it."""
    setting = Setting(relations, small, follows, subject=subject)
    if sentence.count(" ") < 2 or not (found := pieces(sentence, source, setting)):
        return None
    return _whole(found, source, limit, who)


def report_all(
    sentences: Sequence[str],
    source: str,
    *,
    relations: Sequence[str] = (),
    small: Container[str] = frozenset(),
    limit: int = 7,
    who: str = "one member",
    most_words: int = 40,
    leaning: bool = False,
    subject: str | None = None,
) -> str | None:
    """Whatever can be told of these sentences of one member (one message, or several written in one breath) as one flowing statement.

    `source`: the text they are part of, which is not repeated for more than `limit` words in a row. What says least is left out first
    where there are more than about `most_words` words. `leaning`: an "it" at the start may stay, because the reader knows from the title
    what it is; `subject` names it instead. The rest as in `report`."""
    told = _gathered(sentences, source, Setting(relations, small, leaning=leaning, subject=subject), limit, who)
    told = _within(told, most_words)
    while told and sum(_weight(p) for p in told) >= (3 if len(told) == 1 and told[0].kind == "note" else 2):
        if (text := _whole(told, source, limit, who)) is not None:
            return text
        shorter = _within(told, sum(len(words(p.text)) for p in told) - 1)
        if len(shorter) == len(told):
            return None
        told = shorter
    return None


def _gathered(sentences: Sequence[str], source: str, setting: Setting, limit: int, who: str) -> list[Piece]:
    """The pieces of all sentences that can stand behind one another."""
    told: list[Piece] = []
    before, follows, first = 0, False, True
    for sentence in sentences[:_MOST_SENTENCES]:
        here, takes_back = len(told), bool(_TAKES_BACK.match(sentence))
        after = told[-1].kind if follows else None
        found = pieces(sentence, source, replace(setting, follows=follows, leaning=setting.leaning and first, after=after))
        first = first and carries(sentence) <= 1 and sentence.count(" ") < 3
        follows = bool(found)
        for piece in found:
            follows = (not piece.leans or follows) and unlike(_framed(piece, told, who), source, limit) is not None
            if follows:
                told.append(replace(piece, binds=takes_back))
        if takes_back and len(told) == here:
            del told[before:]
        before = here
    return told


def _framed(piece: Piece, told: Sequence[Piece], who: str) -> str:
    return finish(_further(piece, told[-1]) if told else _first(piece, who[0].upper() + who[1:], who))


def _whole(told: Sequence[Piece], source: str, limit: int, who: str) -> str | None:
    """The pieces joined, each in words unlike the source's where it has to be, and the seams as well."""
    parts = [unlike(part, source, limit) or part for part in _sentences(told, who)]
    text = unlike(" ".join(parts), source, limit)
    return re.sub(r"(?<=[\w)][\w)]\. )(?<!\bno\. )[a-z]", lambda m: m.group().upper(), text) if text is not None else None


def _weight(piece: Piece) -> int:
    return len({w[:5] for w in words(piece.text) if (len(w) > 3 and w not in EMPTY_WORDS and w not in AUXILIARIES) or w.isdigit()})


def _within(told: list[Piece], most_words: int) -> list[Piece]:
    """Leave out what says least for its words until the rest is short enough; what leans goes with what it leans on."""
    while len(told) > 1 and sum(len(words(p.text)) for p in told) > most_words:
        rated = []
        for k in range(len(told)):
            end = k + 1
            while end < len(told) and (told[end].leans or told[end].binds):
                end += 1
            if end - k < len(told) and not told[k].binds:
                lost = sum(_weight(p) for p in told[k:end])
                rated.append((lost / max(1, sum(len(words(p.text)) for p in told[k:end])) + 0.02 * lost, -k, end))
        if not rated:
            return told
        _, k, end = min(rated)
        told = told[:-k] + told[end:]
    return told


def _sentences(told: Sequence[Piece], who: str) -> list[str]:
    """The pieces as sentences of one member, in one breath."""
    one = who[0].upper() + who[1:]
    sentences: list[str] = []
    before: Piece | None = None
    for piece in told:
        if before is None:
            sentences.append(_first(piece, one, who))
        elif piece.kind == "note" and (before.kind == "note" or piece.leans or len(words(piece.text)) < 8):
            sentences[-1] += f"{', ' if piece.text.startswith('because') else '; '}{piece.text}"
        else:
            sentences.append(_further(piece, before))
        before = piece
    return [finish(s) for s in sentences]


def _first(piece: Piece, one: str, who: str) -> str:
    """A piece in its frame: who says it, and how."""
    if piece.kind == "self":
        return f"{one} {agreed(piece.text)}"
    if piece.kind == "own":
        return f"{one}'s {piece.text}"
    if piece.kind == "advice":
        return f"{one}'s advice: {piece.text}"
    if piece.kind == "note":
        return f"{one} notes: {piece.text}"
    if piece.text.startswith("for them, "):
        return f"For {who}, {piece.text[10:]}"
    if _SUBORDINATE.match(piece.text):
        return f"According to {who}, {piece.text}"
    return f"{one} says {piece.text}"


def _further(piece: Piece, before: Piece) -> str:
    """A piece behind another of the same member."""
    if piece.kind == "self":
        return piece.text
    if piece.kind == "own":
        return f"their {piece.text}"
    if piece.kind == "advice" and before.kind != "advice":
        return f"their advice: {piece.text}"
    if piece.kind == "note":
        return f"also: {piece.text}"
    return piece.text


def agreed(clause: str) -> str:
    """What "they ..." say of themselves, as said of one: "takes", "was told"; "says they ..." where that cannot be done word for word."""
    match = re.match(r"^they ((?:\w+ly |just |also |always |never |still |only |then |even |once |now |already |both |either |sometimes |often )*)([a-z']+)\b", clause)  # fmt: skip
    tail = clause[match.end() :].lower() if match else ""
    if match is None or match[2] in SAME_PAST | {"they"} or _changes(tail):
        return f"says {clause}"
    verb, rest = match[2], clause[match.end() :]
    forms = {
        "were": "was",
        "are": "is",
        "have": "has",
        "do": "does",
        "weren't": "was not",
        "aren't": "is not",
        "haven't": "has not",
        "don't": "does not",
    }
    if verb in forms:
        return f"{match[1]}{forms[verb]}{rest}"
    if verb in PAST or verb in MODALS or verb in {"had", "did"} or verb.endswith("n't"):
        return f"{match[1]}{verb}{rest}"
    return f"{match[1]}{third(verb)}{rest}" if verb in BASE else f"says {clause}"


def _changes(tail: str) -> bool:
    """Whether a second verb of the speaker follows that would have to agree as well, or is of another time."""
    tokens = re.findall(r"[a-z']+|,", tail)
    for k, word in enumerate(tokens):
        before = tokens[k - 1] if k else ""
        if before in ADVERBS and k > 1:
            before = tokens[k - 2]
        if before in {"and", "or", "but", "then", ",", "so"} and (word in BASE or word in {"are", "have", "do", "don't"}):
            return True
    return False


def _plural(verb: str) -> str:
    """`takes` -> `take`, `was` -> `were`; a past form stays."""
    back = {third(b): b for b in (verb.removesuffix("s"), verb.removesuffix("es"), verb.removesuffix("ies") + "y") if b in BASE}
    return {"was": "were", "is": "are", "has": "have", "does": "do"}.get(verb) or back.get(verb, verb)


def counted(text: str, members: int) -> str | None:
    """A statement of one member as one of several: "Two members were told ..."; None where the sentence does not allow it."""
    number = NUMBER_WORDS[members].capitalize() if 2 <= members <= 12 else str(members)
    if re.search(r"[.;] (?:They|Their|Also:)\b", text):
        return None
    for lead, plural in (("One member's advice:", f"{number} members advise:"), ("One member notes:", f"{number} members note:"), ("According to one member,", f"According to {number.lower()} members,"),
                         ("For one member,", f"For {number.lower()} members,")):  # fmt: skip
        if text.startswith(lead):
            return plural + text[len(lead) :]
    if framed := re.search(r", one member (say|note)s, ", text):
        return f"{text[: framed.start()]}, {number.lower()} members {framed[1]}, {text[framed.end() :]}"
    match = re.match(r"One member ((?:\w+ly |also |only |just |still |never |always )?)([a-z']+)\b", text)
    if match is None:
        return None
    return f"{number} members {match[1]}{_plural(match[2])}{text[match.end() :]}"


def continued(text: str) -> str:
    """A reported sentence as the second of the same person: its frame becomes "they"."""
    for lead, instead in (
        ("One member says they ", "They "),
        ("One member's advice: ", "Their advice: "),
        ("One member notes: ", "Also: "),
        ("One member's ", "Their "),
        ("For one member, ", "For them, "),
    ):
        if text.startswith(lead):
            return instead + text[len(lead) :]
    text = re.sub(r", one member (?:says|notes), ", ", ", text)
    for lead in ("According to one member, ", "One member says that ", "One member says "):
        if text.startswith(lead):
            return text[len(lead)].upper() + text[len(lead) + 1 :]
    if match := re.match(r"One member ((?:\w+ly |also |only |just |still |never |always )?)([a-z]+)\b", text):
        return f"They {match[1]}{_plural(match[2])}" + text[match.end() :]
    return text
