"""Just enough grammar, by lists and order of words: what is a clause, what is an instruction, who "they" and "he" are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Sequence
from itertools import pairwise

from peerplugin.core.english import AUXILIARIES, BASE, FINITE, NOUNS_TOO, PARTICIPLE, PAST, SAME_PAST, STOP, THIRD, plain, third

TEAM_VERBS = frozenset(
    """said say says told tell gave give put want wanted check checked added add took take moved switched swapped changed lowered raised cut started stopped kept keep
    offered asked ask called let made found did do redo watch monitor test tested scan scanned drew draw sent send prescribed recommend recommended suggested explained used swap switch lower raise add cut start stop move change pump
    look looked removed operated fixed adjusted increased reduced decided refused insisted warned use redraw slowed slow signed hold held""".split()
)
_ANYBODY_DOES = frozenset(
    "put took take kept keep let made found did do use used moved move start started stop stopped cut held hold look looked change changed pump want wanted "
    "offered offer call called refused fixed caught".split()
)
"""Of those what landlords and insurers do as well."""
_RELATION = re.compile(
    r"\b(?:my|our)\s+(?:[a-z]+\s+)?(husband|wife|partner|mother|father|son|daughter|brother|sister|boyfriend|girlfriend|fiancé|fiancee|"
    r"grandson|granddaughter|boy|girl|aunt|uncle|cousin|kid|child|hubby)\b",
    re.I,
)
HE = frozenset("husband father son brother boyfriend fiancé grandson boy uncle".split())
SHE = frozenset("wife mother daughter sister girlfriend fiancee granddaughter girl aunt".split())
_PRONOUNS = {
    "i": "they", "me": "them", "my": "their", "mine": "theirs", "myself": "themselves", "we": "they", "us": "them", "our": "their", "ours": "theirs",
    "ourselves": "themselves", "i'm": "they are", "i've": "they have", "i'll": "they will", "i'd": "they'd", "we're": "they are", "we've": "they have",
    "we'll": "they will", "we'd": "they'd",
}  # fmt: skip
_FIRST = frozenset(_PRONOUNS)
_THEY = {"they": "the team", "they're": "the team is", "they've": "the team has", "they'll": "the team will", "they'd": "the team would"}
_PLACED = re.compile(r"their (?:area|workplace|hospital|clinic|town)\b", re.I)
"""What stands for a name that was taken out."""
_HE_SHE = frozenset("he she his her him he's she's hers himself herself".split())
_THINGS = re.compile(r"\b(?:pills|tablets|kids|people|children|parents|friends|others|symptoms|companies|airlines?|insurance)\b")
CLINICIANS = frozenset(
    "gp neuro onc oncologist ob gyn endo hep hepatologist derm rheum rheumatologist cardio cardiologist nephrologist neurologist surgeon consultant "
    "specialist pharmacist pharmacy dietitian dietician physio therapist psychologist psychiatrist coordinator nurse doctor clinic center centre midwife "
    "dentist counsellor counselor".split()
)
_PERSONS = "doctor|doctors|neuro|onc|endo|derm|rheum|anesthetist|paramedic|therapist|sponsor|cousin|neighbour|neighbor|colleague|boss|manager|donor|professor|somebody|person|member|surgeon|nurse|consultant|specialist|neurologist|gp|oncologist|cardiologist|hepatologist|dietitian|physio|friend|pharmacist|coordinator|man|woman|lady|guy|kid|child|baby"
_MEDICAL = re.compile(
    rf"\b(?:{'|'.join(sorted(CLINICIANS))}|doctors?|nurses?|hospital|ward|scans?|mri|ct|labs?|bloods?|doses?|tablets?|pills?|infusions?|transplant|surgery|"
    r"steroids?|antibiotics?|biopsy|chemo|radiotherapy|catheter|pump|device|echo|drip|cycle|list|\d+ ?(?:mg|ml|units?)|\w+(?:mab|imus|sone|lone|olol|pril|cillin))\b",
    re.I,
)
ADVERBS = frozenset("just also always never still only then even once now already both all either sometimes often".split())
_KNOWN_SMALL = (
    FINITE
    | BASE
    | PARTICIPLE
    | NOUNS_TOO
    | frozenset(
        """a an the this that these those there it if when while before after since until at on in for from by with without as to of and or but so my your our their his her they you we""".split()
    )
)
_AFTER_VERB = frozenset("the a an your it them up down out off every each all any some two away whatever everything things".split())
NOT_A_START = frozenset(
    "it that this those these they he she him her them which who whose because but or and than nor not as so if when until unless though too very one ones another other others same none half some any all of to such like what why how where at by".split()
)
NOT_AN_END = frozenset("and or but the a an of to with for because so my is in on at by from if when that which as than your their".split())
EMPTY_WORDS = frozenset(
    "really just very much more most about with from that this your their them they have some what when then than only even like well good bad best love thing things time way people same here there everything something anything nothing thank thanks sorry".split()
)
DETERMINERS = frozenset("the a an my your our their his her its every each some any no this that these those".split())
SUBJECTS = frozenset("i you we they he she it who people everybody everyone nobody somebody doctors nurses patients there".split())
_COUNTING = frozenset("both two three four five six seven eight nine ten several many few most other more less".split())
_OBJECTS = frozenset("me us him them it you to on off in out up after for with at from into through between like than".split())
_OPENING = frozenset(
    "before after when if while until because since as though although where once unless whenever in on at for with without from by during under over "
    "about between both all then now first last today sometimes often usually yes no even only one two three four five so well".split()
)
"""What may stand before the comma of a clause whose verb comes after it."""
PLURAL_NOUNS = frozenset(third(v) for v in NOUNS_TOO)


def third_person(text: str, relations: Sequence[str], *, known: bool = False) -> str | None:
    """First person becomes "they" throughout; None where another "they" or an unknown "he" would be mistaken for it.

    `known`: a sentence told before says who "he" is."""
    tokens = re.split(r"(\s+|[,.;:()])", text)
    spoken = [t.lower() for t in tokens if re.search(r"\w", t)]
    own = any(w in _FIRST for w in spoken)
    out: list[str] = []
    k, named = -1, False
    for place, token in enumerate(tokens):
        low = token.lower()
        k += bool(re.search(r"\w", token))
        if low in _THEY:
            following = next((w for w in spoken[k + 1 : k + 4] if w not in ADVERBS), "")
            if (
                _team_does(following, spoken[k + 1 : k + 7], text)
                and not _THINGS.search(" ".join(spoken[:k]))
                and (own or not _several(spoken[:k]))
            ):
                token = _THEY[low]
            elif own:
                return None
        elif low in {"their", "theirs", "themselves"} and own and not _PLACED.match("".join(tokens[place:])):
            return None
        elif low in _HE_SHE and not named:
            resolved = _person(low, relations, text, spoken[k + 1] if k + 1 < len(spoken) else "")
            if resolved is None and known:
                resolved = low
            if resolved is None:
                return None
            named = resolved != low
            token = resolved
        elif low in _PRONOUNS and not (low == "us" and token.isupper()):  # "us", not the country
            token = _PRONOUNS[low]
        out.append(token)
    swapped = re.sub(r"\bthey am\b", "they are", "".join(out))
    swapped = re.sub(r"\bthey was(n't)?\b", lambda m: "they were" + (m[1] or ""), swapped)
    if _TEAM_DOES_TWO.search(swapped):  # "the team watch and wait": a team may be many
        return re.sub(r"\bthe team (is|has)\b", lambda m: "the team " + {"is": "are", "has": "have"}[m[1]], swapped)
    return re.sub(
        r"\bthe team ((?:just |also |only |always |still )?)(do|say|want|check|give|take|put|keep|tell|call|ask|test|watch|redo|draw|monitor|scan|let|recommend|send|use|swap|switch|lower|raise|add|start|stop|move|change|pump)\b",
        _agree,
        swapped,
    )


def _team_does(verb: str, after: Sequence[str], text: str) -> bool:
    """Whether "they" who do this are the speaker's team: by what they do, to whom, or who is named beside it."""
    if verb in TEAM_VERBS - _ANYBODY_DOES:
        return True
    to_me = any((a in PAST or a in TEAM_VERBS) and b in {"me", "us", "my", "our"} for a, b in pairwise(after))
    return to_me or (verb in _ANYBODY_DOES and _MEDICAL.search(text) is not None)


