"""The whole of the thinking: a transcript goes in, threads and drafts come out. Pure: the same transcript gives the same drafts."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from peerplugin.core import threads
from peerplugin.core.english import content
from peerplugin.core.markup import lasting_title
from peerplugin.core.model import EventId, Message, Outcome, Summary, Thread, Transcript
from peerplugin.core.names import known_names
from peerplugin.core.privacy import Scrubbed, scrub
from peerplugin.core.rules import Rules
from peerplugin.core.safety import near_crisis
from peerplugin.core.summary import Room, summarise
from peerplugin.core.threads import ThreadModel


def compose(transcript: Transcript, rules: Rules, model: ThreadModel, groups: tuple[Thread, ...] | None = None) -> Outcome:
    """Group the messages (unless the `groups` are given), scrub them, say of each thread what it would become."""
    said, clean = scrubbed(transcript, rules)
    groups = threads.group(transcript, model, transcript.openings) if groups is None else groups
    room = Room(
        {m.event_id: m for m in said}, clean, near_crisis(transcript.messages, rules), weights_of([clean[m.event_id].text for m in said])
    )
    drafts = (s for t in guests_first(groups, transcript) if (s := summarise(t, room, rules)) is not None)
    summaries = distinct(replace(s, title=lasting_title(s.title)) for s in drafts)  # what is approved is what the forum will show
    return Outcome(
        transcript_hash(transcript), groups, summaries, tuple(s for m in said for s in clean[m.event_id].spans),
        dict(Counter(m.left_out for m in transcript.messages if m.left_out)), len(transcript.messages), len({m.sender for m in transcript.messages}),
        len(transcript.roster), len(transcript.gaps),
    )  # fmt: skip


def distinct(drafts: Iterable[Summary]) -> tuple[Summary, ...]:
    """No two of a meeting with the same title: a later one says what it is about as well, or which it is."""
    taken: set[str] = set()
    found = []
    for draft in drafts:
        title, number = draft.title, 1
        for tag in draft.tags:
            if title.lower() in taken and tag != "open-question":
                title = lasting_title(f"{draft.title} ({tag.replace('-', ' ')})")
        while title.lower() in taken:
            number += 1
            title = lasting_title(f"{draft.title} ({number})")
        taken.add(title.lower())
        found.append(replace(draft, title=title))
    return tuple(found)


def scrubbed(transcript: Transcript, rules: Rules) -> tuple[list[Message], dict[EventId, Scrubbed]]:
    """What was said and may be used, and each message without what identifies people."""
    said = [m for m in transcript.messages if m.left_out is None and m.text.strip()]
    names = known_names(transcript.roster, said, rules)
    return said, {m.event_id: scrub(m.text, names, rules, m.event_id) for m in said}


def guests_first(groups: tuple[Thread, ...], transcript: Transcript) -> tuple[Thread, ...]:
    """The threads that took up what members had sent for the guest come first, in the order in which it was sent."""
    said = {m.event_id: m for m in transcript.messages}
    topics = [cue for cue in transcript.cues if cue.kind == "topic"]
    stems: dict[str, set[str]] = {}
    for thread in groups:
        lines = [said[e] for e in thread.event_ids]
        before = [cue.text for cue in topics if cue.at <= lines[0].at][-1:]  # `!topic` and the question, as the facilitator opened it
        stems[thread.thread_id] = {stem for text in (*before, *(m.text for m in lines)) for stem in content(text)}
    first: list[Thread] = []
    for asked in (set(content(cue.text)) for cue in transcript.cues if cue.kind == "ask-guest"):
        fitting = [t for t in groups if asked and 2 * len(asked & stems[t.thread_id]) >= len(asked) and t not in first]
        first += sorted(fitting, key=lambda t: -len(asked & stems[t.thread_id]))[:1]
    return (*first, *(t for t in groups if t not in first))


def weights_of(texts: list[str]) -> dict[str, float]:
    """How much a word says in this meeting: rare words much, but a word said once may be a slip."""
    seen = Counter(s for text in texts for s in set(content(text)))
    n = max(1, len(texts))
    return {s: math.log(1 + n / c) * (0.75 if c == 1 else 1.0) / math.log(1 + n) for s, c in seen.items()}


def transcript_hash(transcript: Transcript) -> str:
    """One value for everything that thinking depends on: a changed word, name, level or relation gives another."""
    parts = [
        [
            m.event_id,
            m.sender,
            m.name,
            m.at.isoformat(),
            m.text,
            m.emote,
            m.reply_to,
            m.thread_root,
            list(m.mentions),
            m.level,
            m.moderator,
            m.left_out,
        ]
        for m in transcript.messages
    ]
    cues = [[c.kind, c.text, c.event_id, c.sender, c.at.isoformat()] for c in transcript.cues]
    roster = sorted((user, sorted(shown)) for user, shown in transcript.roster.items())
    whole = json.dumps(
        [transcript.key, parts, cues, roster, len(transcript.gaps), sorted(transcript.openings)], ensure_ascii=False, separators=(",", ":")
    )
    return hashlib.sha256(whole.encode()).hexdigest()
