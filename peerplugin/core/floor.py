"""The meeting's room: a meeting opens, is chaired, paused and closed here, and what is said in between is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from peerplugin.core import consent, meetings, timetable
from peerplugin.core.capture import LOCK, OPENS, SAID, Floor, Kept, sift, withdrawn_by
from peerplugin.core.commands import CHAIR_WORDS, CONSENT_WORDS, QUEUE_WORDS, Command, is_known, nearest, read_command
from peerplugin.core.effects import Answer, Say, Scalar
from peerplugin.core.facts import AnyFact, Closed, Opened, Paused, Withdrawn
from peerplugin.core.listening import STALE, Heard, Listening, Memory, ignored, with_floor
from peerplugin.core.model import MeetingKey, RoomEvent, Series, UserId
from peerplugin.core.room import is_moderator, name_of

TOO_LATE = timedelta(hours=1)
"""`!startmeeting` that is heard later than this (we were away) opens nothing: nobody saw that the meeting was noted."""


def hear(listening: Listening, event: RoomEvent, memory: Memory, now: datetime) -> Heard:
    """One event of the meeting's room."""
    listening, facts = on_time(listening, event.at, memory, now)
    heard = _hear(listening, event, memory, now)
    return replace(heard, facts=(*facts, *heard.facts))


def on_time(listening: Listening, at: datetime, memory: Memory, now: datetime) -> tuple[Listening, tuple[tuple[MeetingKey, AnyFact], ...]]:
    """Close the meeting that should be over at `at`, open the one that the schedule opens (unless we hear of that too late)."""
    facts: list[tuple[MeetingKey, AnyFact]] = []
    floor = listening.floor
    if floor is not None and (closed := overdue(floor, _series(listening, floor), at)) is not None:
        facts.append((floor.meeting, closed))
        listening = replace(listening, floor=None)
    for series in listening.series:
        if not series.start_by_schedule or (listening.floor is not None and listening.floor.series == series.series_id):
            continue
        occurrence = meetings.scheduled_opening(series, at, memory.taken())
        if occurrence is None or at < listening.began_at or now - at > TOO_LATE:
            continue
        if listening.floor is not None:  # another series of this room still has the floor: it ends, they never mix
            facts.append((listening.floor.meeting, Closed(at, "next")))
        key = meetings.meeting_key(series.series_id, occurrence.on, memory.taken())
        listening = replace(listening, floor=Floor(key, series.series_id, at, occurrence.ends_at, at))
        guest = occurrence.change.guest
        facts.append((key, Opened(at, key, series.series_id, listening.state.room_id, None, occurrence.ends_at, series.name, guest)))
    return listening, tuple(facts)


def overdue(floor: Floor, series: Series, at: datetime) -> Closed | None:
    """Whether a meeting should be over at `at`: its end plus grace has passed, or nobody spoke for long; whichever came first."""
    ends = [Closed(floor.heard_at + timedelta(minutes=series.silence_min), "silence")]
    if floor.ends_at is not None:
        ends.append(Closed(floor.ends_at + timedelta(minutes=series.grace_min), "schedule"))
    first = min(ends, key=lambda closed: closed.at)
    return first if at >= first.at else None


def _series(listening: Listening, floor: Floor) -> Series:
    return next(s for s in listening.series if s.series_id == floor.series)


def _hear(listening: Listening, event: RoomEvent, memory: Memory, now: datetime) -> Heard:
    if event.kind == "reaction" and (vote := timetable.hear_vote(listening, event, memory)) is not None:
        return vote
    if event.kind in ("redaction", "edit", "reaction"):
        return _about_another(listening, event, memory)
    if event.kind not in SAID:
        return ignored(listening, "state")
    command = read_command(event.body) if event.kind == "text" else None
    if command is not None and command.word == "startmeeting":
        return _start(listening, event, command, memory, now)
    if command is not None and command.word in CONSENT_WORDS:
        if event.at < listening.began_at:
            return ignored(listening, "older than the service")
        heard = consent.hear(listening, event, command, memory)
        return replace(heard, kept=_kept(heard.listening, event))
    if command is not None and timetable.is_ours(command):
        if event.at < listening.began_at:
            return ignored(listening, "older than the service")
        heard = timetable.hear(listening, event, command)
        return replace(heard, kept=heard.kept or _kept(listening, event))
    if listening.floor is None:
        return _outside(listening, event, command)
    if event.at < listening.floor.opened_at - STALE:
        return ignored(listening, "older than the meeting")
    if event.kind != "notice":  # bots do not keep a meeting open
        listening = with_floor(listening, heard_at=max(event.at, listening.floor.heard_at))
    if command is not None:
        return _command(listening, event, command)
    return Heard(listening, kept=_kept(listening, event))


def _kept(listening: Listening, event: RoomEvent) -> tuple[MeetingKey, Kept] | None:
    floor = listening.floor
    if floor is None:
        return None
    name, chair = name_of(listening.state, event.sender), may_chair(listening, event.sender)
    return floor.meeting, sift(event, name, chair, listening.crisis, paused=floor.paused)


