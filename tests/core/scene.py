"""What the core's tests play with: five people, a room and its desk, an ear over plain dicts, and a meeting's record with its drafts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path

from peerplugin.core import hearing, lifecycle, publish
from peerplugin.core.capture import Kept, transcript
from peerplugin.core.effects import AnyEffect, Document, Publication, Put, Say, Withdraw
from peerplugin.core.facts import AnyFact, Closed, Commanded, Gone, Held, Opened, Place, Sent, Started, Thought, Unvoted, Voted, Withdrawn
from peerplugin.core.listening import Heard, Listening, Memory
from peerplugin.core.model import (
    Consent,
    DocumentId,
    EventId,
    Level,
    MeetingKey,
    Outcome,
    Powers,
    RoomEvent,
    RoomId,
    RoomState,
    Schedule,
    Series,
    SeriesId,
    Statement,
    Summary,
    ThreadId,
    Transcript,
    UserId,
)
from peerplugin.core.record import Draft, Record
from peerplugin.core.words import Words

ALMA, BO, CLEO, DOV, MARA, US = (UserId(f"@{name}:example.org") for name in ("alma", "bo", "cleo", "dov", "mara", "peerplugin"))
ROOM, DESK, PRIVATE = RoomId("!liver:example.org"), RoomId("!desk:example.org"), RoomId("!direct:example.org")
WEEKLY = Schedule(date(2026, 9, 2), "19:00", "America/Los_Angeles", "FREQ=WEEKLY;BYDAY=WE", 75)
T0 = datetime(2026, 10, 8, 2, 0, tzinfo=UTC)
"""Wednesday 7 October 2026, 19:00 in Los Angeles."""
BEGAN = T0 - timedelta(days=30)
KEY = MeetingKey("liver-spot/2026-10-07")
CRISIS = ("end it all",)
_IDS = count(1)


def at(minutes: float) -> datetime:
    """So many minutes after the meeting's time."""
    return T0 + timedelta(minutes=minutes)


