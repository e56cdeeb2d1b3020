"""English as people type it: words, stems, verbs, the short forms of chat. From general knowledge of the language, nothing else."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")

STOP = frozenset(
    """a about above after again all almost also although always am an and any anyone anybody anything are around as ask at away back be because
    been before being both but by bye can cannot could day did do does doing done down each eh else even every everyone everybody everything few
    first for from get gets getting go goes going gone good got great had hah haha has have having he hello her here hers hey hi him his how i if in
    into is it its just keep kind know last less let like little ll look lot lots lol made make makes many may maybe me mean might mine more most much
    must my need never new next nice night no nobody none nor not nothing now of off oh ok okay old on once one ones only or other others our ours out
    over own people please put quite rather re really right said same saw say says see seems shall she should since so some somebody someone
    something sorry still such sure take tell thank thanks that the their them then there these they thing things think this those though through
    till time to today together told tonight too tell two under until up us use used usually ve very want wants was way we well were what when where
    whether which while who why will with without would yeah year years yes yet you your yours im ive dont cant thats its didnt doesnt isnt wasnt
    wont youre theyre u ur thx pls x week weeks month months hour hours minute minutes day days morning evening""".split()
)
"""Words that say nothing about a subject."""

_IRREGULAR = """be was been|become became become|begin began begun|bite bit bitten|bleed bled bled|blow blew blown|break broke broken|
bring brought brought|build built built|burn burnt burnt|buy bought bought|catch caught caught|choose chose chosen|come came come|cut cut cut|
deal dealt dealt|do did done|draw drew drawn|drink drank drunk|drive drove driven|eat ate eaten|fall fell fallen|feed fed fed|feel felt felt|
fight fought fought|find found found|fit fit fit|fly flew flown|forget forgot forgotten|freeze froze frozen|get got got|give gave given|go went gone|
grow grew grown|have had had|hear heard heard|hide hid hidden|hit hit hit|hold held held|hurt hurt hurt|keep kept kept|know knew known|lay laid laid|
lead led led|learn learned learned|leave left left|lend lent lent|let let let|lie lay lain|lose lost lost|make made made|mean meant meant|
meet met met|pay paid paid|put put put|quit quit quit|read read read|ride rode ridden|ring rang rung|rise rose risen|run ran run|say said said|
see saw seen|sell sold sold|send sent sent|set set set|shake shook shaken|shine shone shone|show showed shown|shrink shrank shrunk|shut shut shut|
sing sang sung|sink sank sunk|sit sat sat|sleep slept slept|slide slid slid|speak spoke spoken|spend spent spent|spit spat spat|spread spread spread|
stand stood stood|steal stole stolen|stick stuck stuck|sting stung stung|swear swore sworn|sweep swept swept|swell swelled swollen|swim swam swum|
take took taken|teach taught taught|tear tore torn|tell told told|think thought thought|throw threw thrown|understand understood understood|
wake woke woken|wear wore worn|weep wept wept|win won won|wind wound wound|write wrote written|undergo underwent undergone"""
_REGULAR = """accept ache act add adjust admit admire advise agree aim allow angle announce annoy answer appeal apply approve argue arrange arrive ask assume
attach avoid bake ban bank bathe beg behave believe belong bend blame block boil book borrow bother breathe brush bump call calm cancel care carry cause
change charge chase chat check chew choke chop claim clean clear click climb close collapse collect come comfort complain confirm confuse connect
consider contain continue control cook cool copy cost cough count cover crack crash crawl creep cross crush cry cycle dance decide decline dehydrate
delay depend describe deserve die digest dilute dip disappear discuss dissolve doubt drain dread dress dribble drip drop dry ease email empty end enjoy
enter escape exchange exercise expect explain fade fail faint fetch fill finish fix flag flare flip float flush fold follow freak fry gain gargle glue
google grab guess handle hang happen hate have heal heat help hope hug ice ignore imagine improve increase infuse inhale inject insist interrupt
invite iron itch join joke jump kick kill kneel knock label last laugh learn leak lean lick lift like limit limp list listen live load lock log look love
lower manage mark massage matter measure melt mention microwave miss mix monitor move name nap need nod note notice numb object offer open order
organise organize owe own pack pack paint panic park pass peel pee phone pick pinch plan plant play point poke pop post pour practise practice pray
prefer prescribe press pretend prevent prick print prop protect pull pump punch push question queue raise reach react realise realize receive
recommend record recover reduce refer refill refuse regret relax remember remind remove rent renew repeat replace reply report request rest restart
return rinse roll rub ruin rush save scan scare scream scrub search seem select separate serve settle shave shop shower shrug sign signal skip slice slip
slow smell smile smoke snack soak sort sound split spot spray squeeze stack stagger start starve state stay steam step stir stop store stretch
struggle stuff suck suffer suggest suit support suppose surprise swap sweat switch talk tape taper taste test text thank tick tie time tire toast toss
touch track train transfer travel treat trigger try turn twist type understand unpack update use vary visit vomit wait walk want warm warn wash
watch water weigh wean whisper wipe wish wonder work worry wrap yell crave diagnose drool reheat relapse schedule separate puff nebulise sip snore
plug tend bounce tackle peak spike dose bolus pace ration rehearse skip bag bin chop crush freeze grate sprinkle swallow rotate tolerate admit
cope cry dread grieve accept lapse reach register qualify recommend retire reschedule retest rehydrate shadow steer sprint strap supervise swell
taper target teach tremble tuck underline unplug unwind upgrade volunteer wear wobble alternate flatten loosen tighten shorten label batch vent
spoon scoop float skim trim moisturise moisturize lubricate dab pat elevate hydrate document complain photograph print laminate negotiate insist demand
accompany achieve adapt afford aggravate apologise appear appoint assess assist attend await backdate behave bloat calculate commute compare complete
comply compress concentrate confess consult consume convince correct criticise deduct defend deliver deny detect develop discharge discover dislike
dissolve distract distribute disturb divide doze drift educate embarrass emerge enable encourage ensure establish evaluate examine exceed exist expand
extend frighten gasp generate hesitate hum identify impress inform inspect install instruct insure intend interfere interpret introduce investigate
involve irritate isolate lighten mend misread modify motivate obtain occur operate outlast outweigh participate peel perform permit persuade postpone
predict proceed produce prompt propose prove provide pursue reassure rebook recall reckon recognise recognize reconnect reflect refund regulate reject
relate relieve rely require reset resist resolve respond restrict resume reveal scrape seize shiver sneeze soften soothe stabilise stiffen stimulate
strengthen submit succeed survive suspect sustain sweeten tempt threaten throb tilt twitch unblock undo vanish weaken widen withdraw worsen yawn
beep buzz clot drag misplace overdo outgrow""".split()

PAST: dict[str, str] = {}
"""Past form -> base, of verbs whose past differs from the base."""
PARTICIPLE: set[str] = set()
BASE: set[str] = set(_REGULAR)
SAME_PAST: set[str] = set()
"""Verbs whose past and base are one word: their tense cannot be seen."""


def third(base: str) -> str:
    """`take` -> `takes`."""
    special = {"be": "is", "have": "has", "do": "does", "go": "goes"}
    if base in special:
        return special[base]
    if re.search(r"(s|x|z|ch|sh)$", base):
        return base + "es"
    if re.search(r"[^aeiou]y$", base):
        return base[:-1] + "ies"
    return base + "s"


def _regular_past(base: str) -> str:
    if base.endswith("e"):
        return base + "d"
    if re.search(r"[^aeiou]y$", base):
        return base[:-1] + "ied"
    if re.search(r"^[^aeiou]*[aeiou][bdgkmnprt]$", base) or base in {"admit", "prefer", "refer", "regret", "transfer", "unplug", "commit"}:
        return base + base[-1] + "ed"
    return base + "ed"


for _line in _IRREGULAR.replace("\n", "").split("|"):
    _base, _past, _participle = _line.split()
    BASE.add(_base)
    PARTICIPLE.add(_participle)
    if _past == _base:
        SAME_PAST.add(_base)
    else:
        PAST[_past] = _base
for _base in _REGULAR:
    PAST.setdefault(_regular_past(_base), _base)
    PARTICIPLE.add(_regular_past(_base))
PAST |= {"were": "be", "ended": "end", "learnt": "learn", "burned": "burn", "dreamt": "dream", "spelt": "spell", "woke": "wake"}
PAST.pop("lay", None)
BASE.discard("be")
THIRD: dict[str, str] = {third(b): b for b in BASE}
MODALS = frozenset("can could will would should must may might shall cannot".split())
BE = frozenset("is are was were am be been being".split())
AUXILIARIES = MODALS | BE | frozenset("has have had do does did".split())
FINITE = frozenset(PAST) | frozenset(THIRD) | AUXILIARIES

NOUNS_TOO = frozenset(
    """act ache aim answer appeal attack bag ban bank bin block book bump burn call care cause change charge chat check claim cook control copy cost cough
    cover crack crash cross cut cycle dance deal delay dip dose doubt drain dread dress drink drip drop drive dry end exchange exercise fall fight fit
    fix flag flare flip flush fold guess handle hate heat help hit hold hope hug hurt ice iron itch joke jump kick knock label laugh lead leak lift limit
    list load lock log look love mark massage matter measure microwave mix monitor move name nap need note notice offer order pace pack paint panic park
    pass pee phone pinch plan plant play point pop post press prick print pump punch question queue raise reach record rent report request rest return
    ride ring rinse rise roll rub run rush save scan scare scream search shake shop show shower sign signal skip sleep slice slip smell smile smoke snack
    soak sort sound split spot spray spread stack start state stay steam step stick sting stop store stretch struggle stuff suit support surprise swap
    sweat swim switch talk tape target taste tear test text thank tick tie time toast touch track train travel treat trigger try turn twist type update
    use visit vomit wait walk warm wash watch water wear weigh will wind wipe wish wonder work worry wrap dose bolus peak spike spoon vent batch cost
    mean set water cool calm clean clear close empty free open slow warm dry lower separate last own live like fast numb people""".split()
)
"""Verbs that are as often nouns or adjectives: alone at the start of a line they do not make it an instruction."""

SHORT = {
    "im": "I'm", "ive": "I've", "dont": "don't", "cant": "can't", "wont": "won't", "didnt": "didn't", "doesnt": "doesn't", "isnt": "isn't",
    "wasnt": "wasn't", "havent": "haven't", "hasnt": "hasn't", "hadnt": "hadn't", "couldnt": "couldn't", "shouldnt": "shouldn't",
    "wouldnt": "wouldn't", "arent": "aren't", "werent": "weren't", "thats": "that's", "whats": "what's", "theres": "there's", "theyre": "they're",
    "youre": "you're", "youve": "you've", "theyve": "they've", "weve": "we've", "hes": "he's", "shes": "she's", "wheres": "where's",
    "theyll": "they'll", "youll": "you'll", "itll": "it'll", "theyd": "they'd", "youd": "you'd",
    "lets": "let's", "its": "its", "id": "I'd", "u": "you", "ur": "your", "r": "are", "bc": "because", "cos": "because", "cuz": "because",
    "coz": "because", "b/c": "because", "w": "with", "w/": "with", "w/o": "without", "abt": "about", "tho": "though", "thru": "through",
    "yrs": "years", "yr": "year", "hrs": "hours", "hr": "hour", "mins": "minutes", "min": "minutes", "secs": "seconds", "sec": "seconds",
    "mths": "months", "mth": "month", "mos": "months", "wks": "weeks", "wk": "week", "tmrw": "tomorrow", "tonite": "tonight", "teh": "the",
    "noone": "no one", "alot": "a lot", "gonna": "going to", "wanna": "want to", "gotta": "have to", "kinda": "somewhat", "sorta": "somewhat",
    "doc": "doctor", "docs": "doctors", "dr": "doctor", "drs": "doctors", "appt": "appointment", "appts": "appointments", "pls": "please",
    "plz": "please", "thx": "thanks", "ppl": "people", "hosp": "hospital", "em": "them", "'em": "them", "til": "until", "till": "until",
    "ye": "you", "yous": "you", "youse": "you", "yall": "you", "y'all": "you", "ya": "you", "dunno": "don't know", "cause": "because",
    "prob": "probably", "probs": "probably", "def": "definitely", "esp": "especially", "approx": "about", "bday": "birthday", "prolly": "probably", "dx'd": "diagnosed", "dx": "diagnosis", "tbsp": "tablespoon",
    "tsp": "teaspoon", "temp": "temperature", "mum": "mother", "mom": "mother", "moms": "mother's", "mums": "mother's", "mam": "mother",
    "mama": "mother", "mommy": "mother", "mummy": "mother", "dad": "father", "dads": "father's", "papa": "father", "hubby": "husband",
    "wanted": "wanted", "recieve": "receive", "untill": "until", "becuase": "because", "alright": "all right", "ok": "all right",
}  # fmt: skip
"""How chat writes what a page spells out. `its` and `cause` stay ambiguous and are looked at in context."""

DOSE_UNIT = re.compile(
    r"^(mg|mcg|g|kg|ml|l|iu|units?|lb|lbs|mmol|mmhg|percent|%|x|h|kcal|cm|mm|degrees?|am|pm|bpm|liters?|litres?|carbs)$",
    re.I,
)
NUMBER_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def plain(text: str) -> str:
    """Compatibility-normalised, without invisible characters, straight apostrophes."""
    return unicodedata.normalize("NFKC", INVISIBLE.sub("", text)).replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"')


def words(text: str) -> list[str]:
    """The words of a text, lower case."""
    return [w.lower() for w in WORD.findall(plain(text))]


def stem(word: str) -> str:
    """A word cut so that its inflections agree; rough, fast."""
    w = word.lower()
    w = w.removesuffix("'s")
    base = PAST.get(w) or THIRD.get(w)
    if base:
        w = base
    elif len(w) > 5 and w.endswith("ing"):
        w = w[:-3]
    elif len(w) > 3 and w.endswith("s") and not w.endswith("ss"):
        w = w[:-1]
    return w[:6]


def content(text: str) -> list[str]:
    """Stems of the words that carry a subject, in order."""
    return [stem(w) for w in words(text) if w not in STOP and (len(w) > 2 or w.isdigit())]


def copied(text: str, source: str, limit: int) -> int:
    """How many stretches of more than `limit` consecutive words of `source` stand in `text`: 0 is what may be published."""
    ours, theirs = words(text), spaced(source)
    return sum(f" {' '.join(ours[k : k + limit + 1])} " in theirs for k in range(len(ours) - limit))


@lru_cache(maxsize=64)
def spaced(text: str) -> str:
    """The words of a text between single spaces, to be looked for a row of words."""
    return f" {' '.join(words(text))} "
