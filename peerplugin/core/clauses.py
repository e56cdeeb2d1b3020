"""One clause in the third person, by what its first words say it is: the speaker's, somebody's of theirs, a fact, advice, a note."""

from __future__ import annotations

import re
from dataclasses import replace

from peerplugin.core.assertions import general, note
from peerplugin.core.english import AUXILIARIES, BASE, FINITE, SAME_PAST
from peerplugin.core.grammar import (
    ADVERBS,
    CLINICIANS,
    NOT_A_START,
    NOT_AN_END,
    SUBJECTS,
    TEAM_VERBS,
    has_verb,
    is_clause,
    lower_start,
    starts_instruction,
    third_person,
    weak_reference,
)
from peerplugin.core.told import NEVER, Piece, Setting, carries

_TEAM = r"(?:they|he|she|the (?:doctors?|nurses?|team|hospital|clinic|surgeon|consultant)|mine|ours)"
_TOLD_ME = re.compile(rf"^(?:then |so )?{_TEAM}\s+(?:just |also |only |always )?(told|warned|taught|advised|asked) (?:me|us)\b", re.I)
_TOLD = re.compile(
    r"^(?:(?:i|we) (?:was|were) |(?:was |were |got )?(?=(?:told|warned|advised|diagnosed|prescribed|referred)\b(?! (?:me|us|him|her|them|my|the|a)\b)))"
    r"((?:also |just |only |always |never |not )?(?:told|warned|taught|advised|asked|given|offered|put|switched|moved|sent|diagnosed|started|referred|prescribed))\b",
    re.I,
)
_THEY_ME = re.compile(
    r"^(?:then |so )?they (?:just |also |only |then |finally )?(put|gave|switched|moved|swapped|changed|started|kept|sent|offered|took|dropped|"
    r"referred) (me|us)\b",
    re.I,
)
_PASSIVE = {"gave": "given", "took": "taken"}
_SAID = re.compile(r"^(?:mine|ours|they|he|she) (?:just |also |always )?(said|says|say)\b(?! (?:it's|that's|hi|hello|no|yes|thank))", re.I)
_MINE = re.compile(r"^(?:mine|ours) (?=(?:never |always |only |just |also |still |even |usually )?([a-z']+)\b)", re.I)
_LEANING = re.compile(
    r"^(?:it|it's|its|that|that's|thats|this|those|these|they|they're|he|he's|she|she's|him|her|which|ones|neither|either|same|others|"
    r"the other|the rest|(?:one|both|another|other|some|none|half|most)(?= (?:is|was|are|were|of|or|and|has|had|did|does|can|could|that|who|said|"
    r"says|told|got|went|for)\b|,)|there it|so did|so do|nor|because|which|who|whose|than|not|like|as|too|then it|then that|then they're|"
    r"if it|when it|if they're|if so|either way|mine|ours|yours|his|hers|theirs|did|does|do i|same|also|says|said|instead|only then)\b",
    re.I,
)
_NO_VERB = (
    NOT_A_START
    | NOT_AN_END
    | SUBJECTS
    | frozenset("me too neither either more less very much in at on off up down over out about here there yes no".split())
)
_I_FORMS = frozenset("i i'm i've i'd i'll we we've we're we'd we'll".split())
_MY_PAST = frozenset(
    "had kept asked tried went did lost switched cried slept learned learnt found bought wrote moved paid spent used ate drank wore missed "
    "forgot woke ended applied phoned rang saw took quit felt walked drove lived worked stayed waited thought chose refused carried "
    "called threw hid told booked swapped started stopped fainted vomited threw hated loved begged fought flew swam ran sat stood".split()
)
"""Past forms whose missing subject is the speaker, if an object or a place follows."""
_WITH_OBJECT = frozenset(
    "went called told started stopped felt worked used walked moved ended ran found tried stayed lost did asked".split()
)
NO_ADVICE = re.compile(
    r"^(?:please )?(?:don't |do not |never |always |just )?(?:let's|lets|think (?:of us|i|so)|know|mean|believe|guess|love|wish|hope|see (?:you|below|above)|"
    r"thank|join us|tell (?:us|me)|ask (?:me|us|away)|say (?:hi|hello|so|that|no more)|go (?:on|ahead|first|for it)|come (?:on|in|back|join|and)|stop (?:it|that)\b|"
    r"throw in|type|scroll|post|give (?:us|me)|worry|apologi[sz]e|be sorry|imagine|remember when|forget it|hang on|speak up|"
    r"hold on|shout|raise your|pass\b|start us|seem|happen|count me|need|want|feel|hate|miss|belong|live|like)\b", re.I
)  # fmt: skip
_PERSON_OF_MINE = re.compile(
    r"^(?:turn|question|pleasure|point|thing|bad|god|goodness|word|guess|rule|two|answer|advice|other|own|last|first|worst|best)\b", re.I
)
ME = re.compile(r"\b(?:i|we|my|our|me|us|mine|i'm|i've|i'd|i'll)\b", re.I)