def may_chair(listening: Listening, user: UserId) -> bool:
    """A moderator of the room, a named facilitator of one of its series, or a chair of this meeting."""
    chairs = listening.floor.chairs if listening.floor else frozenset()
    return is_moderator(listening.state, user) or user in chairs or any(user in s.facilitators for s in listening.series)


def _outside(listening: Listening, event: RoomEvent, command: Command | None) -> Heard:
    if command is None or not event.body.lstrip().startswith("!") or len(event.body.strip()) == 1:
        return ignored(listening, "outside")
    if command.word == "help":
        return _answer(listening, event, "help-room")
    if is_known(command.word, "room"):
        return _answer(listening, event, "no-meeting", word=command.word)
    return _answer(listening, event, "unknown-command", word=command.word, nearest=nearest(command.word, "room"))


def _answer(listening: Listening, event: RoomEvent, text: str, **values: Scalar) -> Heard:
    """A private answer, kept in nobody's transcript."""
    answer = Answer(key=f"answer:{event.event_id}", user=event.sender, text=text, values=values)
    return Heard(listening, kept=_kept(listening, event), ignored="" if listening.floor else "outside", effects=(answer,))


# --- about an earlier event -------------------------------------------------------------------------------------------


def _about_another(listening: Listening, event: RoomEvent, memory: Memory) -> Heard:
    """An edit, a redaction or a reaction. It belongs to the meeting of what it is about, even after that is over."""
    found = memory.find(event.target) if event.target is not None else None
    if found is None:
        return _before_its_target(listening, event)
    meeting, kept = found
    if kept.event.room_id != event.room_id:  # the server does not look where a relation points
        return ignored(listening, "about another room")
    moderator = is_moderator(listening.state, event.sender)
    if event.kind == "edit":
        return _edit(listening, event, meeting, kept)
    if event.kind == "reaction" and event.key == OPENS and may_chair(listening, event.sender):
        return Heard(listening, kept=(meeting, Kept(replace(event, body=""), "", True)))
    if event.kind == "redaction" and kept.event.key == OPENS:
        return Heard(listening, kept=(meeting, Kept(replace(event, body=""), "", moderator)))
    reason = withdrawn_by(event, kept, moderator)
    if reason is None:
        return ignored(listening, "changes nothing")
    fact = Withdrawn(event.at, frozenset({kept.event.event_id}), "redacted" if reason == "redacted" else "off_record")
    if kept.event.kind == "edit" and kept.event.target is not None:  # that version goes; the message no longer says what it said
        fact = Withdrawn(event.at, frozenset({kept.event.event_id, kept.event.target}), "edited")
    trace = Kept(replace(event, body=""), "", moderator)
    return Heard(listening, kept=(meeting, trace), erase=((kept.event.event_id, reason),), facts=((meeting, fact),))


def _before_its_target(listening: Listening, event: RoomEvent) -> Heard:
    """It may have overtaken what it is about. Its trace is kept, without text: that message is then left out, or redacted, or locked."""
    floor = listening.floor
    if floor is None or event.at < floor.opened_at or (event.kind == "reaction" and event.key != LOCK):
        return ignored(listening, "about nothing we keep")
    trace = Kept(replace(event, body=""), "", is_moderator(listening.state, event.sender), "outside" if event.kind == "edit" else None)
    return Heard(listening, kept=(floor.meeting, trace))


def _edit(listening: Listening, event: RoomEvent, meeting: MeetingKey, original: Kept) -> Heard:
    """The server lets anybody edit anything: only the author's edit of an original that still stands counts."""
    target = original.event
    if event.sender != target.sender or target.kind not in ("text", "emote") or original.left_out not in (None, "command"):
        return ignored(listening, "an edit that does not count")
    floor = listening.floor
    paused = floor is not None and floor.meeting == meeting and floor.paused
    kept = sift(event, original.name, original.moderator, listening.crisis, paused=paused)
    erase = ((target.event_id, kept.left_out),) if kept.left_out in ("off_record", "crisis") else ()
    gone = frozenset({target.event_id})
    match kept.left_out:
        case "crisis" | "off_record" as reason:
            fact = Withdrawn(event.at, gone, reason)
        case _:
            fact = Withdrawn(event.at, gone, "edited")
    return Heard(listening, kept=(meeting, kept), erase=erase, facts=((meeting, fact),))


# --- commands -------------------------------------------------------------------------------------------------------------


