"""What simpler ways reach on the same meetings: of grouping (previous message, names, pauses), of choosing sentences (lead, longest, sumy)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sumy.nlp.tokenizers import Tokenizer
from sumy.parsers.plaintext import PlaintextParser
from sumy.summarizers.lex_rank import LexRankSummarizer
from sumy.summarizers.lsa import LsaSummarizer

from peerplugin.core import lines
from peerplugin.core.english import words
from peerplugin.core.lines import Talk
from peerplugin.learning.labelled import Labelled

OWN_S, PAUSE_S = 15 * 60, 60


def previous(talk: Talk) -> list[int]:
    """Every line goes on with the one before it."""
    return [0] * len(talk.lines)


def pauses(talk: Talk) -> list[int]:
    """A pause begins a thread."""
    label = [0]
    for before, line in zip(talk.lines, talk.lines[1:], strict=False):
        label.append(label[-1] + (line.at_s - before.at_s > PAUSE_S))
    return label


def names(talk: Talk) -> list[int]:
    """A line goes on with what it answers, else with the last line of somebody it names, else with its speaker's last, else it is new."""
    label: list[int] = []
    last: dict[int, int] = {}
    for i, line in enumerate(talk.lines):
        called = [last[who] for who in sorted(line.named) if who in last]
        own = last.get(line.who)
        earlier = [j for j in line.links if j < i]
        if earlier:
            label.append(label[earlier[0]])
        elif called:
            label.append(label[max(called)])
        elif own is not None and line.at_s - talk.lines[own].at_s <= OWN_S:
            label.append(label[own])
        else:
            label.append(max(label, default=-1) + 1)
        last[line.who] = i
    return label


GROUPINGS: dict[str, Callable[[Talk], list[int]]] = {"previous message": previous, "mention, else own last": names, "pauses": pauses}


def threads_by(meeting: Labelled, way: Callable[[Talk], list[int]]) -> list[dict[str, Any]]:
    """The threads of a meeting in the replay's form."""
    talk = lines.read(meeting.transcript)
    held: dict[int, list[str]] = {}
    for line, k in zip(talk.lines, way(talk), strict=True):
        held.setdefault(k, []).append(line.event_id)
    return [{"thread_id": f"t{k}", "event_ids": ids} for k, ids in held.items()]


def _lead(texts: Sequence[str], budget: int) -> list[int]:
    return _within(range(len(texts)), texts, budget)


def _longest(texts: Sequence[str], budget: int) -> list[int]:
    return _within(sorted(range(len(texts)), key=lambda k: -len(words(texts[k]))), texts, budget)


class _Lines(Tokenizer):  # type: ignore[misc]
    """One sentence a line, words as we know them: sumy's own wants a download."""

    def __init__(self) -> None:
        self._language = "english"

    def to_sentences(self, paragraph: str) -> tuple[str, ...]:
        return tuple(line for line in paragraph.split("\n") if line.strip())

    def to_words(self, sentence: str) -> tuple[str, ...]:
        return tuple(words(sentence))


def _sumy(summarizer: Any) -> Callable[[Sequence[str], int], list[int]]:
    def choose(texts: Sequence[str], budget: int) -> list[int]:
        flat = [" ".join(text.split()) for text in texts]
        parsed = PlaintextParser.from_string("\n\n".join(flat), _Lines())  # a paragraph each
        found = [str(sentence) for sentence in summarizer(parsed.document, max(2, budget // 12))]
        places = [flat.index(sentence) for sentence in found if sentence in flat]
        return _within(places, texts, budget)

    return choose


def _within(order: Any, texts: Sequence[str], budget: int) -> list[int]:
    chosen, spent = [], 0
    for k in order:
        if spent + len(words(texts[k])) <= budget:
            chosen.append(k)
            spent += len(words(texts[k]))
    return chosen


CHOICES: dict[str, Callable[[Sequence[str], int], list[int]]] = {
    "lead": _lead, "longest": _longest, "LexRank": _sumy(LexRankSummarizer()), "LSA": _sumy(LsaSummarizer()),
}  # fmt: skip


def drafts_by(meeting: Labelled, replay: dict[str, Any], choose: Callable[[Sequence[str], int], list[int]]) -> list[dict[str, Any]]:
    """Messages of our own threads as they were written, as many words as our statements have: quoted, which no draft may."""
    said = {m.event_id: m.text for m in meeting.transcript.messages if m.text}
    spent = {d["thread_id"]: sum(len(words(s["text"])) for s in d["statements"]) for d in replay["drafts"]}
    drafts = []
    for thread in replay["threads"]:
        ids = [e for e in thread["event_ids"] if e in said]
        if ids and spent.get(thread["thread_id"]):
            chosen = choose([said[e] for e in ids], spent[thread["thread_id"]])
            rows = [{"text": said[ids[k]], "section": "experience", "wording": "reported", "event_ids": [ids[k]]} for k in chosen]
            drafts.append({"thread_id": thread["thread_id"], "title": "", "raw": "", "statements": rows})
    return drafts