def a_series(series_id: str = "liver-spot", /, **changes: object) -> Series:
    """A series that meets on Wednesdays; five minutes of grace before anything is published."""
    plain = Series(
        SeriesId(series_id),
        "Liver Spot",
        ROOM,
        DESK,
        5,
        Level.REPORTED,
        tags=("meeting",),
        schedule=WEEKLY,
        how_to_join="https://example.org/join",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def a_state(room: RoomId = ROOM, **changes: object) -> RoomState:
    """A room with everybody in it, Mara its moderator."""
    names = {ALMA: "Alma", BO: "Bo", CLEO: "Cleo Marsh", DOV: "Dov", MARA: "Mara", US: "peerplugin"}
    plain = RoomState(room, "Liver Spot", "11", powers=Powers({MARA: 50, US: 50}), members=names, names={u: (n,) for u, n in names.items()})
    return replace(plain, **changes)  # type: ignore[arg-type]


def an_event(sender: UserId, body: str, minutes: float = 1, **more: object) -> RoomEvent:
    """Something said; its id is new unless given."""
    plain = RoomEvent(EventId(f"$e{next(_IDS)}"), ROOM, sender, at(minutes), "text", body=body)
    return replace(plain, **more)  # type: ignore[arg-type]


@cache
def words() -> Words:
    """The words as `config/texts/` has them."""
    folder = Path(__file__).parents[2] / "config" / "texts"
    return Words({file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.*")})


@dataclass
class Ear:
    """A place that is listened to, and what has been remembered of it."""

    series: tuple[Series, ...] = (a_series(),)
    place: Place = "room"
    state: RoomState = field(default_factory=a_state)
    kept: dict[MeetingKey, dict[EventId, Kept]] = field(default_factory=dict)
    cards: dict[EventId, MeetingKey] = field(default_factory=dict)
    numbers: dict[int, MeetingKey] = field(default_factory=dict)
    waiting: tuple[MeetingKey, ...] = ()
    prompts: dict[EventId, SeriesId] = field(default_factory=dict)
    facts: list[tuple[MeetingKey, AnyFact]] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    effects: list[AnyEffect] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    opened: list[MeetingKey] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listening = Listening(US, self.place, self.state, self.series, None, BEGAN, CRISIS)
        self.memory = Memory(
            self._find, self.cards.get, self.numbers.get, lambda: self.waiting, lambda: tuple(self.opened), self.prompts.get, self._said
        )

    def _find(self, event_id: EventId) -> tuple[MeetingKey, Kept] | None:
        return next(((m, rows[event_id]) for m, rows in self.kept.items() if event_id in rows), None)

    def _said(self, series: SeriesId, user: UserId) -> tuple[tuple[MeetingKey, frozenset[EventId]], ...]:
        mine = {
            m: frozenset(i for i, k in rows.items() if k.event.sender == user)
            for m, rows in self.kept.items()
            if m.startswith(f"{series}/")
        }
        return tuple((m, ids) for m, ids in mine.items() if ids)

    def hear(self, event: RoomEvent, now: datetime | None = None) -> Heard:
        """Take in one event, as the store would remember it."""
        heard = hearing.hear(self.listening, event, self.memory, now or event.at)
        self.listening = heard.listening
        if heard.kept is not None:
            self.kept.setdefault(heard.kept[0], {}).setdefault(heard.kept[1].event.event_id, heard.kept[1])
        for gone, reason in heard.erase:
            for rows in self.kept.values():
                for i, k in rows.items():
                    if i == gone or (k.event.kind == "edit" and k.event.target == gone):
                        rows[i] = replace(k, event=replace(k.event, body=""), left_out=reason)
        self.facts += heard.facts
        self.opened += [key for key, fact in heard.facts if isinstance(fact, Opened)]
        self.consents += [c for _, c in heard.consents]
        self.effects += heard.effects
        self.ignored.append(heard.ignored)
        return heard

    def say(self, sender: UserId, body: str, minutes: float = 1, **more: object) -> EventId:
        """Somebody says something."""
        event = an_event(sender, body, minutes, **{"room_id": self.state.room_id, **more})
        self.hear(event)
        return event.event_id

    def hear_says(self, sender: UserId, body: str, **more: object) -> Heard:
        """Somebody says something; all that it changes."""
        return self.hear(an_event(sender, body, **{"room_id": self.state.room_id, **more}))  # type: ignore[arg-type]

    def hear_reacts(self, sender: UserId, target: str, emoji: str = "✅") -> Heard:
        """Somebody reacts to something; all that it changes."""
        return self.hear_says(sender, "", kind="reaction", target=EventId(target), key=emoji)

    def about(
        self, sender: UserId, kind: str, target: EventId, minutes: float = 2, body: str = "", key: str = "", **more: object
    ) -> EventId:
        """Somebody edits, redacts or reacts to something."""
        return self.say(sender, body, minutes, kind=kind, target=target, key=key, **more)

    def start(self) -> Ear:
        """Mara opens the meeting."""
        self.say(MARA, "!startmeeting", 0)
        return self

    def transcript(self, key: MeetingKey = KEY) -> Transcript:
        """What thinking would see."""
        return transcript(key, self.kept.get(key, {}).values(), default=self.series[0].default_consent, consents=self.consents)

    def texts(self, key: MeetingKey = KEY) -> list[str]:
        """The lines that may be drafted."""
        return [m.text for m in self.transcript(key).messages if m.left_out is None]

    def facts_of(self, kind: type[AnyFact]) -> list[AnyFact]:
        """All facts of a kind."""
        return [fact for _, fact in self.facts if isinstance(fact, kind)]

    def answers(self) -> list[str]:
        """The texts of what was answered."""
        return [e.text for e in self.effects if hasattr(e, "text")]


# --- a meeting's record -----------------------------------------------------------------------------------------------------

M = [EventId(f"$m{n}") for n in range(20)]


def a_statement(text: str, *sources: int, **more: object) -> Statement:
    """A statement that rests on some of the messages `M`."""
    plain = Statement(text, "experience", "reported", tuple(M[n] for n in sources))
    return replace(plain, **more)  # type: ignore[arg-type]


def a_summary(name: str = "t1", **changes: object) -> Summary:
    """Banding: four people (messages 1; 2 and 3; 4; 5), three statements, one of them counted."""
    plain = Summary(
        ThreadId(name), "Does variceal banding hurt?", (M[1],), ("procedures",),
        (
            a_statement("One member had five rounds.", 2),
            a_statement("Three members ate soft food for three days.", 3, 4, 5, wording="counted", contributors=3, section="suggestion"),
            a_statement("One member was also given carvedilol.", 4, section="doctor"),
        ),
        contributors=4, messages=5, voices=(frozenset({M[1]}), frozenset({M[2], M[3]}), frozenset({M[4]}), frozenset({M[5]})),
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def an_outcome(*summaries: Summary) -> Outcome:
    """What thinking gave."""
    return Outcome("hash", (), summaries, messages=40, speakers=4, present=6)


@dataclass
class Play:
    """One meeting's record, step by step, with a room and a forum that do as they are told when asked to."""

    series: Series = field(default_factory=a_series)
    record: Record = field(default_factory=lambda: lifecycle.opened(Opened(T0, KEY, SeriesId("liver-spot"), ROOM, MARA, at(75), "")))
    effects: list[AnyEffect] = field(default_factory=list)
    free: int = 1

    def fact(self, *facts: AnyFact) -> list[AnyEffect]:
        """One step; returns its effects."""
        result = lifecycle.advance(self.record, facts, self.series, words(), self.free)
        self.record, self.free = result.record, self.free + result.numbers
        self.effects += result.effects
        return list(result.effects)

    def drafted(self, *summaries: Summary, show: bool = True) -> Play:
        """The meeting is over, the thinking done, the cards shown."""
        self.fact(Closed(at(75), "command"))
        shown = self.fact(Thought(at(76), self.record.round, an_outcome(*(summaries or (a_summary(),)))))
        if show:
            self.show_cards(shown)
        return self

    def show_cards(self, effects: Iterable[AnyEffect]) -> None:
        """The room takes the cards."""
        self.fact(*(Sent(at(77), e.key, EventId(f"${e.key}")) for e in effects if isinstance(e, Say) and e.text == "card"))

    def draft(self, number: int = 1) -> Draft:
        return next(d for d in self.record.drafts if d.number == number)

    def card(self, number: int = 1) -> EventId:
        """The newest card of a draft."""
        cards = self.draft(number).cards
        return max(cards, key=cards.__getitem__)

    def vote(self, emoji: str = "✅", number: int = 1, who: UserId = MARA, minutes: float = 80, card: EventId | None = None) -> EventId:
        """A reaction under a card; its id."""
        reaction = EventId(f"$r{next(_IDS)}")
        self.fact(Voted(at(minutes), reaction, who, card or self.card(number), emoji))
        return reaction

    def unvote(self, reaction: EventId, minutes: float = 82) -> list[AnyEffect]:
        return self.fact(Unvoted(at(minutes), reaction))

    def order(self, line: str, minutes: float = 80, who: UserId = MARA) -> list[AnyEffect]:
        """A moderator's command, as the desk hands it on."""
        word, _, text = line.partition(" ")
        return self.fact(Commanded(at(minutes), EventId(f"$c{next(_IDS)}"), who, DESK, "management", word, text, moderator=True))

    def gone(self, *sources: int, reason: str = "redacted", minutes: float = 100) -> list[AnyEffect]:
        return self.fact(Withdrawn(at(minutes), frozenset(M[n] for n in sources), reason))  # type: ignore[arg-type]

    # --- the forum ------------------------------------------------------------------------------------------------

    def claim(self, effect: AnyEffect, minutes: float) -> Document | None:
        """What a `Put` comes to now; what is claimed counts as begun."""
        assert isinstance(effect, Put)
        doc = publish.claimed(self.record, effect, self.series, words(), at(minutes))
        if doc is not None:
            self.fact(Started(at(minutes), effect.document))
        return doc

    def done(self, doc: Document, minutes: float, **more: object) -> list[AnyEffect]:
        """The forum holds a document."""
        held = Publication(doc.document, 7, 70, f"https://forum.example.org/t/{doc.document}", 1, publish.document_digest(doc))
        return self.fact(Held(at(minutes), replace(held, **more)))  # type: ignore[arg-type]

    def deliver(self, minutes: float) -> list[Document]:
        """Do all that the forum is asked for, in order, until nothing is left that is due."""
        puts: list[Document] = []
        done: set[str] = set()
        while due := [
            e for e in self.effects if e.key not in done and isinstance(e, Put | Withdraw) and (e.not_before or T0) <= at(minutes)
        ]:
            for effect in due:
                done.add(effect.key)
                if isinstance(effect, Withdraw):
                    if publish.document(self.record, effect.document, self.series, words()) is None:
                        self.fact(Gone(at(minutes), effect.document))
                elif (doc := self.claim(effect, minutes)) is not None:
                    puts.append(doc)
                    self.done(doc, minutes)
        return puts

    def stands(self) -> dict[DocumentId, str]:
        """What the forum holds, as the record has it: document -> raw text now wanted."""
        return {d.document: d.raw for d in publish.documents(self.record, self.series, words()) if d.document in self.record.publications}


def texts(effects: Iterable[AnyEffect]) -> list[str]:
    """Which texts are said."""
    return [e.text for e in effects if isinstance(e, Say)]


def puts(effects: Iterable[AnyEffect]) -> list[Put]:
    return [e for e in effects if isinstance(e, Put)]


def withdraws(effects: Iterable[AnyEffect]) -> list[Withdraw]:
    return [e for e in effects if isinstance(e, Withdraw)]
