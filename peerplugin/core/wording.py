"""Tells in the third person what somebody wrote in the first: grammatical, nothing added, nothing turned round; or not at all.

`report` takes one sentence of a message (already scrubbed) and gives a sentence that may stand in public without quoting anybody, or None:
a fragment, a question, slang, a joke, a "that" whose meaning stands elsewhere. Leaving out is always allowed; guessing is not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Sequence

from peerplugin.core.english import (
    AUXILIARIES,
    BASE,
    DOSE_UNIT,
    FINITE,
    NOUNS_TOO,
    NUMBER_WORDS,
    PARTICIPLE,
    PAST,
    SAME_PAST,
    SHORT,
    THIRD,
    copied,
    plain,
    third,
)

_EMOJI = re.compile("[\U0001f000-\U0001faff\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\ufe0f\u200d]|[:;]-?[()DPp/]|<3|\\bx{1,3}$")
_OPENERS = re.compile(
    r"^(?:(?:ok(?:ay)?|so|well|oh|ah|huh|hmm+|and|but|also|plus|honestly|tbh|btw|lol|haha+|omg|anyway|basically|fyi|imo|ps|p\.s|"
    r"for what it'?s worth|fwiw|to be honest|to be fair|i mean|you know|i think|i guess|my two cents|please|pls)\b[\s,.!:;…-]+|"
    r"(?:yes|yeah|yep|yup|no|nope|like|right|sure|now|see|look|listen|actually|true|exactly|agree|agreed|same(?: here)?|same for me|me too|\+1|this|hi|hey|hello|sorry|thanks|thank you|"
    r"hon|hun|love|babe|mate|mine too|ditto|seconded|good question|good point|fair enough|fair|careful|easy|of course|one thing|one more thing|another thing|two things|three things|last one|late to this|honest answer|"
    r"and then|again|maybe|beta|dear|sir|madam|bhai|ji|akka|aunty|uncle|friend|brother|sister|writing|different here|opposite here|other way round|not me|both|both of you|correct|very true|absolutely)\s*[,.!:;…-]+\s*)+", re.I
)  # fmt: skip
_TAILS = re.compile(
    r"[\s,.!;:…-]+(?:lol|haha+|hehe|tbh|btw|imo|imho|though|tho|too|eh|hun|hon|love|babe|mate|lah|po|ji|ta|thx|thanks|thank you|ok|okay|right|honestly|"
    r"you know|i think|i guess|i swear|no joke|seriously|fwiw|anyway|so yeah|or something|or whatever|and all that|x+)[.!]*$", re.I
)  # fmt: skip
_FILLERS = re.compile(r"\b(?:literally|basically|honestly|actually|obviously|tbh|lol|haha+|fwiw|like literally|you know,|i mean,|btw|ngl|imo|just fyi)\b,?\s*", re.I)
_REFUSE = re.compile(
    r"^I'm \w+,|\b(?:lmao|rofl|wtf|omg|fuck\w*|shit\w*|crap|damn|bloody hell|arse|ass|bugger\w*|dude|bro|yall|10/10|joke|joking|kidding|haha|lol|"
    r"aint|ain't|innit|dem|ye|tis|wee|oxter|nae|cannae|dinnae|aye|luv|"
    r"above|last week's|said before|told before|as i said|like i said|mentioned|the link|see below|scroll|in here|this room|this chat|this group|the notes|this thread|tonight's|"
    r"dm me|message me|call me|write me|text me|private(?:ly)? message)\b|[\"“”#*_~|<>{}\[\]=^\\]|\.\.\.|…|https?:|www\.", re.I
)  # fmt: skip
_LEANING = re.compile(
    r"^(?:it|it's|its|that|that's|thats|this|those|these|they|they're|he|he's|she|she's|him|her|which|one|ones|both|neither|either|same|another|other|others|the other|the rest|"
    r"there it|so did|so do|nor|because|which|who|whose|than|not|like|as|too|then it|then that|then they're|if it|when it|if they're|if so|some|none|half|either way|"
    r"mine|ours|yours|his|hers|theirs|did|does|do i|same|also)\b", re.I
)  # fmt: skip
_ASKING = re.compile(
    r"^(?:what|when|where|who|whom|whose|why|which|how|is|are|am|was|were|do|does|did|can|could|will|would|should|shall|may|have|has|had|anyone|anybody|any)\b", re.I
)
_TO_ONE = re.compile(
    r"^(?:you're|you are|you were|you will be|you did|you have been|your (?:boss|husband|wife|mother|brother|name|story)|glad you|good for you|well done|welcome|congrat\w*|"
    r"are you|did you|have you|good luck|bless|hugs?|hope you|hope he|hope she|hope that|let us know|let me know|tell us|proud of|happy for|so glad|glad|how are|take care|poor|"
    r"i (?:hear|love|like|admire|promise|mean|hope|bet|agree|see|know|wonder|wish)\b|i'm (?:glad|sorry|so sorry|so glad|with you|back|here|in\b|off\b)|i'll (?:try|ask|be|say|go|do|tell|add|put|send|write)|"
    r"i am (?:glad|sorry|so sorry|back|here\b))", re.I
)  # fmt: skip

_TOLD_ME = re.compile(r"^(?:(?:then |so )?(?:they|he|she|the (?:doctors?|nurses?|team|hospital|clinic|surgeon|consultant))|mine|ours)\s+(?:just |also |only |always )?(told|warned|taught|advised|asked) (?:me|us)\b", re.I)
_TOLD = re.compile(r"^(?:i|we) (?:was|were) (told|warned|taught|advised|asked|given|offered|put|switched|moved|sent|diagnosed|started|referred|prescribed)\b", re.I)
_BARE_TOLD = re.compile(r"^(?:was |were |got )?(told|warned|advised|diagnosed|prescribed|referred|given)\b(?! (?:me|us|him|her|them|my)\b)", re.I)
_THEY_ME = re.compile(
    r"^(?:then |so )?they (?:just |also |only |then |finally )?(put|gave|switched|moved|swapped|changed|started|kept|sent|offered|took|dropped|referred|let|made|had|cut|added|raised|lowered) (me|us)\b", re.I
)
_PASSIVE = {"put": "put", "gave": "given", "switched": "switched", "moved": "moved", "swapped": "swapped", "changed": "changed", "started": "started",
            "kept": "kept", "sent": "sent", "offered": "offered", "took": "taken", "dropped": "dropped", "referred": "referred"}  # fmt: skip
_SAID = re.compile(r"^(?:mine|ours|they|he|she) (?:just |also |always )?(said|says|say)\b(?! (?:it's|that's|hi|hello|no|yes|thank))", re.I)
_TEAM_VERBS = frozenset(
    """said say says told tell gave give put want wanted check checked added add took take moved switched swapped changed lowered raised cut started stopped kept keep
    offered asked ask called call let made found did do redo watch monitor test tested scan scanned drew draw sent send prescribed recommend recommended suggested explained
    use used look looked will would can could have had were are removed operated fixed adjusted increased reduced decided refused insisted warned""".split()
)
_RELATION = re.compile(r"\b(?:my|our)\s+(?:[a-z]+\s+)?(husband|wife|partner|mother|father|son|daughter|brother|sister|boyfriend|girlfriend|fiancé|fiancee|grandson|granddaughter|boy|girl|aunt|uncle|cousin|kid|child)\b", re.I)
HE = frozenset("husband father son brother boyfriend fiancé grandson boy uncle".split())
SHE = frozenset("wife mother daughter sister girlfriend fiancee granddaughter girl aunt".split())

_PRONOUNS = {
    "i": "they", "me": "them", "my": "their", "mine": "theirs", "myself": "themselves", "we": "they", "us": "them", "our": "their", "ours": "theirs",
    "ourselves": "themselves", "i'm": "they are", "i've": "they have", "i'll": "they will", "i'd": "they'd", "we're": "they are", "we've": "they have",
    "we'll": "they will", "we'd": "they'd",
}  # fmt: skip
_FIRST = frozenset(_PRONOUNS)
_CONTRACTIONS = {
    "don't": "do not", "doesn't": "does not", "didn't": "did not", "can't": "cannot", "couldn't": "could not", "won't": "will not",
    "wouldn't": "would not", "shouldn't": "should not", "isn't": "is not", "aren't": "are not", "wasn't": "was not", "weren't": "were not",
    "haven't": "have not", "hasn't": "has not", "hadn't": "had not", "mustn't": "must not", "needn't": "need not", "it's": "it is",
    "that's": "that is", "there's": "there is", "you're": "you are", "you've": "you have", "you'll": "you will", "they're": "they are",
    "they've": "they have", "they'll": "they will", "what's": "what is",
}  # fmt: skip
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


def clean_sentence(sentence: str) -> str:
    """One sentence as a page would spell it: no emoji, no fillers, short forms written out, no shouting."""
    text = _EMOJI.sub("", plain(sentence)).strip()
    letters = [c for c in text if c.isalpha()]
    if letters and sum(c.isupper() for c in letters) > 0.7 * len(letters) and len(text.split()) > 2:
        text = text.lower()
    text = re.sub(r"\s*&\s*|(?<=\w)\s\+\s(?=\w)", " and ", text)
    text = re.sub(r"(?<=[a-z])\s*([!?.,])\1+", r"\1", text)
    text = re.sub(r"[!]+", ".", text)
    for _ in range(3):
        text = _OPENERS.sub("", text).strip(" ,.;:-–—")
        text = _TAILS.sub("", text).strip(" ,;:-–—")
    text = _FILLERS.sub("", text)
    return _spelt(text).strip(" ,;:-–—.")


def _spelt(text: str) -> str:
    out = []
    text = re.sub(r"\b([Ii])ts(?= (?:a|an|the|not|so|just|been|fine|ok|like|all|only|hard|easy|worth|better|worse|too|very|really|gone|still|good|bad|more|my|our|in|on|at|for|no|called|about|what|when|how|"
                  r"normal|common|getting|going|always|never|because|\w+ing)\b)", r"\1t's", text)
    for token in re.split(r"(\s+|[,.;:!?()])", text):
        low = token.lower()
        if low in SHORT and low not in {"its", "cause", "ok"} and not (low in {"min", "temp", "r", "w", "u", "id"} and token.isupper()):
            token = SHORT[low]
        elif low == "i" or low.startswith("i'"):
            token = "I" + token[1:]
        elif token.isupper() and len(token) > 3 and low in _SHOUTED:
            token = low
        out.append(token)
    return re.sub(r"\s+", " ", "".join(out))


_SHOUTED = FINITE | BASE | PARTICIPLE | frozenset("more less never always before after only every not really very both same first then last early late sometimes slowly immediately anything nothing everything inside outside empty full cold straight half".split())


def report(
    sentence: str, source: str, *, relations: Sequence[str] = (), small: Container[str] = frozenset(), limit: int = 7, who: str = "one member",
    follows: bool = False,
) -> str | None:
    """`sentence` (a part of the message `source`) in reported speech, or None where that is not safe.

    `follows`: it stands behind a told sentence of the same person, so that its "it" has something to stand for.
    `relations`: whom the speaker has mentioned as "my husband", so that "he" can be named. `small`: words that begin small inside a sentence."""
    if re.search(r"https?:|www\.|!\w|\bq\+|@\w|\?", sentence) or _JOKE.search(source):
        return None
    text = clean_sentence(sentence)
    text = re.sub(r"^(mother|father)('s)?\b", r"my \1\2", text, flags=re.I)
    tokens = text.split()
    if len(tokens) < 4 or len(tokens) > 42 or _REFUSE.search(text) or _unbalanced(text):
        return None
    if _TO_ONE.search(text) or _HERE.search(text) or _NOW.search(text) or _TO_YOU.search(text):
        return None
    said = _framed(text, relations, who, small, follows=follows)
    if said is None:
        return None
    said = _finish(said)
    return _unlike(said, source, limit)


_JOKE = re.compile(r"10/10|\b(?:jk|joking|kidding|/s)\b|😂|🤣|😜|😉|🤡")
_HERE = re.compile(
    r"\b(?:you guys|you two|you all|all of you|your (?:husband|wife|boss|daughter|son|mother|hand|name|story|line)|tonight|everyone here|everybody here|folks|friends|someone|another member|their area|their workplace|"
    r"a certain year|a certain day|is (?:that|it) a thing|ja(?:ja)+|(?:he|ha){3,}|happy \w+|general (?:info|terms|answers?)|next week|see you|opt ?out|minutes left|one thing each|lurkers?|welcome|cake|typing|scribe|queue|threads?|the chat|my screen|screenshot|this one|that one|anyway|whoever)\b", re.I
)  # fmt: skip
_NOW = re.compile(
    r"^(?:I'll|I will|I'm going to|we'll|we will|I shall)\b|\bI'm (?:just |not |still |only )?(?:looking|taking|calling|writing|reading|typing|going|crying|laughing|printing|trying|being|asking|saying|saving|copying|listening|"
    r"sitting here|here|back|in (?:the|a) (?:car|bath|kitchen|train|bus)|done|off|out|up next|next)\b|\b(?:I|we) (?:say|mean|hope|wish|wonder|wrote|write|copied|noted|told you|hear)\b|\btomorrow\b", re.I
)  # fmt: skip
_TO_YOU = re.compile(r"\b(?:I|we|I'm|I've|me|my)\b.*\b(?:you|your|yours)\b(?! (?:can|could|have to|need|should|must|will|may|might|get|feel|are allowed)\b)|^you(?:'re| are| were| did| look| sound| said| know| have been)\b", re.I)


def _unbalanced(text: str) -> bool:
    return text.count("(") != text.count(")") or bool(re.search(r"[:;]$|\b(?:and|or|but|the|a|an|of|to|with|for|because|so|my|is)$", text, re.I))


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
        return _clause(f"For {who},", text[match.end() :], relations, small) if match[1] in _TEAM_VERBS else None
    if match := re.match(r"^for (?:me|us),?\s+", text, re.I):
        return _clause(f"For {who},", text[match.end() :], relations, small) if is_clause(text[match.end() :]) else None
    if first in _I_FORMS:
        return _first_person(text, relations, one)
    if match := re.match(r"^(?:my|our)\s+", text, re.I):
        return _mine(text[match.end() :], relations, one)
    if _ASKING.match(text) and not re.match(r"^(?:when|what|where|how) (?:i|we|you|my|helps|helped|works|worked)\b", text, re.I) and not _starts_instruction(low):
        return None
    if _LEANING.match(text):
        return _following(text, relations, who, small) if follows else None
    if match := _BARE_TOLD.match(text):
        return _rest(f"{one} was {match[1].lower()}", text[match.end() :], relations, small)
    if first in _MY_PAST and len(spoken) > 1 and spoken[1] not in AUXILIARIES:
        return _clause(one, text, relations, small)
    if _starts_instruction(low):
        return _instruction(text, relations, one, small)
    return _general(text, relations, who, small) or _fragment(text, relations, one, small)


_I_FORMS = frozenset("i i'm i've i'd i'll we we've we're we'd we'll".split())
_MY_PAST = frozenset("had kept asked tried went did lost switched cried slept learned learnt found bought wrote moved paid spent used ate drank wore missed forgot woke ended applied phoned rang saw".split())
"""Past forms whose missing subject is the speaker."""


def _swap(text: str, relations: Sequence[str]) -> str | None:
    """First person becomes "they" throughout; None where another "they" or an unknown "he" would be mistaken for it."""
    tokens = re.split(r"(\s+|[,.;:()])", text)
    spoken = [t.lower() for t in tokens if re.search(r"\w", t)]
    own = any(w in _FIRST for w in spoken)
    out: list[str] = []
    k, named = -1, False
    for token in tokens:
        low = token.lower()
        k += bool(re.search(r"\w", token))
        if low in _THEY:
            following = next((w for w in spoken[k + 1 : k + 4] if w not in _ADVERBS), "")
            if following in _TEAM_VERBS and not _THINGS.search(" ".join(spoken[:k])):
                token = _THEY[low]
            elif own:
                return None
        elif low in {"them", "their", "theirs", "themselves"} and own:
            return None
        elif low in _HE_SHE and not named:
            resolved = _person(low, relations, text, spoken[k + 1] if k + 1 < len(spoken) else "")
            if resolved is None:
                return None
            named = named or resolved != low
            token = resolved
        elif low in _PRONOUNS:
            token = _PRONOUNS[low]
        out.append(token)
    swapped = re.sub(r"\bthey am\b", "they are", "".join(out))
    swapped = re.sub(r"\bthey was(n't)?\b", lambda m: "they were" + (m[1] or ""), swapped)
    return re.sub(r"\bthe team (do|say|want|check|give|take|put|keep|tell|call|ask|test|watch|redo|draw|monitor|scan|let|recommend|send)\b", _agree, swapped)


_THEY = {"they": "the team", "they're": "the team is", "they've": "the team has", "they'll": "the team will", "they'd": "the team would"}
_HE_SHE = frozenset("he she his her him he's she's hers himself herself".split())
_THINGS = re.compile(r"\b(?:pills|tablets|kids|people|children|parents|friends|others|symptoms|companies|airlines?|insurance)\b")


def _agree(match: re.Match[str]) -> str:
    verb = match[1]
    special = {"are": "is", "were": "was", "have": "has", "do": "does"}
    if verb in special:
        return "the team " + special[verb]
    return match.group() if verb in {"put", "let"} else "the team " + third(verb)


def _person(pronoun: str, kin: Sequence[str], text: str, following: str) -> str | None:
    """"he" as it is where the sentence itself says who; as the speaker's husband where only he can be meant."""
    wanted = HE if pronoun in {"he", "his", "him", "he's", "himself"} else SHE
    if any(re.search(rf"\b{r}\b", text, re.I) for r in wanted) or re.search(rf"\b(?:{_PERSONS})\b", text, re.I):
        return pronoun
    fitting = sorted({k for k in kin if k in wanted})
    if len(fitting) != 1 or re.search(rf"\b(?:{_PERSONS}|{'|'.join(sorted(HE | SHE))})s?\b", text, re.I):
        return None
    name = fitting[0]
    owns = pronoun == "her" and following.isalpha() and following not in {"to", "in", "on", "at", "for", "with", "and", "off", "up", "out", "by", "after", "before", "from", "about", "but", "a", "the", "when", "if"}
    table = {"he": name, "she": name, "his": name + "'s", "her": name + "'s" if owns else name, "him": name, "he's": name + " is", "she's": name + " is"}
    return "their " + table[pronoun] if pronoun in table else None


