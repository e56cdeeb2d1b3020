"""ADVANCE: every meeting with news takes one step, each in the running transaction. What the step is, `core.lifecycle` says."""

from __future__ import annotations

import logging
from datetime import datetime

from peerplugin import diary
from peerplugin.core import lifecycle
from peerplugin.core.facts import ConsentGiven, Withdrawn
from peerplugin.core.model import MeetingKey
from peerplugin.errors import MistakeError
from peerplugin.group import Group
from peerplugin.log import explain
from peerplugin.store import Tx
from peerplugin.troubles import tell

log = logging.getLogger(__name__)


def advance(tx: Tx, group: Group, now: datetime) -> int:
    """Take all steps that are due. Returns how many meetings moved."""
    keys = tx.meetings_with_news()
    group = diary.today(tx, group) if keys else group
    for key in keys:
        _step(tx, key, group, now)
    return len(keys)


def _step(tx: Tx, key: MeetingKey, group: Group, now: datetime) -> None:
    numbered = tx.new_facts(key)
    record = tx.record(key)
    series = group.of(record.series) if record is not None else None
    if record is None or series is None:  # a series that has left the settings: its facts have nobody to act on them
        tx.handled([i for i, _ in numbered])
        return
    desk = series.management_room  # as the settings name it: numbers go on where the room was upgraded
    try:
        result = lifecycle.advance(record, [fact for _, fact in numbered], series, group.words, tx.first_free(desk))
    except MistakeError as mistake:  # a group's own text that cannot be filled: this meeting waits for a person, the others go on
        tell(tx, group, "texts", str(mistake), now)
        return
    except Exception as fault:  # noqa: BLE001 - a fault of ours in one meeting must not stop all the others; a person hears of it
        log.error("a meeting cannot go on", extra={"meeting": key, "fault": explain(fault)})
        tell(
            tx, group, "meeting", f"The meeting {key} cannot go on: a fault of the program ({type(fault).__name__}). Please report it.", now
        )
        return
    if result.numbers:
        tx.take_numbers(desk, result.numbers)
    tx.save_record(result.record, None)
    tx.add_effects(result.effects, now)
    tx.handled([i for i, _ in numbered])
    if any(isinstance(fact, ConsentGiven | Withdrawn) for _, fact in numbered):  # an erasure never waits for a back-off
        for document in {*result.record.asked, *result.record.publications}:
            tx.hurry(f"forum:{document}", now)
        tx.strike([e for _, fact in numbered if isinstance(fact, Withdrawn) for e in fact.event_ids])
