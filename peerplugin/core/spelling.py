"""Chat spelt as a page spells it: no emoji, no fillers, short forms written out, no shouting."""

from __future__ import annotations

import re

from peerplugin.core.english import BASE, FINITE, PARTICIPLE, SHORT, plain

_EMOJI = re.compile("[\U0001f000-\U0001faff\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\ufe0f\u200d]|[:;]-?[()DPp/]|<3|\\bx{1,3}$")
_OPENERS = re.compile(
    r"^(?:no(?: no)+[.,!]*\s+|(?:oh )?no (?=(?:mine|my|i)\b)|(?:yeah|yes|yep|yup|nah|lol|ok|okay|oh|hi|hey|sir|madam|uncle|aunty|bhai|ji|beta|hun|hon|babe|mate|sorry|akka|didi|anna)\s+(?=(?:so|i|i'm|im|my|we|the|it|they|mine|that|same|a|for|but)\b)|(?:ok(?:ay)?|so|well|oh|ah|huh|hmm+|and|but|also|plus|honestly|tbh|btw|lol|haha+|omg|anyway|basically|fyi|imo|ps|p\.s|"
    r"for what it'?s worth|fwiw|to be honest|to be fair|i mean|you know|my two cents|please|pls)\b[\s,.!:;…-]+|"
    r"(?:yes|yeah|yep|yup|no|nope|like|right|sure|now|see|look|listen|actually|true|exactly|agree|agreed|same(?: here)?|same for me|"
    r"me too|\+1|this|hi|hey|hello|sorry|thanks|thank you|"
    r"hon|hun|love|babe|mate|mine too|ditto|seconded|good question|good point|fair enough|fair|careful|easy|of course|one thing|"
    r"one more thing|another thing|two things|three things|last one|late to this|honest answer|"
    r"and then|again|beta|dear|sir|madam|bhai|ji|akka|aunty|uncle|friend|brother|sister|writing|different here|opposite here|"
    r"other way round|not me|both|both of you|correct|very true|absolutely)\s*[,.!:;…-]+\s*)+", re.I
)  # fmt: skip
_TAILS = re.compile(
    r"[\s,.!;:…-]+(?:lol|haha+|hehe|tbh|btw|imo|imho|though|tho|too|eh|hun|hon|love|babe|mate|lah|po|ji|ta|thx|thanks|thank you|"
    r"honestly|"
    r"i swear|no joke|seriously|fwiw|anyway|so yeah|or something|or whatever|and all that|x+)[.!]*$", re.I
)  # fmt: skip
_OK = re.compile(r"\s*[,.!;:…-]+\s*(?:ok|okay|you know)[.!]*$", re.I)
_FILLERS = re.compile(
    r"\b(?:(?<!\bin )anyway|literally|basically|honestly|actually|obviously|tbh|lol|haha+|fwiw|like literally|you know,|i mean,|btw|ngl|"
    r"imo|just fyi)\b,?\s*",
    re.I,
)
_BETWEEN_COMMAS = re.compile(r",\s*(?:anyway|literally|basically|honestly|actually|obviously|tbh|lol|btw|imo|ngl|fwiw)\s*,\s*", re.I)
_CONTRACTIONS = {
    "don't": "do not", "doesn't": "does not", "didn't": "did not", "can't": "cannot", "couldn't": "could not", "won't": "will not",
    "wouldn't": "would not", "shouldn't": "should not", "isn't": "is not", "aren't": "are not", "wasn't": "was not", "weren't": "were not",
    "haven't": "have not", "hasn't": "has not", "hadn't": "had not", "mustn't": "must not", "needn't": "need not", "it's": "it is",
    "that's": "that is", "there's": "there is", "you're": "you are", "you've": "you have", "you'll": "you will", "they're": "they are",
    "they've": "they have", "they'll": "they will", "what's": "what is",
}  # fmt: skip
_SHOUTED = (
    FINITE
    | BASE
    | PARTICIPLE
    | frozenset(
        "more less never always before after only every not really very both same first then last early late sometimes slowly immediately anything nothing everything inside outside empty full cold straight half".split()
    )
)


