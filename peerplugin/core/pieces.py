"""A sentence of a message as pieces that can be told: the whole, or the clauses that stand alone when the rest is left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from peerplugin.core.clauses import ME, NO_ADVICE, piece_of
from peerplugin.core.english import BASE
from peerplugin.core.grammar import lower_start, relations_of
from peerplugin.core.spelling import clean_sentence
from peerplugin.core.told import Piece, Setting, carries
from peerplugin.core.untold import untellable

_PLACEHOLDERS = (
    (re.compile(r"^(?:@?another member|someone)(?:,|:)?\s+(?=(?:i|i'm|im|i've|ive|my|we|you|your|yes|no|re|it|its|it's|the|mine|that|dont|don't|ask|get|what|and)\b)", re.I), ""),
    (re.compile(r"^(?:@?another member|someone)(?: and (?:another member|someone))?\s*[,:–-]\s*", re.I), ""),
    (re.compile(r",\s*(?:another member|someone)(?=\s*[.,!]|$)|(?<!of)(?<!from)(?<!with)(?<!to)(?<!by)(?<!like)(?<!for)(?<!as)(?<!than)(?<!and) another member(?=[.!]?$)", re.I), ""),
    (re.compile(r",? (?:on |in )?a certain (?:day|year)\b(?= *(?:[,.;]|$))|^(?:on )?a certain (?:day|year),\s*", re.I), ""),
    (re.compile(r"(?:^|,) *in my (?:teens|twenties|thirties|forties|fifties|sixties|seventies|eighties)\b(?= *(?:[,.;]|$)),?", re.I), ""),
    (re.compile(r"^(?:in |from )?their area(?: here)?,\s*|(?<!'m )(?<!am )(?<!is )(?<!was )(?<!are )(?<!live )(?<!lives )\b(?:here )?(?:in|from|near) their area\b(?=[,.]|$)", re.I), ""),
)  # fmt: skip
"""Where a name, a place, a day was taken out, and the sentence reads as well without."""


def pieces(sentence: str, source: str, setting: Setting) -> tuple[Piece, ...]:
    """The sentence as what can be told of it, in order; empty where nothing can."""
    spoken = sentence
    for pattern, instead in _PLACEHOLDERS:
        spoken = pattern.sub(instead, spoken)
    asked = bool(_PLEASE.match(spoken))
    text = clean_sentence(re.sub(r"^\(([^()]*)\)\s*", r"\1 ", spoken))
    ahead = source[: max(0, source.find(sentence))]
    inside = carries(ahead) > 0 and not _SELF.search(re.split(r"[.!?\n]", ahead.rstrip(" .!?\n"))[-1])
    setting = replace(setting, relations=_spoken_of(setting.relations, sentence, source), inside=inside)
    text = re.sub(r"^(mother|father)('s)?\b", r"my \1\2", text, flags=re.I)
    text = _LABEL.sub("", text)
    text = re.sub(r"^((?:if|when|for) [^,:]{3,60}|[A-Za-z-]+(?: [a-z-]+){0,2}): (?=\w)", r"\1, ", text, flags=re.I)
    if not setting.follows:
        text = re.sub(r"^(?:then|and then),? (?=\w)", "", text, flags=re.I)
    if not text or len(text.split()) > 60 or (re.match(r"otherwise\b", text, re.I) and not setting.follows):
        return ()
    if (
        asked
        and text.split()[0].lower() in BASE
        and not untellable(text, sentence, source)
        and not ME.search(text)
        and not NO_ADVICE.match(text)
    ):
        return (Piece("advice", lower_start(text, setting.small)),)
    if not untellable(text, sentence, source) and (whole := piece_of(text, setting)) is not None:
        return (whole,)
    return _parts(text, sentence, source, setting)


def _spoken_of(relations: Sequence[str], sentence: str, source: str) -> tuple[str, ...]:
    """Of the relatives those that the message does not name only afterwards."""
    at = source.find(sentence)
    later = set(relations_of([source], at_least=1)) - set(relations_of([source[: at + len(sentence)]], at_least=1)) if at >= 0 else set()
    return tuple(r for r in relations if r not in later)


_SELF = re.compile(r"\b(?:i|i'm|im|i've|ive|we)\b", re.I)
_LABEL = re.compile(r"^[^,:]{0,40}\b(?:rules?|tips?|version|advice|answer|word|things?|question|plan|list)(?: [^,:]{1,25})?: ", re.I)
"""What only announces what comes."""
_PLEASE = re.compile(r"^(?:(?:and|so|also|then|but)\s+)*(?:please|pls|plz)\s+(?!(?:can|could|may|help|tell|let|someone|somebody)\b)", re.I)
_CUT = re.compile(r"(?:,|;|:)\s+(?:and |but |so )?|\s+(?:and|but|so|because) (?=(?:i|we|my|they|he|she|it|the|you|your|now|then)\b)", re.I)
_BINDS = re.compile(r"\b(?:if|unless|not|no|but|except|never|only|or|without|until|till|though|although|maybe|might|probably|perhaps|nor|neither|when|whether)\b|n't\b", re.I)  # fmt: skip
"""What may not be cut off: a condition, a negation, a doubt."""


def _parts(text: str, sentence: str, source: str, setting: Setting) -> tuple[Piece, ...]:
    """The clauses that can be told alone, where those left out take nothing back."""
    cuts = [0, *(m.end() for m in _CUT.finditer(text)), len(text)]
    if not 3 <= len(cuts) <= 7:
        return ()
    told: list[Piece] = []
    for start, end in pairwise(cuts):
        part = re.sub(r"(?:[,;:]|\s(?:and|but|so|because))*\s*(?:and|but|so|because)?\s*$", "", text[start:end])
        joined = text[:start].rstrip()
        piece = None
        if len(part.split()) >= 3 and not untellable(part, sentence, source) and not joined.lower().endswith("because"):
            piece = piece_of(part, setting)
        if piece is not None and (piece.kind == "note" or carries(part) < 2 or (piece.kind == "own" and re.search(r"\byou\b", part, re.I))):
            piece = None
        if piece is None:
            if (
                _BINDS.search(part)
                or (ME.search(part) and re.search(r"\byour?\b", part, re.I))
                or re.match(r"^(?:but|because|so)\b", text[max(0, start - 8) : end].strip(), re.I)
            ):
                return ()
            continue
        if (piece.leans or re.match(r"(?:they|he|she|it)\b", part, re.I)) and not told:
            return ()
        told.append(piece)
    return tuple(told)
