"""The title of a thread: its question, as somebody would type it who has the same one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Sequence

from peerplugin.core.english import BASE, NOUNS_TOO, PARTICIPLE, PAST, STOP, content, stem, words
from peerplugin.core.spelling import clean_sentence

_YOU = {
    "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "we": "you", "us": "you", "our": "your", "ours": "yours", "i'm": "you are",
    "i've": "you have", "i'd": "you would", "i'll": "you will", "we're": "you are", "we've": "you have", "ourselves": "yourselves",
}  # fmt: skip
_ALL = re.compile(r"\b(?:you|yous|y'all|any of you)\s+(?:all|people|guys|folks|lot|two|others|ones)\b|\ball of you\b", re.I)
_LEAD = re.compile(
    r"^(?:(?:can|could|may) (?:i|we) (?:just )?(?:ask|throw|open|add|bring)\b[^.?!,:]*[,.:]?\s*|(?:my|a|one|another|the|quick|silly|"
    r"stupid|new) (?:question|one|topic|thing)\b[^,:.?]*[,:.]\s*|(?:question|q)\b[^,:?]{0,20}[:,]\s*|"
    r"(?:does anyone know|do you know|i wonder|i was wondering|wondering|tell me|please tell me|what i want to know is)\b[,:]?\s+(?=if|"
    r"how|what|why|when|whether|where)|(?:back to|about|re|on) [\w ]{3,25}[:,]\s+)+", re.I
)  # fmt: skip
_START = re.compile(
    r"^(?:how|what|when|where|why|which|who|is|are|am|do|does|did|can|could|will|would|should|has|have|had|was|were|anyone|anybody|any)\b",
    re.I,
)
_INSIDE = re.compile(r"\b(how (?:do|does|did|long|much|many|often|can|should|soon|are)|what (?:do|does|is|are|can|should|helps|about)|when (?:do|does|can|should|is)|is it|is there|does (?:it|the|your|any)|do (?:you|i|we)|can (?:i|you|we)|should (?:i|we|you)|"
                     r"has any\w*|have any\w*|does any\w*|is any\w*|why (?:do|does|is|are)|which)\b", re.I)  # fmt: skip
_EMPTY = re.compile(
    r"^(?:what|why|how|who|when|where|really|seriously|right|ok|and|you mean|what about you|how about you|how come|is that normal|"
    r"does that help|what is that|what did i miss|who is next|anyone|anybody(?: else)?|is it ok to|is this where|can you hear|"
    r"is that ok|are you (?:safe|ok|there|all right)|what happened|what did (?:he|she|they)|did you|are you|do you mean|"
    r"have you (?:tried|asked|told)|how are you|which one|what kind|like what|how many of you)\b", re.I
)  # fmt: skip
_PERSONAL = re.compile(
    r"\b(?:he|she|him|her|his|another member|someone|their area|their workplace|a certain day|notes?|chat|meeting|group|room|tonight|"
    r"next (?:week|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|cake|adda)\b",
    re.I,
)


def question_score(sentence: str, weights: dict[str, float]) -> float:
    """How well a sentence would do as a title: it asks, it names its subject, it is neither too short nor too long."""
    if "?" not in sentence and not re.match(r"^(?:how do|what do|does any|has any|any(?:one|body) )", sentence.strip(), re.I):
        return 0.0
    text = _core(sentence)
    spoken = words(text)
    subject = [s for s in content(text) if s in weights]
    if len(spoken) < 3 or len(spoken) > 30 or (_EMPTY.match(text) and len(subject) < 3) or not subject:
        return 0.0
    score = min(3.0, len(subject)) + (1.0 if _START.match(text) else 0.0) + (0.5 if len(spoken) <= 16 else 0.0)
    return score - (1.5 if _PERSONAL.search(text) else 0.0)


def _core(sentence: str) -> str:
    """The asking part of a sentence."""
    text = clean_sentence(sentence.replace("??", "?")).strip(" ?")
    text = re.sub(r"^.{0,40}\bquestion\b[^,:?]{0,20}[:,]\s*", "", text, flags=re.I)
    text = _LEAD.sub("", text).strip(" ,")
    if not _START.match(text):
        found = [m for m in _INSIDE.finditer(text) if len(text[m.start() :].split()) >= 4]
        if found:
            text = text[found[0].start() :]
    return text


def as_title(sentence: str, small: Container[str], *, limit: int = 110, topic: str = "") -> str | None:
    """`how do you all keep the lactulose down??` -> `How do you keep the lactulose down?`; with a topic before it if it names none."""
    text = _core(sentence)
    text = re.split(r"\?\s*", text)[0]
    text = _ALL.sub("you", text)
    if not text or len(text.split()) < 3:
        return None
    text = _with_auxiliary(text)
    out = []
    for token in re.split(r"(\s+|[,.;:()])", text):
        out.append(_YOU.get(token.lower(), token))
    text = "".join(out)
    for wrong, right in (
        ("am you", "are you"),
        ("was you", "were you"),
        ("you am", "you are"),
        ("you was", "you were"),
        ("is you", "are you"),
        ("has you", "have you"),
    ):
        text = re.sub(rf"\b{wrong}\b", right, text, flags=re.I)
    text = re.sub(r"\s+", " ", text).strip(" ,.;:-")
    if not _START.match(text) or re.search(
        r"\b(?:another member|someone|their area|their workplace|a certain day|a hospital)\b|https?", text
    ):
        return None
    if topic and topic.lower() not in text.lower():
        text = f"{topic[0].upper() + topic[1:]}: {text[0].lower() + text[1:]}"
    if len(text) > limit:
        cut = [m.start() for m in re.finditer(r"[,;] | and | or ", text) if 25 <= m.start() <= limit]
        if not cut:
            return None
        text = text[: cut[-1]]
    return text[0].upper() + text[1:] + "?"


def _with_auxiliary(text: str) -> str:
    """Make of "anyone flown with big varices" "has anyone flown with big varices"."""
    match = re.match(r"^(any(?:one|body)(?: else| here)?|any of you)\s+(?:ever\s+|here\s+)?(\w+)", text, re.I)
    if not match:
        return re.sub(r"^(you|ye) (?=eat|take|use|get|have|do)\b", "do you ", text, flags=re.I)
    who, verb = match[1].lower().replace(" here", ""), match[2].lower()
    if verb in {"has", "is", "does", "can", "did", "was", "had", "know", "knows", "would", "could"}:
        return f"does {who} know" + text[match.end() :] if verb.startswith("know") else text
    if verb in PARTICIPLE or verb in PAST:
        return "has " + who + text[match.end(1) :]
    if verb in BASE:
        return "does " + who + text[match.end(1) :]
    return "is " + who + text[match.end(1) :] if verb in {"on", "in", "with", "using", "taking", "having", "getting", "doing"} else text


def leans_on_talk(title: str) -> bool:
    """Whether a question says "it" or "they" of something that it does not name."""
    match = re.search(
        r"\b(?:it|they|them|that|this|those|these|one)\b(?! (?:all|safe to|normal to|worth|ok to|possible|better to))", title, re.I
    )
    return match is not None and len(content(title[: match.start()])) < 2


def topics_of(stems: Sequence[str], texts: Sequence[str], ordinary: Container[str], wanted: int = 1) -> list[str]:
    """The first of these stems that are things (a medicine, an organ, a test), as they are mostly written."""
    found: list[str] = []
    for candidate in stems:
        if len(found) < wanted and (topic := _topic([candidate], texts, ordinary)) and (not found or topic.lower() not in ordinary):
            found.append(topic)
    return found


def _topic(stems: Sequence[str], texts: Sequence[str], ordinary: Container[str]) -> str:
    for wanted in stems:
        forms = [
            w for text in texts for w in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text) if stem(w) == wanted and _is_thing(w, text, ordinary)
        ]
        if forms:
            small = [f for f in forms if f.islower()]
            counts: Counter[str] = Counter(small or forms)
            return min(counts, key=lambda w: (-counts[w], w))
    return ""


def _is_thing(word: str, text: str, ordinary: Container[str]) -> bool:
    """Whether a word is used as a noun: rare in English, or behind an article, a possessive or a preposition and no verb or adverb."""
    low = word.lower()
    if (
        low in STOP
        or low.rstrip("s") in STOP
        or len(low) < 4
        or low in PAST
        or low in PARTICIPLE
        or low.endswith(("ly", "ing"))
        or (low in BASE and low not in NOUNS_TOO)
        or low in _NO_THING
    ):
        return False
    return low not in ordinary or bool(
        re.search(
            rf"\b(?:the|a|an|my|your|their|of|on|with|for|about|no|some|this) {re.escape(word)}\b(?! (?:one|thing|time|way))", text, re.I
        )
    )


_NO_THING = frozenset(
    """later early late first second last whole half best worst better worse bad good fine real true clear sure ready able different same other another long short high low
    hello mine yours theirs thing things stuff lot kind sort bit word words question answer number numbers people person somebody someone anyone everyone member members
    doctor doctors morning night evening week month year hour minute time times once twice today tonight home house room place side back front top bottom end start part
    rest day days reason idea life world man woman girl boy kids mother father husband wife daughter son sister brother friend family face hand head foot feet eyes
    area workplace https http www actual everyday line desk spoon kick cake chair card clause orange blue green yellow white black pink purple small tiny huge large wrong easy hard quick slow heavy light empty full free safe strong weak warm cold
    happy angry afraid scared stunned tired proud lucky alone quiet loud weird funny lovely nice great perfect normal special serious honest careful close open
    phone text message room note notes list page book story joke rule rules tape""".split()
)
