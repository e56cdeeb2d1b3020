"""Tells in the third person what somebody wrote in the first: grammatical, nothing added, nothing turned round; or not at all.

`report` takes one sentence of a message (already scrubbed) and gives a sentence that may stand in public without quoting anybody, or None:
a fragment, a question, slang, a joke, a "that" whose meaning stands elsewhere. Leaving out is always allowed; guessing is not."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from peerplugin.core.english import AUXILIARIES, BASE, FINITE, NOUNS_TOO, NUMBER_WORDS, PARTICIPLE, PAST, SAME_PAST, THIRD
from peerplugin.core.grammar import (
    ADVERBS,
    EMPTY_WORDS,
    NOT_A_START,
    NOT_AN_END,
    PLURAL_NOUNS,
    SUBJECTS,
    TEAM_VERBS,
    has_verb,
    is_clause,
    lower_start,
    starts_instruction,
    third_person,
    weak_reference,
)
from peerplugin.core.paraphrase import unlike
from peerplugin.core.spelling import clean_sentence, finish

_REFUSE = re.compile(
    r"^I'm \w+,|\b(?:lmao|rofl|wtf|omg|fuck\w*|shit\w*|crap|damn|bloody hell|arse|ass|bugger\w*|dude|bro|yall|10/10|joke|joking|kidding|"
    r"haha|lol|"
    r"aint|ain't|innit|dem|ye|tis|wee|oxter|nae|cannae|dinnae|aye|luv|"
    r"above|last week's|said before|told before|as i said|like i said|mentioned|the link|see below|scroll|in here|this room|this chat|"
    r"this group|the notes|this thread|tonight's|"
    r"dm me|message me|call me|write me|text me|private(?:ly)? message)\b|[#*_~|<>{}\[\]=^\\]|\.\.\.|…|https?:|www\.", re.I
)  # fmt: skip
_LEANING = re.compile(
    r"^(?:it|it's|its|that|that's|thats|this|those|these|they|they're|he|he's|she|she's|him|her|which|ones|neither|either|same|others|"
    r"the other|the rest|"
    r"(?:one|both|another|other|some|none|half|most)(?= (?:is|was|are|were|of|or|and|has|had|did|does|can|could|that|who|said|says|told|"
    r"got|went|for)\b|,)|"
    r"there it|so did|so do|nor|because|which|who|whose|than|not|like|as|too|then it|then that|then they're|if it|when it|if they're|"
    r"if so|either way|"
    r"mine|ours|yours|his|hers|theirs|did|does|do i|same|also)\b", re.I
)  # fmt: skip
_ASKING = re.compile(
    r"^(?:what|when|where|who|whom|whose|why|which|how|is|are|am|was|were|do|does|did|can|could|will|would|should|shall|may|have|has|"
    r"had|anyone|anybody|any)\b",
    re.I,
)
_TO_ONE = re.compile(
    r"^(?:you're|you are|you were|you will be|you did|you have been|your (?:boss|husband|wife|mother|brother|name|story)|glad you|"
    r"good for you|well done|welcome|congrat\w*|"
    r"are you|did you|have you|good luck|bless|hugs?|hope you|hope he|hope she|hope that|let us know|let me know|tell us|proud of|"
    r"happy for|so glad|glad|how are|take care|poor|"
    r"i (?:hear|love|like|admire|promise|mean|hope|bet|agree|see|know|wonder|wish)\b|i'm (?:glad|sorry|so sorry|so glad|with you|back|"
    r"here|in\b|off\b)|i'll (?:try|ask|be|say|go|do|tell|add|put|send|write)|"
    r"i am (?:glad|sorry|so sorry|back|here\b))", re.I
)  # fmt: skip
_TOLD_ME = re.compile(
    r"^(?:(?:then |so )?(?:they|he|she|the (?:doctors?|nurses?|team|hospital|clinic|surgeon|consultant))|mine|ours)\s+(?:just |also |"
    r"only |always )?(told|warned|taught|advised|asked) (?:me|us)\b",
    re.I,
)
_TOLD = re.compile(
    r"^(?:i|we) (?:was|were) (told|warned|taught|advised|asked|given|offered|put|switched|moved|sent|diagnosed|started|referred|"
    r"prescribed)\b",
    re.I,
)
_BARE_TOLD = re.compile(
    r"^(?:was |were |got )?(told|warned|advised|diagnosed|prescribed|referred|given)\b(?! (?:me|us|him|her|them|my)\b)",
    re.I,
)
_THEY_ME = re.compile(
    r"^(?:then |so )?they (?:just |also |only |then |finally )?(put|gave|switched|moved|swapped|changed|started|kept|sent|offered|took|"
    r"dropped|referred|let|made|had|cut|added|raised|lowered) (me|us)\b",
    re.I,
)
_PASSIVE = {"put": "put", "gave": "given", "switched": "switched", "moved": "moved", "swapped": "swapped", "changed": "changed", "started": "started",
            "kept": "kept", "sent": "sent", "offered": "offered", "took": "taken", "dropped": "dropped", "referred": "referred"}  # fmt: skip
_SAID = re.compile(r"^(?:mine|ours|they|he|she) (?:just |also |always )?(said|says|say)\b(?! (?:it's|that's|hi|hello|no|yes|thank))", re.I)
_JOKE = re.compile(r"10/10|\b(?:jk|joking|kidding|/s)\b|😂|🤣|😜|😉|🤡")
_HERE = re.compile(
    r"\b(?:you guys|you two|you all|all of you|your (?:husband|wife|boss|daughter|son|mother|hand|name|story|line)|tonight|"
    r"everyone here|everybody here|folks|friends|someone|another member|their area|their workplace|"
    r"a certain year|a certain day|is (?:that|it) a thing|ja(?:ja)+|(?:he|ha){3,}|happy \w+|inbox|check your messages|you lot|"
    r"mark my words|in (?:my|their) (?:teens|twenties|thirties|forties|fifties|sixties|seventies|eighties)|over eighty-nine|a child|"
    r"general (?:info|terms|answers?)|next week|see you|opt ?out|minutes left|one thing each|lurkers?|welcome|cake|typing|scribe|queue|"
    r"threads?|the chat|my screen|screenshot|this one|that one|whoever)\b", re.I
)  # fmt: skip
_NOW = re.compile(
    r"^(?:I'll|I will|I'm going to|we'll|we will|I shall)\b|\bI'm (?:just |not |still |only )?(?:looking|taking|calling|writing|reading|"
    r"typing|going|crying|laughing|printing|trying|being|asking|saying|saving|copying|listening|"
    r"sitting here|here|back|in (?:the|a) (?:car|bath|kitchen|train|bus)|done|off|out|up next|next)\b|\b(?:I|we) (?:say|mean|hope|wish|"
    r"wonder|wrote|write|copied|noted|told you|hear)\b|\btomorrow\b", re.I
)  # fmt: skip
_TO_YOU = re.compile(
    r"\b(?:I|we|I'm|I've|me|my)\b.*\b(?:you|your|yours)\b(?! (?:can|could|have to|need|should|must|will|may|might|get|feel|"
    r"are allowed)\b)|^you(?:'re| are| were| did| look| sound| said| know| have been)\b",
    re.I,
)
_I_FORMS = frozenset("i i'm i've i'd i'll we we've we're we'd we'll".split())
_MY_PAST = frozenset(
    "had kept asked tried went did lost switched cried slept learned learnt found bought wrote moved paid spent used ate drank wore missed forgot woke ended applied phoned rang saw".split()
)
"""Past forms whose missing subject is the speaker."""
_NO_ADVICE = re.compile(
    r"^(?:don't |do not |never |always |just )?(?:let|lets|let's|think|know|mean|believe|guess|love|wish|hope|see|look|thank|join|"
    r"tell (?:us|me)|ask (?:me|us|away)|say|go (?:on|ahead|first)|come|wait|stop (?:it|that)|sit|breathe|"
    r"throw|write (?:it|that)|type|scroll|post|give (?:us|me|them)|worry|apologi[sz]e|be sorry|imagine|remember when|forget it|hang on|"
    r"hold on|speak|shout|raise your|pass|start us|seem|happen|count me|need|want|like|feel|live|hate|miss|belong)\b", re.I
)  # fmt: skip


def report(
    sentence: str,
    source: str,
    *,
    relations: Sequence[str] = (),
    small: Container[str] = frozenset(),
    limit: int = 7,
    who: str = "one member",
    follows: bool = False,
) -> str | None:
    """`sentence` (a part of the message `source`) in reported speech, or None where that is not safe.

    `follows`: it stands behind a told sentence of the same person, so that its "it" has something to stand for.
    `relations`: whom the speaker has mentioned as "my husband", so that "he" can be named. `small`: words that begin small inside a sentence."""
    if (
        sentence.count(" ") < 2
        or re.search(r"https?:|www\.|!\w|\bq\+|@\w|\?|\b(?:lol|lmao|(?:ha){2,}|hehe)\b", sentence, re.I)
        or _JOKE.search(source)
    ):
        return None
    text = clean_sentence(sentence)
    text = re.sub(r"^(mother|father)('s)?\b", r"my \1\2", text, flags=re.I)
    tokens = text.split()
    if len(tokens) < 4 or len(tokens) > 42 or _REFUSE.search(text) or _unbalanced(text):
        return None
    if _TO_ONE.search(text) or _HERE.search(text) or _NOW.search(text) or _TO_YOU.search(text):
        return None
    if (
        any(
            re.search(r"\b(?:i|i'm|me|my|we|he|she|you)\b", quote, re.I) or len(quote.split()) > 6
            for quote in re.findall(r'"([^"]*)"', text)
        )
        or text.count('"') % 2
    ):
        return None
    said = _framed(text, relations, who, small, follows=follows)
    if said is None:
        return None
    said = finish(said)
    return unlike(said, source, limit)


def _unbalanced(text: str) -> bool:
    return text.count("(") != text.count(")") or bool(
        re.search(r"[:;]$|\b(?:and|or|but|the|a|an|of|to|with|for|because|so|my|is)$", text, re.I)
    )


def _framed(text: str, relations: Sequence[str], who: str, small: Container[str], *, follows: bool) -> str | None:
    """The sentence in its frame: who says it, and how."""
    one = who[0].upper() + who[1:]
    low = text.lower()
    spoken = [w.strip(",") for w in low.split()]
    first = spoken[0]
    if match := _TOLD_ME.match(text) or _TOLD.match(text):
        return _rest(f"{one} was {match[1].lower()}", text[match.end() :], relations, small)
    if match := _THEY_ME.match(text):
        verb = match[1].lower()
        return _rest(f"{one} was {_PASSIVE[verb]}", text[match.end() :], relations, small) if verb in _PASSIVE else None
    if match := _SAID.match(text):
        return _rest(f"{one} was told", text[match.end() :], relations, small) if is_clause(text[match.end() :]) else None
    if match := re.match(r"^(?:then |so |and )?(?=they (\w+))", text, re.I):
        return _clause(f"For {who},", text[match.end() :], relations, small) if match[1] in TEAM_VERBS else None
    if match := re.match(r"^for (?:me|us),?\s+", text, re.I):
        return _clause(f"For {who},", text[match.end() :], relations, small) if is_clause(text[match.end() :]) else None
    if first in _I_FORMS:
        return _first_person(text, relations, one)
    if match := re.match(r"^(?:my|our)\s+", text, re.I):
        return _mine(text[match.end() :], relations, one)
    if (
        _ASKING.match(text)
        and not re.match(r"^(?:when|what|where|how) (?:i|we|you|my|helps|helped|works|worked)\b", text, re.I)
        and not starts_instruction(low)
    ):
        return None
    if match := re.match(
        r"^(?:mine|ours) (?=(?:is|was|are|were|did|does|had|has|got|went|came|took|takes|started|stopped|settled|calmed|lasted|eased|needed|wears|wore|comes|goes|gets|never|always|only|just)\b)",
        text,
        re.I,
    ):
        rest = text[match.end() :]
        swapped = None if weak_reference(rest) or len(rest.split()) < 4 else third_person("my " + rest, relations)
        return f"{one} says theirs {swapped[6:]}" if swapped else None
    if _LEANING.match(text):
        return _following(text, relations, who, small) if follows else None
    if match := _BARE_TOLD.match(text):
        return _rest(f"{one} was {match[1].lower()}", text[match.end() :], relations, small)
    if first in _MY_PAST and len(spoken) > 1 and spoken[1] not in AUXILIARIES:
        return _clause(one, text, relations, small)
    if starts_instruction(low):
        return _instruction(text, relations, one, small)
    return _general(text, relations, who, small) or _fragment(text, relations, one, small)


def _rest(lead: str, rest: str, relations: Sequence[str], small: Container[str]) -> str | None:
    """What was told: "One member was told" + the rest, which must say something by itself."""
    swapped = third_person(rest.strip(" ,"), relations)
    if swapped is None or len(swapped.split()) < 2 or weak_reference(swapped, allowed=1):
        return None
    if not re.match(
        r"^(?:to|that|not|by|with|a|an|the|on|off|in|about|from|never|if|as|for|down|up|back|[\d]+)\b", swapped, re.I
    ) and lead.endswith(("told", "warned", "advised")):
        if not is_clause(swapped) and not starts_instruction(swapped.lower()):
            return None
        told_to = not is_clause(swapped)
        swapped = lower_start(swapped, small)
        negative = re.match(r"(?:don't|do not) ", swapped)
        swapped = (f"not to {swapped[negative.end() :]}" if negative else f"to {swapped}") if told_to else f"that {swapped}"
    return f"{lead} {lower_start(swapped, small)}"


def _first_person(text: str, relations: Sequence[str], one: str) -> str | None:
    """Turn "I took" into "One member took"; "I take" -> "One member says they take"."""
    low = [t.lower().strip(",.;") for t in text.split()]
    swapped = third_person(text, relations)
    if swapped is None or weak_reference(text):
        return None
    verb_at = 1
    while low[0] in {"i", "we"} and verb_at < len(low) - 1 and (low[verb_at].endswith("ly") or low[verb_at] in ADVERBS):
        verb_at += 1
    verb = low[verb_at] if verb_at < len(low) else ""
    if (
        low[0] == "i"
        and verb not in SAME_PAST
        and (verb in PAST or verb in {"was", "had", "did", "could", "would", "didn't", "couldn't", "wasn't", "hadn't"})
    ):
        if any(w in BASE and w not in NOUNS_TOO and w not in SAME_PAST and low[k] in {"and", "i"} for k, w in enumerate(low[1:])):
            return f"{one} says " + swapped[0].lower() + swapped[1:]  # the tenses change
        rest = re.sub(r"^they\s+", "", swapped, flags=re.I)
        return f"{one} " + re.sub(
            r"^((?:\w+ly |also |only |just |still )?)were(n't)?\b", lambda m: m[1] + "was" + (" not" if m[2] else ""), rest
        )
    if low[0] in {"i", "we"} and verb not in FINITE and verb not in BASE and not verb.endswith("n't"):
        return None
    return f"{one} says " + swapped[0].lower() + swapped[1:]


def _mine(rest: str, relations: Sequence[str], one: str) -> str | None:
    """Turn "My dietitian said" into "One member's dietitian said"."""
    swapped = third_person(rest, relations)
    if swapped is None or weak_reference(rest) or not is_clause("the " + rest) or not is_clause("the " + re.split(r"[,;.]", rest)[0]):
        return None
    if re.match(
        r"^(?:turn|question|pleasure|point|thing|bad|god|goodness|word|guess|rule|two|answer|advice|other|own|last|first|worst|best)\b",
        rest,
        re.I,
    ):
        return None
    return f"{one}'s {swapped}"


def _clause(lead: str, text: str, relations: Sequence[str], small: Container[str]) -> str | None:
    swapped = third_person(text, relations)
    if swapped is None or weak_reference(text) or not has_verb(text):
        return None
    return f"{lead} {lower_start(swapped, small)}"


def _instruction(text: str, relations: Sequence[str], one: str, small: Container[str]) -> str | None:
    """An instruction stays one, as somebody's advice."""
    if re.search(r"\b(?:i|we|my|our|me|us|mine|i'm|i've|i'd)\b", text, re.I):
        head, _, tail = text.partition(", ")
        if (
            not tail
            or len(head.split()) < 4
            or re.search(r"\b(?:i|we|my|our|me|us|mine)\b", head, re.I)
            or re.search(r"\b(?:if|unless|not|no|but|except|never|only|or)\b|n't", tail, re.I)
        ):
            return None
        text = head
    if _NO_ADVICE.match(text) or re.search(r"\b(?:he|she|him|her)\b", text, re.I):
        return None
    if weak_reference(text, allowed=1) or (re.match(r"^\w+ (?:it|that|them|this)\b", text, re.I) and len(text.split()) < 7):
        return None
    return f"{one}'s advice: {lower_start(text, small)}"