_PERSONS = "doctor|doctors|neuro|onc|endo|derm|rheum|anesthetist|paramedic|therapist|sponsor|cousin|neighbour|neighbor|colleague|boss|manager|donor|professor|somebody|person|member|surgeon|nurse|consultant|specialist|neurologist|gp|oncologist|cardiologist|hepatologist|dietitian|physio|friend|pharmacist|coordinator|man|woman|lady|guy|kid|child|baby"


def _rest(lead: str, rest: str, relations: Sequence[str], small: Container[str]) -> str | None:
    """What was told: "One member was told" + the rest, which must say something by itself."""
    swapped = _swap(rest.strip(" ,"), relations)
    if swapped is None or len(swapped.split()) < 2 or _weak_reference(swapped, allowed=1):
        return None
    if not re.match(r"^(?:to|that|not|by|with|a|an|the|on|off|in|about|from|never|if|as|for|down|up|back|[\d]+)\b", swapped, re.I) and lead.endswith(("told", "warned", "advised")):
        if not is_clause(swapped) and not _starts_instruction(swapped.lower()):
            return None
        swapped = ("that " if is_clause(swapped) else ": ") + _lower(swapped, small)
    return f"{lead} {_lower(swapped, small)}".replace(" :", ":")


def _weak_reference(text: str, *, allowed: int = 0) -> bool:
    """Whether the text leans on something that is not in it: a "that" or "mine" without a noun."""
    leans = len(re.findall(r"\b(?:that|this|those|these)(?=[\s,.;]*$| (?:is|was|are|were|one|ones|way|time|day|and|but|for me|fixed|helped|works|worked|too|would|wasn't|isn't)\b)", text, re.I))
    leans += len(re.findall(r"\b(?:of|after|before|like|with|about|for|from|without|on) (?:those|these|that|this|it|them)(?=[\s,.;]*$|[,.;])|\b(?:of those|of these)\b", text, re.I))
    leans += len(re.findall(r"\b(?:mine|ours|yours|theirs|hers)\b|\b(?:same|the other one|the one|the rest|as well|the other)\s*$|\bthe same\b(?! (?:day|way|time|week|month|year|hour|as|amount|dose|thing))", text, re.I))
    leans += len(re.findall(r"^(?:it|that|this|he|she|those|these)\b", text, re.I))
    return leans > allowed


