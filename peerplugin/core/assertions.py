"""What a clause says of the world: a fact, or words without a subject, as a note."""

from __future__ import annotations

import re

from peerplugin.core.english import AUXILIARIES, BASE, FINITE, NOUNS_TOO, PARTICIPLE, PAST, THIRD
from peerplugin.core.grammar import (
    DETERMINERS,
    NOT_AN_END,
    PLURAL_NOUNS,
    SUBJECTS,
    is_clause,
    lower_start,
    starts_instruction,
    third_person,
    weak_reference,
)
from peerplugin.core.told import NEVER, Piece, Setting, carries

_ASKING = re.compile(
    r"^(?:what|when|where|who|whom|whose|why|which|how|is|are|am|was|were|do|does|did|can|could|will|would|should|shall|may|have|has|"
    r"had|anyone|anybody|any)\b",
    re.I,
)


def general(text: str, setting: Setting) -> Piece | None:
    """A fact about the world: told as what one member says."""
    if _ASKING.match(text) and not re.match(
        r"^when (?!do\b|does\b|did\b|is\b|are\b|was\b|were\b|can\b|will\b|should\b|would\b|have\b|has\b)|^(?:what|where|how) (?:i|we|you|my|your|the|they|helps|helped|works|worked)\b",
        text,
        re.I,
    ):
        return (
            None
            if re.match(r"^(?:could|can|was|were|had|has) (?!i\b|you\b|we\b|it\b|they\b|the\b|my\b|that\b|your\b|there\b)", text, re.I)
            else NEVER
        )
    conditional = re.match(r"^(?:if|when|once|before|after|unless) ", text, re.I) and "," in text
    weak = weak_reference(text, allowed=int(setting.leaning)) and not setting.follows
    if weak or not (is_clause(text) or conditional):
        return None
    if re.match(r"^the (?:day|time|moment|minute|night|week|year) (?:i|we|you|they|my)\b", text, re.I) or not _has_main_clause(text):
        return None
    swapped = third_person(text, setting.relations, known=setting.follows)
    return Piece("fact", lower_start(swapped, setting.small), leans=weak_reference(text)) if swapped is not None else NEVER


def _has_main_clause(text: str) -> bool:
    """Whether a sentence that begins with "when" or "before" goes on to say what then."""
    if not re.match(
        r"^(?:before|after|when|if|while|until|because|since|as|though|although|where|once|unless|whenever|what|how)\b", text, re.I
    ):
        return True
    main = text.split(",", 1)
    if len(main) == 2 and (is_clause(main[1]) or starts_instruction(main[1].strip().lower())):
        return True
    low = [w.strip(",.;") for w in text.lower().split()]
    phrase = (
        re.match(r"^(?:before|after|since|until)\b", text, re.I)
        and next(
            (
                k
                for k, w in enumerate(low)
                if w in SUBJECTS and low[k - 1] not in {"after", "before", "when", "if", "until", "since", "but"}
            ),
            0,
        )
        >= 2
    )
    verbs = sum(
        w in AUXILIARIES
        or w.endswith(("n't", "'m", "'re", "'ve", "it's"))
        or (w in FINITE and w not in PLURAL_NOUNS)
        or (w in BASE and low[k - 1] in SUBJECTS)
        or (w in THIRD and low[k - 1] not in DETERMINERS and k > 3)
        for k, w in enumerate(low)
    )
    return bool(phrase) or verbs >= 2


def note(text: str, setting: Setting) -> Piece | None:
    """Words without a subject: a list, a time, a thing, what came of it. They stand behind a colon or a semicolon."""
    text = re.sub(r",? for (?:me|us)(?=[,.;]|$)", "", text, flags=re.I).replace(": ", ", ")
    low = [w.lower() for w in re.findall(r"[A-Za-z']+", text)]
    if (
        not low
        or low[-1] in NOT_AN_END
        or (_ASKING.match(text) and low[0] not in {"when", "could", "can", "was", "were", "had", "has", "any"})
    ):
        return None
    if re.match(r"^(?:it|that|this|those|these|they|he|she|him|her|them|which|who|whose|because|than|nor|as|so|too|to|such|like|why|how|what|i|we|you|of|one (?:of|more|who|that|hard|thing)|the one|another|other|none|and|or|but)\b", text, re.I):  # fmt: skip
        return None
    if re.match(r"^(?:before|after|when|if|while|until|since|though|although|where|once|unless|whenever)\b", text, re.I) and "," not in text and any(w in FINITE or w in SUBJECTS for w in low[1:]):  # fmt: skip
        return None
    if (weak_reference(text) and not setting.follows) or carries(text) < (2 if setting.follows or setting.leaning else 3):
        return None
    if re.search(r"\b(?:you|your)\b", text, re.I) and low[0] in FINITE | BASE - NOUNS_TOO:
        return None
    swapped = third_person(text, setting.relations, known=setting.follows)
    if swapped is None:
        return None
    leans = (
        low[0] in (FINITE - PARTICIPLE) | {"not"}
        or (low[0] in PAST and setting.inside)
        or (low[0] in PARTICIPLE & frozenset(PAST) and len(low) < 4)
    )
    if leans and not (setting.follows or setting.leaning):
        return None
    return Piece("note", lower_start(re.sub(r" here(?=,|$)", "", swapped), setting.small), leans=leans)