def _general(text: str, relations: Sequence[str], who: str, small: Container[str]) -> str | None:
    """A fact about the world: told as what one member says."""
    if (
        weak_reference(text)
        or not is_clause(text)
        or re.match(r"^the (?:day|time|moment|minute|night|week|year) (?:i|we|you|they|my)\b", text, re.I)
    ):
        return None
    if re.match(r"^(?:before|after|when|if|while|until|because|since|as|though|although|where|once|unless|whenever)\b", text, re.I):
        main = text.split(",", 1)
        subjects = [
            k for k, w in enumerate(text.lower().split()) if w.strip(",") in SUBJECTS | {"i'm", "i've", "they're", "it's", "you're"}
        ]
        phrase = re.match(r"^(?:before|after|since|until)\b", text, re.I) and subjects and subjects[0] >= 2
        if not phrase and len(subjects) < 2 and (len(main) == 1 or not (is_clause(main[1]) or starts_instruction(main[1].strip().lower()))):
            return None
    swapped = third_person(text, relations)
    return f"According to {who}, {lower_start(swapped, small)}" if swapped is not None else None


def _fragment(text: str, relations: Sequence[str], one: str, small: Container[str]) -> str | None:
    """Words without a verb: a list, a time, a thing. They stand behind a colon."""
    low = [w.lower() for w in re.findall(r"[A-Za-z']+", text)]
    if (
        not low
        or ":" in text
        or is_clause(text)
        or weak_reference(text)
        or low[0] in FINITE | PARTICIPLE | NOT_A_START
        or low[-1] in NOT_AN_END
    ):
        return None
    spoken = re.findall(r"[A-Za-z']+|[,;]", text)
    low = [w.lower() for w in spoken]
    comma = low.index(",") if "," in low and re.search(r"\d", text) else len(low)
    verbs = [
        k
        for k, w in enumerate(low)
        if not (w in PAST and k == comma + 1)
        and (w in AUXILIARIES or w in PAST or (w in THIRD and w not in PLURAL_NOUNS))
        and w not in PARTICIPLE
    ]
    carries = [w for w in low if len(w) > 3 and w not in EMPTY_WORDS]
    if verbs or len(carries) < 3 or (low[0] in BASE and low[0] not in NOUNS_TOO):
        return None
    swapped = third_person(text, relations)
    if swapped is None:
        return None
    return f"{one} notes: {lower_start(re.sub(r' here(?=,|$)', '', swapped), small)}"