def leans_on_context(text: str) -> bool:
    """Whether a reported sentence holds an "it" or "them" that no noun before it explains."""
    match = re.search(r"\b(?:it|them|its)\b", text)
    return bool(match) and len(re.findall(r"\b(?!one|member|members|says|they|their|advice|according|told|that|were|have|with|when|after|take|takes|took)[a-z]{4,}\b", text[: match.start()].lower())) < 2


def _first_person(text: str, relations: Sequence[str], one: str) -> str | None:
    """"I took" -> "One member took"; "I take" -> "One member says they take"."""
    low = [t.lower().strip(",.;") for t in text.split()]
    swapped = _swap(text, relations)
    if swapped is None or _weak_reference(text):
        return None
    verb_at = 1
    while low[0] in {"i", "we"} and verb_at < len(low) - 1 and (low[verb_at].endswith("ly") or low[verb_at] in _ADVERBS):
        verb_at += 1
    verb = low[verb_at] if verb_at < len(low) else ""
    if low[0] == "i" and verb not in SAME_PAST and (verb in PAST or verb in {"was", "had", "did", "could", "would", "didn't", "couldn't", "wasn't", "hadn't"}):
        if any(w in BASE and w not in NOUNS_TOO and w not in SAME_PAST and low[k] in {"and", "i"} for k, w in enumerate(low[1:])):
            return f"{one} says " + swapped[0].lower() + swapped[1:]  # the tenses change
        rest = re.sub(r"^they\s+", "", swapped, flags=re.I)
        return f"{one} " + re.sub(r"^((?:\w+ly |also |only |just |still )?)were(n't)?\b", lambda m: m[1] + "was" + (" not" if m[2] else ""), rest)
    if low[0] in {"i", "we"} and verb not in FINITE and verb not in BASE and not verb.endswith("n't"):
        return None
    return f"{one} says " + swapped[0].lower() + swapped[1:]