def _several(before: Sequence[str]) -> bool:
    """Whether a plural stands before that "they" may take up."""
    return any(w.endswith("s") and len(w) > 3 and not w.endswith(("ss", "us", "is", "'s")) and w not in AUXILIARIES | STOP for w in before)


_TEAM_DOES_TWO = re.compile(rf"\bthe team \w+\b[^.;]*\b(?:and|or|then) (?:{'|'.join(sorted(BASE - NOUNS_TOO))})\b")


def _agree(match: re.Match[str]) -> str:
    verb = match[2]
    return match.group() if verb in {"put", "let"} else f"the team {match[1]}{third(verb)}"


def _person(pronoun: str, kin: Sequence[str], text: str, following: str) -> str | None:
    """Leaves "he" as it is where the sentence itself says who; as the speaker's husband where only he can be meant."""
    wanted = HE if pronoun in {"he", "his", "him", "he's", "himself"} else SHE
    if any(re.search(rf"\b{r}\b", text, re.I) for r in wanted) or re.search(rf"\b(?:{_PERSONS})\b", text, re.I):
        return pronoun
    fitting = sorted({k for k in kin if k in wanted})
    if len(fitting) != 1 or re.search(rf"\b(?:{_PERSONS}|{'|'.join(sorted(HE | SHE))})s?\b", text, re.I):
        return None
    name = fitting[0]
    owns = (
        pronoun == "her"
        and following.isalpha()
        and following
        not in {
            "to",
            "in",
            "on",
            "at",
            "for",
            "with",
            "and",
            "off",
            "up",
            "out",
            "by",
            "after",
            "before",
            "from",
            "about",
            "but",
            "a",
            "the",
            "when",
            "if",
        }
    )
    table = {
        "he": name,
        "she": name,
        "his": name + "'s",
        "her": name + "'s" if owns else name,
        "him": name,
        "he's": name + " is",
        "she's": name + " is",
    }
    return "their " + table[pronoun] if pronoun in table else None


