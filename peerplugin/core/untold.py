"""What is never told: talk to one another, jokes, coarse words, what leans on the room or on an hour that is over."""

from __future__ import annotations

import re

_REFUSE = re.compile(
    r"^I'm \w+,|\b(?:lmao|rofl|wtf|omg|fuck\w*|shit\w*|crap|damn|bloody hell|arse|ass|bugger\w*|dude|bro|yall|10/10|joke|joking|kidding|"
    r"haha|lol|jk|aint|ain't|innit|dem|tis|oxter|nae|cannae|dinnae|aye|luv|"
    r"as i said|like i said|told before|said before|the link|see below|scroll|this room|this chat|"
    r"this group|the notes|this thread|tonight's|dm me|message me|call me|write me|text me|private(?:ly)? message)\b|"
    r"[#*_~|<>{}\[\]=^\\]|\.\.\.|…|https?:|www\.", re.I
)  # fmt: skip
_JOKE = re.compile(r"10/10|\b(?:jk|(?<!he is )(?<!she is )(?<!not )joking|kidding|/s)\b|😂|🤣|😜|😉|🤡")
_TO_ONE = re.compile(
    r"^(?:you're (?:right|not alone|welcome|so|doing|very|brave|young|new|amazing|kind|lucky)|you are (?:right|not alone|so|doing|very|brave|young)|"
    r"you were|you will be (?:fine|ok|all right)|you did|you have been|your (?:boss|husband|wife|mother|brother|name|story)|glad you|"
    r"good for you|well done|well said|welcome|congrat\w*|good (?:point|question|luck|habit|news|idea|evening|morning|night)|lovely|"
    r"at least you|you(?: are|'re)? both|it(?:'s| is) a (?:fair|good|great|lovely) (?:question|point)|are you|did you|have you|bless|hugs?|hope you|hope he|hope she|hope that|let us know|let me know|tell us|proud of|"
    r"happy for|so glad|glad|how are|take care|poor|can confirm|"
    r"i (?:hear (?:you|that)|love (?:that|this|you|it|how)|like (?:that|this|your)|admire|promise|mean|hope|bet|agree|see\b(?! (?:a|the|my|her|his|them))|"
    r"know\b(?! (?:it|the|my|when|how|people|somebody|someone|two|three))|wonder|wish)\b|"
    r"i'm (?:glad|sorry|so sorry|so glad|with you|back|here|off\b)|i'll (?:try|be|say|go|do|tell|add|put|send|write)|"
    r"i am (?:glad|sorry|so sorry|back|here\b)|i'd (?:love|like) to (?:hear|know))", re.I
)  # fmt: skip
_HERE = re.compile(
    r"\b(?:you guys|you two|you all|all of you|your (?:husband|wife|boss|daughter|son|story|line)|tonight|"
    r"another member|(?:what|how|which|who|where|why) (?:do|does|did|should|can|could|am|would|will) (?:i|we|you|they|people|anyone)|how (?:often|long|much|many|far)\W*$|welcome\b(?! (?:kit|pack|letter))|happy (?:birthday|christmas|new)|"
    r"everyone here|everybody here|folks here|my friends?,|\b(?:live|lives|living|lived|born|based|moved|move|am|are|from) (?:\w+ )?(?:in |from |near )?their area|(?<!in )(?<!from )(?<!near )(?<!to )(?<!around )(?<!outside )their area|(?<!for )(?<!at )(?<!from )(?<!in )their workplace|a certain (?:year|day)|"
    r"is (?:that|it) a thing|ja(?:ja)+|(?:he|ha){3,}|inbox|check your messages|you lot|"
    r"mark my words|in (?:my|their) (?:teens|twenties|thirties|forties|fifties|sixties|seventies|eighties)|over eighty-nine|"
    r"see you|opt ?out|minutes left|one thing each|lurkers?|typing|scribe|the queue|"
    r"(?:this|that|the|my) thread|the chat|my screen|screenshot|whoever)\b", re.I
)  # fmt: skip
_IDENTIFYING = re.compile(
    r"\bthe \d{1,2}(?:st|nd|rd|th)\b(?! (?:day|week|month|time|year|dose|cycle|session|round|infusion|visit|percentile))|"
    r"\b(?:her|his|she|he|daughter|son|baby|child|girl|boy|mother|father|brother|sister)\b[^.;]*\b(?:at|aged?|turned) \d{1,2}(?: (?:months?|years?|weeks?)| (?:and|she|he)|$|[,.;])",
    re.I,
)
"""A day of the month, an age of somebody: what the scrubbing may have left."""
_INSTITUTION = re.compile(
    r"\b[A-Z]\w+ (?:[A-Z]\w+ )*(?:Centre|Center|Hospital|Clinic|Infirmary|Regional|Memorial|General|University|Institute|School|Surgery|Avenue|Street|"
    r"Road|Lane|Drive|Court|Row|County|COUNTY)\b|\b(?:[Tt]he )?(?:Royal|Saint|Sint|St|Sankt|Mount|Good) [A-Z]\w+"
)
"""A name of a place of care or of a street, as people write them."""
_CARE = re.compile(r"\b(?:please stay|stay (?:with|for) (?:us|me)|are (?:you|u) safe|worried about you|don'?t hurt yourself)\b", re.I)
"""Said to somebody in need: no part of such a message is told."""
_NOW = re.compile(
    r"^(?:just |still )?(?:reading|scrolling|catching up|typing|lurking|calling)\b|^(?:I'll|I will|I'm going to|we'll|we will|I shall)\b|\bI'm (?:just |not |still |only )?(?:looking|calling|writing|reading|"
    r"typing|going|crying|laughing|printing|being|asking|saying|saving|copying|listening|"
    r"sitting here|here|back|in (?:the|a) (?:car|bath|kitchen|train|bus)|done|off|out|up next|next)\b|\b(?:I|we) (?:say(?! (?:it|that))|mean|wonder|"
    r"wrote down|copied|noted|told you)\b|\btomorrow\b", re.I
)  # fmt: skip
_TO_YOU = re.compile(
    r"\b(?:I|we|I'm|I've|me|my)\b.*\b(?:you|your|yours)\b(?! (?:can|could|have to|need|should|must|will|may|might|get|feel|stop|start|take|"
    r"are allowed|go|do|don't|can't|won't|aren't|even|ever|normally|usually|lose|want|eat|drink|sit|lie|wake|sleep|are|were|had|have)\b)|^you(?:'re| are| were| did| look| sound| said| know| have been) "
    r"(?:right|so|such|like|very|not alone|good|brave|about|that|this|it)\b|^(?:\S+ ){0,6}(?:for|to|with|like|about|of) you(?:$|,| all| both)",
    re.I,
)
_TOLD_YOU = re.compile(
    r"^(?:i|we) (?:was|were) (?:told|taught|warned|advised)\b|\b(?:told|taught|warned) (?:me|us)\b|^(?:my|our) \w+ (?:said|says)\b|^they said\b",
    re.I,
)
"""What was said to the speaker: its "you" is anybody."""
_QUOTED = re.compile(r"\b(?:i|i'm|me|my|we|he|she|you)\b", re.I)
_NOISE = re.compile(r"https?:|www\.|!\w|\bq\+|@\w|\?|\b(?:lol|lmao|(?:ha){2,}|hehe)\b(?=[\s.!]*\w)", re.I)


def untellable(text: str, sentence: str, source: str) -> bool:
    """Whether the sentence (and `text`, the same as a page spells it) may not be told at all, whatever its grammar."""
    if (
        _CARE.search(source)
        or _INSTITUTION.search(text)
        or _NOISE.search(sentence)
        or _JOKE.search(source)
        or _REFUSE.search(text)
        or _unbalanced(text)
    ):
        return True
    if (
        _TO_ONE.search(text)
        or _HERE.search(text)
        or _NOW.search(text)
        or (_TO_YOU.search(text) and not _TOLD_YOU.search(text))
        or _IDENTIFYING.search(text)
    ):
        return True
    quotes = re.findall(r'"([^"]*)"', text)
    return bool(text.count('"') % 2) or any(_QUOTED.search(q) or len(q.split()) > 6 for q in quotes)


def _unbalanced(text: str) -> bool:
    return text.count("(") != text.count(")") or bool(re.search(r"[:;]$|\b(?:and|or|but|the|a|an|because|(?<!or )so|my|is)$", text))