_ADVERBS = frozenset("just also always never still only then even once now already both all either sometimes often".split())


def _mine(rest: str, relations: Sequence[str], one: str) -> str | None:
    """"My dietitian said" -> "One member's dietitian said"."""
    swapped = _swap(rest, relations)
    if swapped is None or _weak_reference(rest) or not is_clause("the " + rest) or not is_clause("the " + re.split(r"[,;.]", rest)[0]):
        return None
    if re.match(r"^(?:turn|question|pleasure|point|thing|bad|god|goodness|word|guess|rule|two|answer|advice|other|own|last|first|worst|best)\b", rest, re.I):
        return None
    return f"{one}'s {swapped}"


def _clause(lead: str, text: str, relations: Sequence[str], small: Container[str]) -> str | None:
    swapped = _swap(text, relations)
    if swapped is None or _weak_reference(text) or not _has_verb(text):
        return None
    return f"{lead} {_lower(swapped, small)}"


def _lower(text: str, small: Container[str] = frozenset()) -> str:
    """Lower case at the start, unless the word is written with capitals for its own sake."""
    head = re.match(r"[^\W\d_]+", text)
    if head and (head.group()[1:].islower() or len(head.group()) == 1) and head.group() != "I" and (head.group().lower() in _KNOWN_SMALL or head.group().lower() in small):
        return text[0].lower() + text[1:]
    return text