def piece_of(text: str, setting: Setting) -> Piece | None:
    """One clause as a ladder of what it can be; each rung knows its kind by the first words."""
    for rung in (_told, _team, _first_person, _mine, _clinician, _theirs, _leaning, _dropped, _instruction, general, note):
        found = rung(text, setting)
        if found is not None:
            return found if found is not NEVER else None
    return None


def _told(text: str, setting: Setting) -> Piece | None:
    """What the speaker was told or given."""
    if match := _TOLD_ME.match(text) or _TOLD.match(text):
        return _self(_rest(f"they were {match[1].lower()}", text[match.end() :], setting))
    if match := _THEY_ME.match(text):
        verb = match[1].lower()
        return _self(_rest(f"they were {_PASSIVE.get(verb, verb)}", text[match.end() :], setting))
    if (match := _SAID.match(text)) and (setting.follows or not text.lower().startswith(("he", "she"))):
        return _self(_rest("they were told", text[match.end() :], setting))
    return None


def _self(clause: str | None) -> Piece:
    return Piece("self", clause) if clause is not None else NEVER


def _rest(lead: str, rest: str, setting: Setting) -> str | None:
    """What was told: "they were told" + the rest, which must say something by itself."""
    swapped = third_person(rest.strip(" ,"), setting.relations, known=setting.follows)
    if swapped is None or len(swapped.split()) < 2 or weak_reference(swapped, allowed=1):
        return None
    if (how := re.match(r"(\w+ly|again|straight out) (?=\w)", swapped)) and lead.endswith(("told", "warned", "advised")):
        if not is_clause(swapped[how.end() :]):
            return None
        return f"{lead} {how[1]} that {lower_start(swapped[how.end() :], setting.small)}"
    if re.match(r"(?:the )?(?:opposite|reverse|same|contrary|so)\b", swapped, re.I):
        return None
    if lead.endswith(("told", "warned", "advised")) and not re.match(
        r"^(?:to|that|not|by|with|on|off|about|from|never|as|for|down|up|back|no (?:to|on|for|more|\w+ing)|[\d]+)\b", swapped, re.I
    ):
        if is_clause(swapped) or (has_verb(swapped) and not starts_instruction(swapped.lower())):
            swapped = f"that {lower_start(swapped, setting.small)}"
        elif starts_instruction(swapped.lower()):
            swapped = lower_start(swapped, setting.small)
            negative = re.match(r"(?:don't|do not) ", swapped)
            swapped = f"not to {swapped[negative.end() :]}" if negative else f"to {swapped}"
        elif len(swapped.split()) > 12:
            return None
    return f"{lead} {lower_start(swapped, setting.small)}"


def _team(text: str, setting: Setting) -> Piece | None:
    """What "they" did who can only be the speaker's team."""
    match = re.match(r"^(?:then |so |and )?(?=they (?:also |just |only |always )?(\w+))", text, re.I)
    if match is None:
        return None
    swapped = third_person(text[match.end() :], setting.relations, known=setting.follows)
    if swapped is None or not swapped.lower().startswith("the team"):
        return NEVER if match[1] in TEAM_VERBS and not setting.follows else None
    return Piece("own", swapped[4:])


