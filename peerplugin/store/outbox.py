"""The outbox: effects that were decided and what became of them.

Effects of one target are claimed one after the other, in the order in which they were decided; one whose `not_before` has not come
holds nobody up. An effect is claimable while it is waiting, its moments (`not_before`, the next try) have come and it is not too late.
Too late is: `not_after` has passed; or the homeserver has forgotten the transaction id under which it was first tried, so that
trying again might say the same thing twice. What came back to us by sync is never too late: it is done, and only has to be noted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, FromClause, RowMapping, and_, exists, func, not_, or_, select, update

from peerplugin.core.effects import Answer, AnyEffect, Correct, Put, React, Say, Withdraw
from peerplugin.core.model import EventId
from peerplugin.store import tables
from peerplugin.store.codec import dump, load_effect
from peerplugin.store.rows import Rows

State = Literal["waiting", "claimed", "done", "dropped", "missed", "failed"]
Final = Literal["done", "dropped", "missed", "failed"]

UNFINISHED: tuple[State, ...] = ("waiting", "claimed")
BY_TRANSACTION = frozenset({Say.__name__, Answer.__name__, React.__name__})
"""Effects that are safe to repeat only because the homeserver knows their transaction id."""
OVERTAKING = frozenset({Correct.__name__, Withdraw.__name__})
"""Effects that go before a `Put` of their target which waits, perhaps for long: they leave nothing for it to do."""
REPEATABLE_FOR = timedelta(hours=24)
LONG_WAIT = timedelta(hours=1)

_O = tables.outbox.c


@dataclass(frozen=True, slots=True)
class Claimed:
    """An effect to be performed now. With a `known_receipt` it was performed already: our own event came back."""

    effect: AnyEffect
    attempts: int  # this one counted
    first_tried_at: datetime
    known_receipt: EventId | None


class Outgoing(NamedTuple):
    """An effect, how it stands, and the event that it became."""

    effect: AnyEffect
    state: State
    event_id: EventId | None


@dataclass(frozen=True, slots=True)
class Stuck:
    """An effect that does not get through, for the operator's eyes."""

    key: str
    kind: str
    target: str
    attempts: int
    decided_at: datetime
    next_try_at: datetime
    note: str


class OutboxRows(Rows):
    """The outbox."""

    def add_effects(self, effects: Sequence[AnyEffect], now: datetime) -> tuple[str, ...]:
        """Decide effects, in order. A key that was decided before is left as it is. Returns the keys that are new."""
        return tuple(effect.key for effect in effects if self._add(tables.outbox, _row(effect, now), _O.key))

    def claim(self, now: datetime, kinds: frozenset[str]) -> Claimed | None:
        """The oldest effect of these classes that may be performed now; from here on it is `claimed`.

        One that is too late is passed over: `expired` finishes it."""
        earlier = tables.outbox.alias()
        overtaken = and_(earlier.c.kind == Put.__name__, _O.kind.in_(OVERTAKING))
        in_line = and_(earlier.c.state == "waiting", _ripe(earlier, now), not_(_too_late(earlier, now)), not_(overtaken))
        behind = exists().where(earlier.c.target == _O.target, earlier.c.id < _O.id, or_(earlier.c.state == "claimed", in_line))
        due = and_(_O.state == "waiting", _O.kind.in_(kinds), _O.next_try_at <= now, _ripe(tables.outbox, now))
        row = self._first(select(tables.outbox).where(due, not_(_too_late(tables.outbox, now)), not_(behind)).order_by(_O.id))
        if row is None:
            return None
        first_tried_at = row["first_tried_at"] or now
        change = {"state": "claimed", "attempts": row["attempts"] + 1, "first_tried_at": first_tried_at}
        self._connection.execute(update(tables.outbox).where(_O.id == row["id"]).values(change))
        return Claimed(load_effect(row["kind"], row["effect"]), row["attempts"] + 1, first_tried_at, _event_id(row))

    def expired(self, now: datetime) -> tuple[str, ...]:
        """Finish as `missed` what is too late by now. Returns the keys, each exactly once."""
        keys = self._values(select(_O.key).where(_O.state == "waiting", _too_late(tables.outbox, now)).order_by(_O.id))
        for key in keys:
            self.finish(key, "missed", "too late")
        return keys

    def reopen_claimed(self) -> int:
        """At start: whatever a process that is no more had claimed waits again. Returns how many."""
        return self._connection.execute(update(tables.outbox).where(_O.state == "claimed").values(state="waiting")).rowcount

    def receive(self, key: str, event_id: EventId) -> bool:
        """Our own event came back by sync: the receipt of an effect, even if its sending was never acknowledged. True: it is news."""
        known = update(tables.outbox).where(_O.key == key, _O.event_id.is_(None))
        return self._connection.execute(known.values(event_id=event_id)).rowcount > 0

    def finish(self, key: str, state: Final, note: str = "", event_id: EventId | None = None) -> bool:
        """This is what became of an effect; `note` never holds a member's words. False: it was finished already."""
        values: dict[str, Any] = {"state": state, "note": note}
        if event_id is not None:
            values["event_id"] = event_id
        return self._connection.execute(update(tables.outbox).where(_O.key == key, _O.state.in_(UNFINISHED)).values(values)).rowcount > 0

    def retry(self, key: str, at: datetime, note: str, *, aside: bool = False) -> bool:
        """It did not work this time: once more from `at` on; with `aside`, others of its target go first until then. False: it was finished meanwhile."""
        values: dict[str, Any] = {"state": "waiting", "next_try_at": at, "note": note}
        if aside:
            values["not_before"] = at
        return self._connection.execute(update(tables.outbox).where(_O.key == key, _O.state.in_(UNFINISHED)).values(values)).rowcount > 0

    def hurry(self, target: str, now: datetime) -> None:
        """No back-off for this target any longer: what waits for its next try is tried now."""
        waiting = and_(_O.target == target, _O.state == "waiting", _O.next_try_at > now)
        tried = and_(waiting, _O.attempts > 0, _O.not_before > now)  # it had stepped aside; the moment it was decided for has passed
        self._connection.execute(update(tables.outbox).where(tried).values(not_before=now))
        self._connection.execute(update(tables.outbox).where(waiting).values(next_try_at=now))

    # --- questions ----------------------------------------------------------------------------------------------------

    def pending(self, target: str | None = None) -> int:
        """How many effects are not finished, of one target or of all."""
        query = select(func.count()).where(_O.state.in_(UNFINISHED))
        return self._connection.execute(query if target is None else query.where(_O.target == target)).scalar_one()

    def effect_of(self, key: str) -> Outgoing | None:
        """The effect of a key, and how it stands."""
        row = self._first(select(tables.outbox).where(_O.key == key))
        return None if row is None else Outgoing(load_effect(row["kind"], row["effect"]), row["state"], _event_id(row))

    def key_of_event(self, event_id: EventId) -> str | None:
        """The effect that became this event."""
        return self._one(_O.key, _O.event_id, event_id)

    def next_due(self, now: datetime, kinds: frozenset[str]) -> datetime | None:
        """The soonest moment, from now on, at which there is something to claim or to give up as too late."""
        rows = self._all(select(tables.outbox).where(_O.state.in_(UNFINISHED)).order_by(_O.id))
        return _soonest(rows, now, kinds)

    def outbox_counts(self) -> Mapping[State, int]:
        """How many effects stand how."""
        rows = self._all(select(_O.state, func.count().label("how_many")).group_by(_O.state).order_by(_O.state))
        return {row["state"]: row["how_many"] for row in rows}

    def stuck(self, now: datetime) -> tuple[Stuck, ...]:
        """What waits after a failed try, or for long after its moment."""
        since = now - LONG_WAIT
        late = and_(_O.decided_at <= since, _ripe(tables.outbox, since))
        rows = self._all(select(tables.outbox).where(_O.state == "waiting", or_(_O.attempts > 0, late)).order_by(_O.id))
        return tuple(Stuck(**{name: row[name] for name in Stuck.__dataclass_fields__}) for row in rows)