_KNOWN_SMALL = FINITE | BASE | PARTICIPLE | NOUNS_TOO | frozenset(
    """a an the this that these those there it if when while before after since until at on in for from by with without as to of and or but so my your our their his her they you we""".split()
)


def _has_verb(text: str) -> bool:
    return any(w in FINITE or w in BASE - NOUNS_TOO or w.endswith("n't") for w in re.findall(r"[a-z']+", text.lower()))


def _starts_instruction(low: str) -> bool:
    tokens = [t.strip(",") for t in low.split()]
    k = 0
    while k < len(tokens) - 1 and (tokens[k] in {"always", "never", "just", "please", "definitely", "also", "don't", "do", "not", "maybe", "first", "then", "only"} or tokens[k].endswith("ly")):
        k += 1
    verb = tokens[k]
    if verb not in BASE or (k + 1 < len(tokens) and tokens[k + 1] in AUXILIARIES):
        return False
    if verb in NOUNS_TOO and k == 0 and not (len(tokens) > 1 and tokens[1] in _AFTER_VERB):
        return False
    return not (k + 1 < len(tokens) and tokens[k + 1] in {"of", "was", "were"} and verb in NOUNS_TOO)


_AFTER_VERB = frozenset("the a an your it them up down out off every each all any some two away whatever everything things".split())