def counted(text: str, members: int) -> str | None:
    """A statement of one member as one of several: "Two members were told ..."; None where the sentence does not allow it."""
    number = NUMBER_WORDS[members].capitalize() if 2 <= members <= 12 else str(members)
    for lead, plural in (("One member's advice:", f"{number} members advise:"), ("One member notes:", f"{number} members note:"), ("According to one member,", f"According to {number.lower()} members,"),
                         ("For one member,", f"For {number.lower()} members,")):  # fmt: skip
        if text.startswith(lead):
            return plural + text[len(lead) :]
    if not text.startswith("One member "):
        return None
    rest = text[len("One member ") :]
    for one, many in (("says ", "say "), ("was ", "were "), ("is ", "are "), ("has ", "have ")):
        if rest.startswith(one):
            rest = many + rest[len(one) :]
            break
    return f"{number} members {rest}"


def _following(text: str, relations: Sequence[str], who: str, small: Container[str]) -> str | None:
    """Report "it stopped in two days" behind a sentence that says what."""
    if not re.match(r"^(?:it|it's|that)\b", text, re.I) or not is_clause(
        "it " + text.split(" ", 1)[1] if "'" not in text.split()[0] else text
    ):
        return None
    if re.search(
        r"\b(?:this|those|these|same|mine)\b|\bthat(?= was| is)?[\s.]*$|^that's (?:it|why|all|what|how|the|a|my|not)\b", text, re.I
    ):
        return None
    swapped = third_person(text, relations)
    return f"According to {who}, {lower_start(swapped, small)}" if swapped is not None else None


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
    for lead in ("According to one member, ", "One member says "):
        if text.startswith(lead):
            return text[len(lead)].upper() + text[len(lead) + 1 :]
    if match := re.match(r"One member ((?:\w+ly |also |only |just |still )?)(was|is|has)\b", text):
        return f"They {match[1]}{ {'was': 'were', 'is': 'are', 'has': 'have'}[match[2]] }" + text[match.end() :]
    return "They " + text[len("One member ") :] if text.startswith("One member ") else text