def _row(effect: AnyEffect, now: datetime) -> dict[str, object]:
    return {
        "key": effect.key,
        "kind": type(effect).__name__,
        "target": effect.target,
        "meeting": effect.meeting,
        "effect": dump(effect),
        "state": "waiting",
        "not_before": effect.not_before,
        "not_after": effect.not_after,
        "next_try_at": now,
        "decided_at": now,
        "attempts": 0,
        "note": "",
    }


def _ripe(row: FromClause, now: datetime) -> ColumnElement[bool]:
    return or_(row.c.not_before.is_(None), row.c.not_before <= now)


def _too_late(row: FromClause, now: datetime) -> ColumnElement[bool]:
    # Written with "is not null" throughout: its negation must be true, not unknown, where a moment is missing.
    over = and_(row.c.not_after.is_not(None), row.c.not_after <= now)
    forgotten = and_(row.c.kind.in_(BY_TRANSACTION), row.c.first_tried_at.is_not(None), row.c.first_tried_at <= now - REPEATABLE_FOR)
    return and_(row.c.event_id.is_(None), or_(over, forgotten))


def _soonest(rows: Iterable[RowMapping], now: datetime, kinds: frozenset[str]) -> datetime | None:
    """`rows` are unfinished, in order. The same rules as in `claim`, asked for all later moments at once."""
    holds_up: dict[
        tuple[str, bool], datetime
    ] = {}  # per target, and whether it may be overtaken: from when on an earlier effect goes first
    moments: list[datetime] = []
    for row in rows:
        target, deadline = row["target"], _deadline(row)
        claimed = row["state"] == "claimed"
        if not claimed and deadline is not None and deadline <= now:
            continue
        begins = now if claimed or row["not_before"] is None else max(now, row["not_before"])
        moment = max(begins, row["next_try_at"])
        if deadline is not None:
            moment = min(moment, deadline)
        before = {holds_up.get((target, soft)) for soft in ((False,) if row["kind"] in OVERTAKING else (False, True))}
        if not claimed and row["kind"] in kinds and all(hold is None or moment < hold for hold in before):
            moments.append(moment)
        soft = row["kind"] == Put.__name__ and not claimed
        holds_up[target, soft] = min(begins, holds_up.get((target, soft), begins))
    return min(moments, default=None)


def _deadline(row: RowMapping) -> datetime | None:
    if row["event_id"] is not None:
        return None
    ends = [row["not_after"]]
    if row["kind"] in BY_TRANSACTION and row["first_tried_at"] is not None:
        ends.append(row["first_tried_at"] + REPEATABLE_FOR)
    return min((end for end in ends if end is not None), default=None)


def _event_id(row: RowMapping) -> EventId | None:
    return None if row["event_id"] is None else EventId(row["event_id"])