def _first_person(text: str, setting: Setting) -> Piece | None:
    """I and we become "they"."""
    if match := re.match(r"^for (?:me|us),?\s+", text, re.I):
        rest = text[match.end() :]
        if is_clause(rest) and (swapped := _swapped(rest, setting)):
            return Piece("fact", f"for them, {swapped}", leans=weak_reference(rest))
        return NEVER if is_clause(rest) else note(rest, setting) or NEVER
    low = [t.lower().strip(",.;") for t in text.split()]
    if low[0] not in _I_FORMS:
        return None
    swapped = third_person(text, setting.relations, known=setting.follows)
    if swapped is None or len(low) < 3 or (weak_reference(text) and not (setting.follows or setting.leaning)):
        return NEVER
    at = 1
    while low[0] in {"i", "we"} and at < len(low) - 1 and ((low[at].endswith("ly") and low[at] not in BASE) or low[at] in ADVERBS):
        at += 1
    if low[0] in {"i", "we"} and (low[at] in _NO_VERB or not low[at].replace("'", "").isalpha()):
        return NEVER
    if carries(text) < 1:
        return NEVER
    several = low[0] == "we're" or (low[0] == "we" and low[at] in {"are", "were"})  # "we are patients": not one member is
    return Piece("fact" if several else "self", swapped[0].lower() + swapped[1:], leans=weak_reference(text))


def _clinician(text: str, setting: Setting) -> Piece | None:
    """Report "GP said no": whose, goes without saying."""
    if not _BARE_CLINICIAN.match(text) or not is_clause("the " + text) or not is_clause("the " + re.split(r"[,;.]", text)[0]):
        return None
    swapped = third_person(text, setting.relations, known=True)
    if swapped is None or (weak_reference(text) and not setting.follows):
        return None
    return Piece("own", swapped if text[:2].isupper() else lower_start(swapped, CLINICIANS))


_BARE_CLINICIAN = re.compile(
    rf"^(?:{'|'.join(sorted(CLINICIANS))}) (?:(?:also|just|always|never|only) )?(?:[a-z]+(?:s|ed)|told|said|gave|put|took|thought|let|cut|kept|did|made|was|is|has)\b",
    re.I,
)


def _swapped(text: str, setting: Setting, *, allowed: int = 0) -> str | None:
    swapped = third_person(text, setting.relations, known=setting.follows)
    if swapped is None or (weak_reference(text, allowed=allowed) and not setting.follows):
        return None
    return lower_start(swapped, setting.small)


def _mine(text: str, setting: Setting) -> Piece | None:
    """Turn "My dietitian said" into what "their dietitian said"."""
    match = re.match(r"^(?:my|our)\s+", text, re.I)
    if match is None:
        return None
    rest = text[match.end() :]
    swapped = third_person(rest, setting.relations, known=setting.follows)
    if swapped is None or (weak_reference(rest) and not setting.follows) or _PERSON_OF_MINE.match(rest):
        return NEVER
    if not is_clause("the " + rest):
        return Piece("note", "their " + swapped) if carries(rest) >= 3 and not has_verb(rest) else NEVER
    if not is_clause("the " + re.split(r"[,;.]", rest)[0]):
        return NEVER
    return Piece("own", swapped)


def _theirs(text: str, setting: Setting) -> Piece | None:
    """Report "mine stopped in a week": of what, is known from the question."""
    match = _MINE.match(text)
    if match is None or not (match[1].lower() in FINITE or match[1].lower().endswith(("n't", "ed"))):
        return None
    rest = text[match.end() :]
    swapped = third_person("my " + rest, setting.relations, known=setting.follows)
    if (weak_reference(rest) and not setting.follows) or len(rest.split()) < 3 or not swapped:
        return NEVER
    return Piece("own", f"{setting.subject} {swapped[6:]}") if setting.subject else Piece("fact", f"theirs {swapped[6:]}", leans=True)


_ANSWERING = re.compile(r"(?:if|when) (?:it|they're)\b|same (?!here|too|as|for|with|way|thing|in|like|and|but)\w{3,}", re.I)


