"""The shapes of what identifies: dates, addresses, numbers, and how people name places and persons. Patterns only."""

from __future__ import annotations

import re

_MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
_WEEKDAY = r"(?:mon|tues?|wednes|thurs?|fri|satur|sun)day"
_ORDINAL = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = (
    rf"(?:(?:{_WEEKDAY},?\s+)?(?:the\s+)?{_ORDINAL}\s+(?:of\s+)?{_MONTH}\b\.?(?:,?\s+(?:19|20)\d\d)?"
    rf"|(?:{_WEEKDAY},?\s+)?{_MONTH}\.?\s+(?:the\s+)?{_ORDINAL}\b(?!\s*(?:mg|ml|units?|percent|%|days?|weeks?|months?|years?|people|"
    rf"of us))(?:,?\s+(?:19|20)\d\d)?"
    rf"|{_WEEKDAY}\s+the\s+{_ORDINAL}\b"
    r"|\b\d{4}-\d\d-\d\d\b|\b\d{1,2}[/.]\d{1,2}[/.](?:19|20)?\d\d\b)"
)
_SLASHED = r"(?<=\bon )\d{1,2}/\d{1,2}(?![/\d])|^\d{1,2}/\d{1,2}(?=[ ,])"
_NAME = r"[A-Z][^\W\d_]+(?:[-'’][A-Z]?[^\W\d_]+)*"
_NAMES = rf"{_NAME}(?:\s+{_NAME}){{0,2}}"
_TITLE = r"(?:[Dd]r|[Dd]oc|[Dd]octor|[Pp]rof|[Pp]rofessor|[Mm]r|[Mm]rs|[Mm]s|Sister|[Nn]urse|[Mm]atron|Pastor|Imam|Rabbi|DR|MR|MRS)"
_KIN = (
    r"(?:husband|wife|partner|mother|father|mom|mum|mam|mama|dad|papa|son|daughter|brother|sister|sis|uncle|aunt|aunty|auntie|cousin|"
    r"friend|neighbou?r|boyfriend|"
    r"girlfriend|fianc[eé]e?|grandson|granddaughter|grandma|nan|granny|boss|manager|coach|roommate|flatmate|mate|boy|girl|baby|kid|dog|"
    r"cat|hubby|missus|niece|nephew|"
    r"coordinator|nurse|physio|dietitian|dietician|therapist|counsellor|counselor|sponsor|surgeon|teacher|pharmacist|consultant|"
    r"specialist|doctor|dr|gp|neuro|neurologist|"
    r"cardiologist|hepatologist|oncologist|nephrologist|endo|specialist|colleague|landlord|donor)"
)
_PLACE_KIND = r"(?:hospitals?|clinics?|medical cent(?:er|re)s?|infirmary|hospice|health(?:care)? cent(?:er|re)|university hospital|memorial|general|health system|surgery|med center|cancer cent(?:er|re))"
_WORKPLACE = r"(?:inc|ltd|llc|gmbh|freight|foods|dairy|logistics|motors|college|university|school|academy|bank|farms?|produce|insurance|council|church|high|primary|elementary|bakery|mills?|brewery|labs|works|stores?|group|solutions|industries|brothers|bros|& sons)"