def weak_reference(text: str, *, allowed: int = 0) -> bool:
    """Whether the text leans on something that is not in it: a "that" or "mine" without a noun."""
    leans = sum(
        len(re.findall(r"\b[a-z]{4,}\b", text[: m.start()].lower())) < 4  # a noun before it explains it
        for m in re.finditer(
            r"\b(?:that|this|those|these)(?=[\s,.;]*$| (?:is|was|are|were|one|ones|way|time|day|and|but|for me|fixed|helped|works|worked|too|would|"
            r"wasn't|isn't)\b)|\b(?:of|after|before|like|with|about|for|from|without|on) (?:those|these|that|this|it|them)(?=[\s,.;]*$|[,.;])|"
            r"\b(?:of those|of these)\b",
            text,
            re.I,
        )
    )
    leans += len(
        re.findall(
            r"\b(?:mine|ours|theirs|hers)\b|\b(?:same|the other one|the one|the rest|as well|the other)\s*$|\bthe same\b(?! \w)",
            text,
            re.I,
        )
    )
    leans += len(re.findall(r"^(?:it|that|this|he|she|those|these)\b", text, re.I))
    return leans > allowed


def leans_on_context(text: str) -> bool:
    """Whether a reported sentence holds an "it" or "them" that no noun before it explains."""
    if text.startswith("One member says theirs "):
        return True
    match = re.search(r"\b(?:it|them|its)\b", text)
    return (
        match is not None
        and len(
            re.findall(
                r"\b(?!one|member|members|says|they|their|advice|according|told|that|were|have|with|when|after|take|takes|took)[a-z]{4,}\b",
                text[: match.start()].lower(),
            )
        )
        < 2
    )


def lower_start(text: str, small: Container[str] = frozenset()) -> str:
    """Lower case at the start, unless the word is written with capitals for its own sake."""
    head = re.match(r"[^\W\d_]+", text)
    if (
        head
        and (head.group()[1:].islower() or len(head.group()) == 1)
        and head.group() != "I"
        and (head.group().lower() in _KNOWN_SMALL or head.group().lower() in small)
    ):
        return text[0].lower() + text[1:]
    return text


def has_verb(text: str) -> bool:
    """Whether any word is a verb and nothing else."""
    return any(w in FINITE or w in BASE - NOUNS_TOO or w.endswith("n't") for w in re.findall(r"[a-z']+", text.lower()))