def _leaning(text: str, setting: Setting) -> Piece | None:
    """Report "it stopped in two days" behind a sentence that says what, or where the question says it."""
    if not _LEANING.match(text) or starts_instruction(text.lower()):
        return None
    first = re.split(r"[ ']", text.lower(), maxsplit=1)[0]
    if (setting.follows or setting.leaning) and _ANSWERING.match(text):
        found = note(text, setting) if first == "same" else general(text, setting)
        return replace(found, leans=True) if found is not None and found is not NEVER else NEVER
    if re.search(r"\bthat(?= was| is)?[\s.]*$|^(?:that|this)'?s? (?:is |was )?(?:it|why|all|what|how|my|not|me|us|so)\b", text, re.I):
        return NEVER
    swapped = third_person(text, setting.relations, known=setting.follows)
    if swapped is None or carries(text) < 1:
        return NEVER
    clause = is_clause(text) or bool(re.match(r"^(?:it|that|this)'?s\b", text, re.I))
    if first == "it" and clause and (setting.follows or setting.leaning or setting.subject):
        if setting.subject and not setting.follows:
            return Piece("fact", re.sub(r"^it('s)?\b", lambda m: f"{setting.subject}{' is' if m[1] else ''}", swapped, flags=re.I))
        return Piece("fact", lower_start(swapped, setting.small), leans=True)
    if not setting.follows:
        return NEVER
    if first in {"he", "she", "his", "her"} and clause:
        return Piece("fact", lower_start(swapped, setting.small), leans=True)
    if first in {"that", "this", "these", "those", "both", "some", "most", "half", "one", "none", "another"} and clause:
        return Piece("fact", lower_start(swapped, setting.small), leans=True)
    if first in {"because", "not", "says", "like", "which"} and not re.search(r"\b(?:me|you|us)\b", text, re.I):
        return Piece("note", lower_start(swapped, setting.small), leans=True) if carries(text) >= 2 else NEVER
    return NEVER


def _dropped(text: str, setting: Setting) -> Piece | None:
    """Report "took it with juice", "been on it two years": who did is the speaker, and is not said."""
    low = [w.strip(",.;").lower() for w in text.split()]
    at = 0
    while at < len(low) - 1 and (low[at] in {"never", "also", "only", "just", "always", "still", "then", "finally"}):
        at += 1
    verb, after = low[at], low[at + 1] if at + 1 < len(low) else ""
    if setting.after != "self" if setting.after is not None else setting.inside:  # the subject may be that of the sentence before
        return None
    if verb == "been" and len(low) > 3:
        return _self(_swapped("I have " + text, setting))
    if verb not in _MY_PAST or after in AUXILIARIES or not after or (verb in SAME_PAST and not ME.search(text)):
        return None
    if verb in _WITH_OBJECT and not (
        ME.search(text)
        or after in {"the", "a", "an", "it", "to", "two", "three", "them", "back", "home", "into", "through"}
        or after.endswith("ing")
    ):
        return None
    if _LASTED.match(text) or re.match(r"took\b.*\b(?:off|away|ages)$", text, re.I):
        return None
    return _self(_swapped("I " + text[0].lower() + text[1:], setting))


_LASTED = re.compile(
    r"^took (?:me )?(?:maybe |about |around |only |almost |nearly |like |at least )?(?:\d[\d.-]*|a|an|two|three|four|five|six|ages|a few)\s*(?:to \d+ )?(?:min|sec|hour|day|week|month|year|while|good|ages)",
    re.I,
)


def _instruction(text: str, setting: Setting) -> Piece | None:
    """An instruction stays one, as somebody's advice."""
    if not starts_instruction(text.lower()):
        return None
    if ME.search(text) or NO_ADVICE.match(text) or re.search(r"\b(?:he|she|him|her)\b", text, re.I):
        return NEVER
    leans = bool(re.match(r"^(?:\w+ )?\w+ (?:it|that|them|this|those|these|one)\b", text, re.I)) or weak_reference(text)
    if (
        (leans and len(text.split()) < 7 and not setting.follows and not setting.leaning)
        or weak_reference(text, allowed=2)
        or carries(text) < (1 if setting.follows or setting.leaning else 2)
    ):
        return NEVER
    return Piece("advice", lower_start(text, setting.small), leans=leans)