def _instruction(text: str, relations: Sequence[str], one: str, small: Container[str]) -> str | None:
    """An instruction stays one, as somebody's advice."""
    if re.search(r"\b(?:i|we|my|our|me|us|mine|i'm|i've|i'd)\b", text, re.I):
        head = re.split(r"[.;,] (?=(?:I|my|we|our|mine)\b)", text, maxsplit=1)[0]
        if head == text or len(head.split()) < 4:
            return None
        text = head
    if _NO_ADVICE.match(text) or re.search(r"\b(?:he|she|him|her|they)\b", text, re.I):
        return None
    if _weak_reference(text, allowed=1) or (re.match(r"^\w+ (?:it|that|them|this)\b", text, re.I) and len(text.split()) < 7):
        return None
    return f"{one}'s advice: {_lower(text, small)}"


_NO_ADVICE = re.compile(
    r"^(?:don't |do not |never |always |just )?(?:let|lets|let's|think|know|mean|believe|guess|love|wish|hope|see|look|thank|join|tell (?:us|me)|ask (?:me|us|away)|say|go (?:on|ahead|first)|come|wait|stop (?:it|that)|sit|breathe|"
    r"throw|write (?:it|that)|type|scroll|post|give (?:us|me|them)|worry|apologi[sz]e|be sorry|imagine|remember when|forget it|hang on|hold on|speak|shout|raise your|pass|start us|seem|happen|count me|need|want|like|feel|live|hate|miss|belong)\b", re.I
)  # fmt: skip