def starts_instruction(low: str) -> bool:
    """Whether a text (lower case) tells somebody to do something."""
    tokens = [t.strip(",") for t in low.split()]
    k = 0
    while k < len(tokens) - 1 and (
        tokens[k] in {"always", "never", "just", "please", "definitely", "also", "don't", "do", "not", "maybe", "first", "then", "only"}
        or (tokens[k].endswith("ly") and tokens[k] not in BASE)
    ):
        k += 1
    verb = tokens[k] if tokens else ""
    if verb == "like" or (verb == "time" and k) or (k and low.split()[k - 1].endswith(",")):
        return False
    if verb in SAME_PAST and re.search(
        r"\b(?:i|my|ago|once|yesterday|last|(?:mon|tues|wednes|thurs|fri|satur|sun)day|like an? \w+)\b", low
    ):
        return False
    if verb not in BASE or (k + 1 < len(tokens) and tokens[k + 1] in AUXILIARIES):
        return False
    if k + 1 < len(tokens) and tokens[k + 1] in THIRD and tokens[k + 1] not in PLURAL_NOUNS:
        return False
    if (
        verb in NOUNS_TOO
        and (k == 0 or tokens[k - 1] in {"first", "then", "maybe", "only", "also"})
        and not (len(tokens) > k + 1 and tokens[k + 1] in _AFTER_VERB)
    ):
        return False
    return not (k + 1 < len(tokens) and tokens[k + 1] in {"of", "was", "were"} and verb in NOUNS_TOO)


_SHORT_CLAUSE = frozenset(
    "it's there's that's he's she's they're you're we're i'm i've you've they've we've i'll you'll they'll it'll i'd you'd they'd".split()
)


def _subject(low: Sequence[str], k: int) -> bool:
    """Whether a pronoun before the word is the subject of the whole, not only of a "the second they wake"."""
    j = k - 2 if low[k - 1] in ADVERBS and k > 1 else k - 1
    if low[j] not in SUBJECTS:
        return False
    return j == 0 or (low[0] in _OPENING and not low[0].endswith("ing")) or low[j - 1] in _JOINING or low[0].endswith("ly")


_JOINING = frozenset(", ; and but so that then what how where because or which".split())


def is_clause(text: str) -> bool:
    """Whether this is a sentence: a subject, then a verb that is none but a verb."""
    low = [t.lower() for t in re.findall(r"[A-Za-z'’]+|[,;]|\d+", text)]
    if (
        not low
        or (low[0] in FINITE and low[0] not in NOUNS_TOO and not (low[0] in PLURAL_NOUNS | PAST.keys() and set(low[1:3]) & AUXILIARIES))
        or (low[0] in PARTICIPLE and not (len(low) > 3 and set(low[2:4]) & AUXILIARIES))
        or low[0] in {"and", "or", "but", "not", "nor", "been", "being"}
        or (low[0].endswith("ing") and len(low) < 6)
    ):
        return False
    if low[0] in _SHORT_CLAUSE:
        return len(low) > 1
    for k in range(1, min(len(low), 14)):
        word, before, after = low[k], low[k - 1], low[k + 1] if k + 1 < len(low) else ""
        if word in {",", ";"} and low[0] not in _OPENING and not low[0].endswith("ly"):
            return False
        if before in DETERMINERS or (before in _COUNTING and word in THIRD) or word == "times":
            continue
        if word in AUXILIARIES or word in _SHORT_CLAUSE or word.endswith("n't") or (_subject(low, k) and (word in BASE or word in FINITE)):
            return k <= 10
        if before in {"it", "he", "she"} and len(word) > 3 and re.search(r"[^su]s$", word) and k == 1:
            return True
        if word in THIRD and word not in PLURAL_NOUNS and before not in {",", ";", "and", "or"}:
            return True
        if word in THIRD and (after in DETERMINERS | _OBJECTS or after.isdigit()) and before not in {",", ";", "and", "or"}:
            return True
        if (
            word in PAST
            and before not in {",", ";", "and", "or"}
            and (
                word not in PARTICIPLE
                or not word.endswith("ed")
                or after in DETERMINERS | _OBJECTS | ADVERBS
                or after.endswith("ly")
                or after.isdigit()
            )
        ):
            return True
        if k > 1 and word in BASE - NOUNS_TOO and before.endswith("s") and before not in AUXILIARIES and after:
            return True
    return False


def relations_of(texts: Sequence[str], *, at_least: int = 2) -> tuple[str, ...]:
    """The relatives a member speaks of as theirs, as often as `at_least`: of whom else could "he" be said."""
    found = Counter(_NEAR_ONES.get(m[1].lower(), m[1].lower()) for text in texts for m in _RELATION.finditer(plain(text)) if m[1])
    found += Counter(_NEAR_ONES[m[1].lower()] for text in texts for m in _PARENT.finditer(plain(text)))
    return tuple(r for r, n in found.items() if n >= at_least)


_NEAR_ONES = {"mom": "mother", "mum": "mother", "mam": "mother", "mama": "mother", "dad": "father", "papa": "father", "hubby": "husband"}
_PARENT = re.compile(r"(?<!\w)(mom|mum|mam|mama|dad|papa)\b", re.I)