SHAPES: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("email", "", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("url", "", re.compile(r"https?://\S*(?:~|/u(?:ser)?/|/@|/people/|/profile)\S*")),
    ("user", "another member", re.compile(r"@?@[\w.=/+-]+:[\w.-]+\.\w+|(?<!\w)@[A-Za-z][\w.-]{2,}")),
    ("phone", "", re.compile(r"(?<![\w/.])\+?\(?\d{2,4}\)?(?:[ .-]\d{2,4}){2,4}(?![\w/])|(?<![\w/.])(?:\+\d{9,14}|0\d{9,10}|\d{3}-\d{4})(?![\w/])")),
    ("record", "", re.compile(r"\b(?:[A-Z]{2,4}[ -]?)?\d{3,}[ -]\d{3,}(?:[ -]\d+)*\b|\b(?=[A-Z0-9]*\d)[A-Z]{1,4}\d{5,}\b|(?<![\d.,])\d{7,}(?![\d.,])")),
    ("record", "", re.compile(r"(?i)\b(?:mrn|nhs (?:no|number)|chart|record (?:no|number)|member id|policy (?:no|number)|case (?:no|number))\W{0,3}(?:is\W{0,2})?[A-Z0-9][A-Z0-9-]*\d[\w-]*")),
    ("address", "an address", re.compile(rf"\b\d{{1,5}}\s+(?:{_NAME}\s+){{1,3}}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Close|Row|Way|Court|Ct|Place|Pl|Terrace|Boulevard|Blvd|Crescent|Square)\b\.?")),
    ("address", "an address", re.compile(rf"\b\d{{1,4}}\s+{_NAME}\s+(?:Row|Walk|Gardens|Park|Hill|Yard|Mews|Parade|Street|Road)\b")),
    ("age", "small child", re.compile(r"\b(?:\d{1,2}|two|three|four|five|six|seven|eight|nine|ten|eleven)[ -](?:and a half )?(?:month|week|day|year)s?[ -]olds?\b", re.I)),
    ("date", "a certain day", re.compile(_DATE, re.I)),
    ("date", "a certain day", re.compile(_SLASHED)),
    ("hospital", "a hospital", re.compile(rf"\b(?:the\s+)?(?:{_NAMES}|St\.?\s+{_NAME}|Mount\s+{_NAME})\s+(?:{_PLACE_KIND}|{_PLACE_KIND.title()})\b|\b(?:St\.?|Saint|Mount|Our Lady of)\s+{_NAME}(?:'s)?\b(?!\s+wort)|\bthe\s+Royal\s+{_NAME}\b|\bRoyal\s+{_NAME}(?:\s+{_NAME})?", 0)),
    ("employer", "their workplace", re.compile(rf"\b{_NAME}(?:\s+{_NAME})?\s+(?i:{_WORKPLACE})\b(?=\W|$)")),
)  # fmt: skip
CLINICIAN = re.compile(rf"\b(?P<lead>(?i:my|our|his|her|their|the|a)\s+(?:[a-z]+\s+){{0,2}})?{_TITLE}\.?\s+(?P<name>{_NAMES})")
CLINICIAN_LOW = re.compile(
    r"\b(?P<lead>(?:my|our|his|her|their|the|a)\s+(?:[a-z]+\s+){0,2})?(?:dr|prof|professor)\.?\s+(?P<name>[a-z]{3,})\b",
    re.I,
)
KIN_NAME = re.compile(rf"\b(?i:my|our|his|her|their|the|your|mine)\s+(?:[a-z-]+\s+){{0,2}}{_KIN}s?,?\s+(?P<name>{_NAME})")
NAME_KIN = re.compile(
    rf"\b(?P<name>{_NAME}),?\s+(?i:my|our)\s+(?:[a-z-]+\s+)?(?i:{_KIN})\b|\b(?P<other>{_NAME}),?\s+(?:the|"
    rf"an?)\s+(?:[a-z-]+\s+){{0,2}}(?:nurse|physio|coordinator|surgeon|dietitian)\b"
)
CALLED = re.compile(rf"\b(?:called|named|name (?:is|was)|name's|i'?m|i am|this is)\s+(?P<name>{_NAME})")
WORKS_AT = re.compile(
    rf"\b(?:work(?:s|ed|ing)?|drove|drive|driving|job|shift|clerk|forklift)\s+(?:[a-z]+\s+){{0,3}}?(?:at|for|with|"
    rf"from)\s+(?:the\s+)?(?P<name>{_NAMES})"
)
IN_PLACE = re.compile(
    rf"\b(?:(?:in|from|near|outside|at|to|of|around|via|live[sd]? in|up in|down in|here in|over in)\s+)(?P<name>{_NAME}(?:\s+{_NAME})?)"
)
AGE = re.compile(
    r"\b(?P<lead>(?:i'?m|i am|am|aged?|turn(?:s|ed|ing)?|he'?s|she'?s|he is|she is|at age|at the age of|(?:my|our|his|her|"
    r"their)\s+(?:\w+\s+)?(?:son|daughter|boy|girl|kid|husband|wife|brother|sister|mother|father|mom|mum|dad|grandson|granddaughter|"
    r"nephew|niece|partner)\s+(?:is|was))\s+)(?P<n>\d{1,2})(?![.,:/]\d|\d)(?=\s*(?:,|\.|;|$|-?\s*y(?:ea)?rs?.?old|yo\b|y/o| now| when|"
    r" and | years? old))|"
    r"\b(?P<n2>\d{1,3})(?=\s*(?:-?\s*y(?:ea)?rs?[- ]olds?\b|\s?yo\b|\s?y/o\b))(?P<tail>\s*(?:-?\s*y(?:ea)?rs?[- ]olds?|yo|y/o))|"
    r"(?:(?<=^)|(?<=[,(] )|(?<=\())(?P<n3>\d{2})\s?[mfMF](?=[,).]|\s|$)|\bborn in (?P<n4>(?:19|20)\d\d)\b", re.I,
)  # fmt: skip
LOOSE_AGE = re.compile(r"(?:(?<=[^\d], )|(?<=[^\d]\. )|^)(?P<n>[1-9]\d)(?=,\s\D|\.\s\D|\.?$)")
CHILD_AGE = re.compile(
    r"(?<=[^\W\d_])\s\((?P<n>\d{1,2})\)|\b(?:he|she|he's|she's)\s(?:is\s|was\s|turned\s)?(?P<word>eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|\d{1,2})(?=[.,;]?$|[.,;]\s\D|\s(?:now|and|when|then))|"
    r"\b(?:he|she|son|daughter|boy|girl|baby|they)\s(?:is|was|were)\s(?P<small>(?:\d{1,2}|two|three|four|five|six|seven|eight|nine|ten|"
    r"eleven)\s(?:days|weeks|months|years))\b(?!\s(?:ago|in|out|after|later))(?:\sold)?",
    re.I,
)
INTRODUCES = re.compile(r"\b(?:i'?m|i am|my name|name is|hello|hi|hey|evening|morning|here|me)\b", re.I)
SIGNATURE = re.compile(r"(?<=[.!?\s])\s?[-–—]\s?[A-Z][a-z]{0,9}\.?$")
CAPITALS = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+(?:['’]s)?(?:\s(?:and|of|the|&)\s|\s)[A-Z][a-z]+(?:\s[A-Z][a-z]+)*")
CALENDAR = frozenset(
    """january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday
    mondays tuesdays wednesdays thursdays fridays saturdays sundays jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun
    spring summer autumn winter""".split()
)
MEDICAL_ENDING = re.compile(
    r"\w{3,}(?:ine|ide|ate|ole|olol|pril|artan|statin|mab|nib|cin|fen|one|xin|cillin|oin|pam|lam|ium|ase|emia|aemia|itis|osis|oma|pathy|"
    r"ectomy|oscopy|gram|"
    r"otomy|plasty|algia|uria|trexate|lukast|parin|xaban|imus|imin|azole|vir|dipine|zide|thyroid|phylline|terol|gest|estrogen|pin|tin|sone|"
    r"lone)s?", re.I
)  # fmt: skip
IN_PLACE_LOW = re.compile(r"\b(?:in|from|near|outside|at|to|around)\s+(?P<name>[a-z]{3,}(?:\s[a-z]{3,})?)")
VOCATIVE = re.compile(
    r"\b(?:hi|hey|hello|hiya|thanks|thank you|thx|ta|night|goodnight|welcome|go|sorry|dear|cheers|bless you|morning|evening|"
    r"congrats)\W*$",
    re.I,
)
PLACE_BEFORE = re.compile(
    r"\b(?P<name>[a-z]{4,}) (?:office|county|city|town|hospital|clinic|airport|university|general|road|street|village|branch)\b"
)