_CONTRACTED = re.compile(r"\b(" + "|".join(_CONTRACTIONS) + r")\b", re.I)


def clean_sentence(sentence: str) -> str:
    """One sentence as a page would spell it: no emoji, no fillers, short forms written out, no shouting."""
    text = _EMOJI.sub("", plain(sentence)).strip()
    letters = [c for c in text if c.isalpha()]
    if letters and sum(c.isupper() for c in letters) > 0.7 * len(letters) and len(text.split()) > 2:
        text = text.lower()
    text = re.sub(r"\s*&\s*|(?<=\w)\s\+\s(?=\w)", " and ", text)
    text = re.sub(r"\s=\s", " means ", text)
    text = re.sub(r"^[\w ]{3,16}: (?=(?:i|im|i'm|i've|ive|my|we|our)\b)", "", text, flags=re.I)
    text = re.sub(r"[.;],(?=\s)", ",", text)
    text = re.sub(r"(?<=[a-z])\s*([!?.,])\1+", r"\1", text)
    text = re.sub(r"[!]+", ".", text)
    for _ in range(3):
        text = _OPENERS.sub("", text).strip(" ,.;:-–—")
        text = _TAILS.sub("", _OK.sub("", text)).strip(" ,;:-–—")
    text = _BETWEEN_COMMAS.sub(" ", text)
    text = _FILLERS.sub(lambda m: ", " if m.start() and "," in m.group() else "", text)
    text = re.sub(r"\s+,", ",", text)
    return spelt(text).strip(" ,;:-–—.")


def spelt(text: str) -> str:
    """Short forms and dialect written out."""
    out: list[str] = []
    text = re.sub(r"\b(I|we) been\b", r"\1 have been", text, flags=re.I)
    text = re.sub(r"\b(should|would|could|must|might)(?:a| of)\b(?= (?:been|had|\w+ed|\w+en|gone|done)\b)", r"\1 have", text, flags=re.I)
    text = re.sub(
        r"\b(in|on|of|under|with|all|like|up|down|through|got|had|have|hurt|lost|were) me (?=[a-z]{3,}\b)(?!who\b|that\b|and\b|to\b|for\b|with\b|when\b|but\b|that\b|the\b|off\b|out\b|down\b|back\b|about\b|after\b|from\b|some\b|into\b|through\b|over\b|too\b|was\b)",
        r"\1 my ",
        text,
    )
    if "'" not in text:  # who writes apostrophes means "its"
        text = re.sub(
            r"\b([Ii])ts(?= (?:a|an|the|not|so|just|been|fine|ok|like|all|only|hard|easy|worth|better|worse|too|very|really|gone|still|good|bad|more|my|our|in|on|at|for|no|called|about|what|when|how|"
            r"one|two|three|four|five|six|\d+|there|normal|common|getting|going|always|never|because|\w+ing)\b)",
            r"\1t's",
            text,
        )
    for token in re.split(r"(\s+|[,.;:!?()])", text):
        low = token.lower()
        if (
            low in SHORT
            and low not in {"its", "cause", "ok"}
            and (low != "lets" or not out)
            and (low != "docs" or not re.search(r"\bread\b", text, re.I))
            and not (token.isupper() and (len(token) > 1 or low in {"r", "w"}))
        ):
            token = SHORT[low]
        elif low == "i" or low.startswith("i'"):
            token = "I" + token[1:]
        elif token.isupper() and len(token) > 3 and low in _SHOUTED:
            token = low
        out.append(token)
    return re.sub(r"\s+", " ", "".join(out))


def finish(text: str) -> str:
    """Capital, contractions written out, one full stop."""
    if "'" in text:
        text = _CONTRACTED.sub(lambda m: _CONTRACTIONS[m[1].lower()], text)
    text = re.sub(r"\bit is been\b", "it has been", text)
    text = re.sub(
        r"\b(they|you|it|he|she|team) (are|is) (had|got|been)\b", lambda m: f"{m[1]} {'have' if m[2] == 'are' else 'has'} {m[3]}", text
    )
    text = re.sub(r"\s+([,.;:])(?!\d)", r"\1", text)
    text = re.sub(r"\s{2,}", " ", text).strip(" ,;:-")
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")
