"""What can be seen of a message without understanding it: its words and letters, figures, grammar, and what the others did about it."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Mapping, Sequence

from peerplugin.core.english import BASE, NOUNS_TOO, PAST, content, words
from peerplugin.core.model import EventId, Message
from peerplugin.core.roles import DOCTOR, EMOTION
from peerplugin.core.safety import DOSE, MEDICINE

_BUCKETS = 1 << 13
_NEAR = 120
"""Messages either side to which one is compared: a thread of thousands costs no more for each of them."""
_SEEN: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.I))
    for name, pattern in (
        ("digit", r"\d"), ("two figures", r"\d\D+\d"), ("asks", r"\?"), ("link", r"https?://"), ("own", r"\b(?:i|i'?m|i'?ve|my|me|we|our|us|mine)\b"),
        ("you", r"\b(?:you|your|u|ur)\b"), ("not", r"\b(?:not|never|no|don'?t|doesn'?t|didn'?t|can'?t|won'?t|nothing|without)\b"),
        ("when", r"\b(?:if|when|until|before|after|while|unless|once)\b"), ("because", r"\b(?:because|since|so that|bc|cos|otherwise)\b"),
        ("thanks", r"\b(?:thanks?|thank you|ta|cheers|welcome|hello|hi|hey|bye|good ?night|congrat\w*|sorry|lol|haha|hugs?)\b"),
        ("agrees", r"^\W*(?:same|this|yes|yep|yeah|exactly|agree\w*|ditto|me too|\+1|seconded|true)\b"),
        ("said", r"\b(?:said|says|told|tells|explained|wants?|warned|advised?|recommend\w*|prescribed|swears? by)\b"),
        ("theirs", r"\b(?:my|our|the|her|his) (?:\w+ )?(?:doctor|doc|gp|nurse|consultant|team|specialist|surgeon|clinic|hospital|\w+ologist)\b"),
        ("ought", r"\b(?:should|must|need to|have to|try|ask|make sure|worth|always|never|better to|best)\b"),
        ("helps", r"\b(?:help(?:s|ed)?|works?|worked|fixed|better|worse|stopped|calmer|cured?|trick)\b"),
        ("ends", r"[.!]$"), ("dots", r"\.\.\.|…"), ("shouts", r"!"), ("smiles", r"[\U0001F300-\U0001FAFF\u2600-\u27BF]|[:;]-?[)(DP]"),
        ("quotes", r"\""), ("lists", r",.*,"),
    )
)  # fmt: skip


def word_signals(text: str) -> dict[str, float]:
    """Words, pairs of words, and runs of two to five letters (hashed), each kind of length one."""
    spoken = words(text)
    low = re.sub(r"\s+", " ", f" {text.lower()} ")
    pairs = [f"{a} {b}" for a, b in zip(["^", *spoken], [*spoken, "$"], strict=True)]
    runs = {f"#{zlib.crc32(low[k : k + n].encode()) % _BUCKETS}" for n in (2, 3, 4, 5) for k in range(len(low) - n + 1)}
    found = {f"w {w}": 1.0 for w in {*spoken, *pairs}}
    size = math.sqrt(max(1, len(found)))
    return dict.fromkeys(found, 1 / size) | {name: 1 / math.sqrt(max(1, len(runs))) for name in runs}


def shape_signals(text: str, weights: Mapping[str, float]) -> dict[str, float]:
    """Length, figures, medicines, doctors, feelings, grammar; how rare its words are in this meeting."""
    spoken, stems = words(text), set(content(text))
    found = {f"s {name}": 1.0 for name, pattern in _SEEN if pattern.search(text)}
    found["s length"] = math.log1p(len(spoken)) / 3
    found["s carries"] = math.log1p(len(stems)) / 3
    found["s rare"] = sum(weights.get(s, 0.5) for s in stems) / 8
    for name, seen in (
        ("dose", DOSE.search(text)), ("medicine", MEDICINE.search(text)), ("doctor", DOCTOR.search(text)), ("feels", EMOTION.search(text)),
        ("past", any(w in PAST or w in {"was", "were", "had"} for w in spoken)),
        ("bids", spoken and spoken[0] in BASE and spoken[0] not in NOUNS_TOO), ("short", len(spoken) < 6), ("long", len(spoken) > 20),
    ):  # fmt: skip
        if seen:
            found[f"s {name}"] = 1.0
    return found


def place_signals(thread: Sequence[Message], asks: frozenset[str]) -> dict[EventId, dict[str, float]]:
    """What the thread says of each of its messages: where it stands, whom it answers, what it was answered."""
    opener = thread[0].sender if thread else None
    all_stems = [frozenset(content(m.text)) for m in thread]
    answered = {m.reply_to for m in thread if m.reply_to is not None}
    found: dict[EventId, dict[str, float]] = {}
    for k, m in enumerate(thread):
        stems, near = all_stems[k], range(max(0, k - _NEAR), min(len(thread), k + _NEAR + 1))
        alike = sorted((len(stems & all_stems[j]) for j in near if j != k and thread[j].sender != m.sender), reverse=True)
        before, after = thread[k - 1] if k else None, thread[k + 1] if k + 1 < len(thread) else None
        found[m.event_id] = {
            "p place": k / max(1, len(thread) - 1), "p first": float(k == 0), "p opener": float(m.sender == opener), "p host": float(m.moderator),
            "p answered": float(m.event_id in answered), "p replies": float(m.reply_to is not None), "p asks": min(3, len(stems & asks)) / 3,
            "p alike": sum(alike[:3]) / 6, "p small": float(len(thread) < 8),
            "p goes on": float(before is not None and before.sender == m.sender), "p before": float(after is not None and after.sender == m.sender),
            "p after question": float(before is not None and "?" in before.text and before.sender != m.sender),
        }  # fmt: skip
    return found