def _general(text: str, relations: Sequence[str], who: str, small: Container[str]) -> str | None:
    """A fact about the world: told as what one member says."""
    if _weak_reference(text) or not is_clause(text):
        return None
    swapped = _swap(text, relations)
    return f"According to {who}, {_lower(swapped, small)}" if swapped is not None else None


def _fragment(text: str, relations: Sequence[str], one: str, small: Container[str]) -> str | None:
    """Words without a verb: a list, a time, a thing. They stand behind a colon."""
    low = [w.lower() for w in re.findall(r"[A-Za-z']+", text)]
    if not low or is_clause(text) or _weak_reference(text) or low[0] in FINITE | PARTICIPLE | _NOT_A_START or low[-1] in _NOT_AN_END:
        return None
    verbs = [k for k, w in enumerate(low) if (w in AUXILIARIES or w in PAST or (w in THIRD and w not in _PLURAL_NOUNS)) and w not in PARTICIPLE]
    carries = [w for w in low if len(w) > 3 and w not in _EMPTY_WORDS]
    if verbs or len(carries) < 3 or (low[0] in BASE and low[0] not in NOUNS_TOO):
        return None
    swapped = _swap(text, relations)
    if swapped is None:
        return None
    return f"{one} notes: {_lower(re.sub(r' here(?=,|$)', '', swapped), small)}"


_NOT_A_START = frozenset("it that this those these they he she him her them which who whose because but or and than nor not as so if when until unless though too very one ones another other others same none half some any all of to such like what why how where at by".split())
_NOT_AN_END = frozenset("and or but the a an of to with for because so my is in on at by from if when that which as than your their".split())
_EMPTY_WORDS = frozenset("really just very much more most about with from that this your their them they have some what when then than only even like well good bad best love thing things time way people same here there everything something anything nothing thank thanks sorry".split())


def is_clause(text: str) -> bool:
    """Whether this is a sentence: a subject, then a verb that is none but a verb."""
    low = [t.lower() for t in re.findall(r"[A-Za-z'’]+|[,;]|\d+", text)]
    if not low or (low[0] in FINITE and low[0] not in NOUNS_TOO) or low[0] in PARTICIPLE or low[0] in {"and", "or", "but", "not", "nor", "been", "being"} or low[0].endswith("ing") and len(low) < 6:
        return False
    for k in range(1, min(len(low), 14)):
        word, before, after = low[k], low[k - 1], low[k + 1] if k + 1 < len(low) else ""
        if before in _DETERMINERS:
            continue
        if word in AUXILIARIES or word.endswith("n't") or (before in _SUBJECTS and (word in BASE or word in FINITE)):
            return k <= 10
        if word in THIRD and word not in _PLURAL_NOUNS and before not in {",", ";", "and", "or"}:
            return True
        if word in THIRD and after in _DETERMINERS | _OBJECTS and before not in {",", ";", "and", "or"}:
            return True
        if word in PAST and before not in {",", ";", "and", "or"} and (
            word not in PARTICIPLE or not word.endswith("ed") or after in _DETERMINERS | _OBJECTS | _ADVERBS or after.endswith("ly") or after.isdigit()
        ):
            return True
        if k > 1 and word in BASE - NOUNS_TOO and before.endswith("s") and before not in AUXILIARIES and after:
            return True
    return False