def _start(listening: Listening, event: RoomEvent, command: Command, memory: Memory, now: datetime) -> Heard:
    if not may_chair(listening, event.sender):
        return _answer(listening, event, "chairs-only", word="startmeeting")
    if event.at < listening.began_at or now - event.at > TOO_LATE:
        return ignored(listening, "older than the service")
    if listening.floor is not None:
        return _answer(listening, event, "already-open")
    named = [s for s in listening.series if command.text.lower() in (s.series_id.lower(), s.name.lower())]
    fitting = named or [s for s in listening.series if meetings.current(s.schedule, event.at, meetings.EARLY)]
    fitting = fitting if len(fitting) == 1 else list(listening.series)
    if len(fitting) != 1:
        return _answer(listening, event, "which-series", names=", ".join(s.name for s in listening.series))
    series = fitting[0]
    occurrence = meetings.current(series.schedule, event.at, meetings.EARLY)
    on = occurrence.on if occurrence else meetings.local_date(series, event.at)
    taken = {*memory.taken(), *(() if occurrence else meetings.spoken_for(series, on))}
    key = meetings.meeting_key(series.series_id, on, taken)
    ends_at = meetings.planned_end(series, event.at)
    listening = replace(listening, floor=Floor(key, series.series_id, event.at, ends_at, event.at))
    name = command.text if command.text and not named else series.name
    guest = occurrence.change.guest if occurrence else ""
    opened = Opened(event.at, key, series.series_id, listening.state.room_id, event.sender, ends_at, name, guest)
    return Heard(listening, kept=_kept(listening, event), facts=((key, opened),))


def _command(listening: Listening, event: RoomEvent, command: Command) -> Heard:
    """A command while a meeting is open. The line itself is kept as a command: its cue, never its text in a draft."""
    floor = listening.floor
    assert floor is not None
    if command.word in QUEUE_WORDS:
        return _queue(listening, event, command)
    if not event.body.lstrip().startswith("!"):
        return Heard(listening, kept=_kept(listening, event))
    if not is_known(command.word, "room"):
        return _answer(listening, event, "unknown-command", word=command.word, nearest=nearest(command.word, "room"))
    if command.word in CHAIR_WORDS and not may_chair(listening, event.sender):
        return _answer(listening, event, "chairs-only", word=command.word)
    kept = _kept(listening, event)
    match command.word:
        case "help":
            return _answer(listening, event, "help-room")
        case "endmeeting":
            fact = (floor.meeting, Closed(event.at, "command"))
            return Heard(replace(listening, floor=None), kept=kept, facts=(fact,))
        case "pause" | "resume":
            paused = command.word == "pause"
            if paused == floor.paused:
                return _answer(listening, event, "already-paused" if paused else "not-paused")
            fact_ = (floor.meeting, Paused(event.at, event.event_id, paused))
            return Heard(with_floor(listening, paused=paused), kept=kept, facts=(fact_,))
        case "chair":
            return _chair(listening, event, command, kept)
        case _:
            return Heard(listening, kept=kept)


def _chair(listening: Listening, event: RoomEvent, command: Command, kept: tuple[MeetingKey, Kept] | None) -> Heard:
    found = called(listening, command.text, event.mentions)
    if len(found) != 1 or listening.floor is None:
        return _answer(listening, event, "who-is-that", name=command.text)
    return Heard(with_floor(listening, chairs=listening.floor.chairs | set(found)), kept=kept)


def called(listening: Listening, name: str, mentions: tuple[UserId, ...] = ()) -> list[UserId]:
    """The members a name may mean: mentioned, by user id, or by display name (whole, else its first word)."""
    if mentions:
        return [u for u in mentions if u in listening.state.members]
    wanted = name.strip().lower().removeprefix("@")
    members = listening.state.members
    whole = [u for u in members if wanted in (members[u].lower(), u.lower().removeprefix("@"), u.lower()[1:].split(":")[0])]
    return whole or [u for u in members if wanted and members[u].lower().split(" ")[0] == wanted]


def _queue(listening: Listening, event: RoomEvent, command: Command) -> Heard:
    """The hand queue: `q+` (or ✋, or a lone `!`), `q-`, `q?`, `ack`. It is answered in the room."""
    floor = listening.floor
    assert floor is not None
    queue, kept = floor.queue, _kept(listening, event)
    if command.word == "q+" and event.sender not in queue:
        return Heard(with_floor(listening, queue=(*queue, event.sender)), kept=kept)
    if command.word == "q-":
        return Heard(with_floor(listening, queue=tuple(u for u in queue if u != event.sender)), kept=kept)
    if command.word == "ack" and may_chair(listening, event.sender) and queue:
        done = [u for u in called(listening, command.text, event.mentions) if u in queue] if command.text else [queue[0]]
        return Heard(with_floor(listening, queue=tuple(u for u in queue if u not in done)), kept=kept)
    if command.word == "q?":
        names = ", ".join(name_of(listening.state, u) for u in queue)
        say = Say(key=f"queue:{event.event_id}", meeting=floor.meeting, room=event.room_id, text="queue", values={"names": names},
                  not_after=event.at + timedelta(minutes=5))  # fmt: skip
        return Heard(listening, kept=kept, effects=(say,))
    return Heard(listening, kept=kept)