_DETERMINERS = frozenset("the a an my your our their his her its every each some any no this that these those".split())
_SUBJECTS = frozenset("i you we they he she it who people everybody everyone nobody somebody doctors nurses patients there".split())
_OBJECTS = frozenset("me us him them it you to on off in out up after for with at".split())
_PLURAL_NOUNS = frozenset(third(v) for v in NOUNS_TOO)


def _finish(text: str) -> str:
    """Capital, contractions written out, one full stop."""
    for short, full in _CONTRACTIONS.items():
        text = re.sub(rf"\b{short}\b", full, text, flags=re.I)
    text = re.sub(r"\bit is been\b", "it has been", text)
    text = re.sub(r"\b(they|you|it|he|she|team) (are|is) (had|got|been)\b", lambda m: f"{m[1]} {'have' if m[2] == 'are' else 'has'} {m[3]}", text)
    text = re.sub(r"\s+([,.;:])(?!\d)", r"\1", text)
    text = re.sub(r"\s{2,}", " ", text).strip(" ,;:-")
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _unlike(text: str, source: str, limit: int) -> str | None:
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
        if len(head.split()) < 4 or len(tail.split()) < 4 or re.match(r"^(?:if|when|while|unless|since|the (?:more|higher|less|lower|longer))\b", head, re.I):
            continue
        if not (is_clause(tail) and (advises or is_clause(head) or start == 0)) and not (advises and _starts_instruction(tail.lower())):
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
    if match := re.match(r"^(.*?: |According to one member, )(.{12,}?),? ((?:if|when|unless|once) .{10,})\.$", text):
        changed = f"{match[1]}{match[3]}, {_lower(match[2])}."
        if not copied(changed, source, limit):
            return changed
    return None


def relations_of(texts: Sequence[str], *, at_least: int = 2) -> tuple[str, ...]:
    """The relatives a member speaks of as theirs, as often as `at_least`: of whom else could "he" be said."""
    found = Counter(m[1].lower() for text in texts for m in _RELATION.finditer(_spelt(plain(re.sub(r"\b(?:mom|mum|dad)\b(?!['’]?s? (?:is|was) )", r"my \g<0>", re.sub(r"\bmy (mom|mum|dad)\b", r"\1", text, flags=re.I), flags=re.I)))))
    return tuple(r for r, n in found.items() if n >= at_least)


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
    """"It stopped in two days", behind a sentence that says what."""
    if not re.match(r"^(?:it|it's|that)\b", text, re.I) or not is_clause("it " + text.split(" ", 1)[1] if "'" not in text.split()[0] else text):
        return None
    if re.search(r"\b(?:this|those|these|same|mine)\b|\bthat(?= was| is)?[\s.]*$|^that's (?:it|why|all|what|how|the|a|my|not)\b", text, re.I):
        return None
    swapped = _swap(text, relations)
    return f"According to {who}, {_lower(swapped, small)}" if swapped is not None else None


def continued(text: str) -> str:
    """A reported sentence as the second of the same person: its frame becomes "they"."""
    for lead, instead in (("One member says they ", "They "), ("One member's advice: ", "Their advice: "), ("One member notes: ", "Also: "), ("One member's ", "Their "), ("For one member, ", "For them, ")):
        if text.startswith(lead):
            return instead + text[len(lead) :]
    for lead in ("According to one member, ", "One member says "):
        if text.startswith(lead):
            return text[len(lead)].upper() + text[len(lead) + 1 :]
    if match := re.match(r"One member ((?:\w+ly |also |only |just |still )?)(was|is|has)\b", text):
        return f"They {match[1]}{ {'was': 'were', 'is': 'are', 'has': 'have'}[match[2]]}" + text[match.end() :]
    return "They " + text[len("One member ") :] if text.startswith("One member ") else text
