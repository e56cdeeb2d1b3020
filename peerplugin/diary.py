"""The agendas of all series, over one transaction: what time, facilitators and receipts make of them. What that is, `core.agenda` says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from peerplugin.core import agenda as agendas
from peerplugin.core import arranging, noticeboard, notices
from peerplugin.core.agenda import Agenda
from peerplugin.core.effects import AnyEffect, Document, Publication, Put, Say, Scalar
from peerplugin.core.facts import Commanded, Sent, Voted
from peerplugin.core.feed import Feed, feed
from peerplugin.core.model import DocumentId, Series, SeriesId
from peerplugin.core.notices import Diary
from peerplugin.group import Group
from peerplugin.store import Tx
from peerplugin.troubles import WORTH_SAYING

PLUGINS = "forum_plugins"
"""Under this name `check` leaves which plugins of the forum a post of ours can use."""
ASKING = frozenset({"proposal", "confirm", "confirm-why"})
"""Our questions that a facilitator answers with a reaction, or with a sentence."""


def today(tx: Tx, group: Group) -> Group:
    """The group as its series stand now: with everything that was decided about their dates."""
    known = tx.agendas()
    return replace(group, series=tuple(_today(series, known.get(series.series_id)) for series in group.series))


def _today(series: Series, agenda: Agenda | None) -> Series:
    if agenda is None or series.schedule is None:
        return series
    return replace(series, schedule=agendas.today(series.schedule, agenda))


def open_at(tx: Tx, group: Group, series_id: SeriesId, now: datetime, user: str | None = None) -> Diary | None:
    """What a notice about dates may look into; None: the series has left the settings."""
    series = group.of(series_id)
    return None if series is None else Diary(series, _agenda(tx, series, now), now, user)


def _agenda(tx: Tx, series: Series, now: datetime) -> Agenda:
    return tx.agenda(series.series_id) or agendas.begun(series.series_id, now)


# --- time passes --------------------------------------------------------------------------------------------------------------------


def begin(tx: Tx, group: Group, now: datetime) -> None:
    """The service starts: the settings may be others, and series may be new."""
    tx.look_at_agendas(now)
    for series in group.series:
        if tx.agenda(series.series_id) is None:
            tx.save_agenda(agendas.begun(series.series_id, now), now)


def pass_time(tx: Tx, group: Group, now: datetime) -> None:
    """Whatever has become due is said, or reported as too late."""
    for series_id in tx.agendas_due(now):
        series = group.of(series_id)
        if series is None:
            agenda = tx.agenda(series_id)
            assert agenda is not None
            tx.save_agenda(agenda, None)
        else:
            _settle(tx, _agenda(tx, series, now), series, group, now)


def _equipped(tx: Tx, series: Series) -> Series:
    """The series, with what its forum can show; before the first check as most forums can."""
    plugins = (tx.remembered(PLUGINS) or "local-dates").split()
    return replace(series, local_dates="local-dates" in plugins, events="events" in plugins)


def _settle(tx: Tx, agenda: Agenda, series: Series, group: Group, now: datetime) -> None:
    """Plan, bring the forum there, remember."""
    planned = agendas.plan(agenda, series, now)
    agenda, puts = noticeboard.due(planned.agenda, _equipped(tx, series), group.words, now)
    tx.save_agenda(agenda, planned.next_at)
    tx.add_effects((*planned.effects, *puts), now)
    _report(tx, series, [notices.step_in_words(on, lead) for on, lead in planned.missed], now)


def _report(tx: Tx, series: Series, which: list[str], now: datetime) -> None:
    if which:
        values: dict[str, Scalar] = {
            "name": series.name,
            "how_many": len(which),
            "which": "; ".join(which[:6]) + ("; ..." if len(which) > 6 else ""),
        }
        key = f"missed:{series.series_id}:{which[0].replace(' ', '-')}:{now.isoformat(timespec='seconds')}"
        tx.add_effects([Say(key=key, room=series.management_room, text="step-missed", values=values, not_after=now + WORTH_SAYING)], now)


# --- facilitators -------------------------------------------------------------------------------------------------------------------


def asked_for(effect: AnyEffect) -> SeriesId | None:
    """The series that a question of ours is for; None: it is no such question."""
    return SeriesId(str(effect.values["series"])) if isinstance(effect, Say) and effect.text in ASKING else None


def ordered(tx: Tx, group: Group, series_id: SeriesId, fact: Commanded | Voted, now: datetime) -> None:
    """A facilitator says something about the dates of a series."""
    series = group.of(series_id)
    if series is None:
        return
    agenda, effects = _step(tx, _agenda(tx, series, now), series, fact)
    tx.add_effects(effects, now)
    _settle(tx, agenda, series, group, now)


def _step(tx: Tx, agenda: Agenda, series: Series, fact: Commanded | Voted) -> arranging.Step:
    if isinstance(fact, Commanded) and fact.word == "schedule":
        return arranging.ordered(agenda, series, fact)
    about = fact.target if isinstance(fact, Voted) else fact.reply_to
    key = tx.key_of_event(about) if about is not None else None
    asked = tx.effect_of(key) if key is not None else None
    if asked is None or not isinstance(asked.effect, Say):
        return agenda, ()
    if isinstance(fact, Voted):
        return arranging.voted(agenda, series, fact, asked.effect)
    return arranging.reasoned(agenda, series, fact, asked.effect)


# --- receipts -----------------------------------------------------------------------------------------------------------------------


def sent(tx: Tx, effect: AnyEffect, fact: Sent) -> None:
    """The room heard something of ours."""
    if not isinstance(effect, Say):
        return
    tx.add_effects(arranging.offered(effect, fact), fact.at)
    _became(tx, effect, agendas.sent)


def dropped(tx: Tx, effect: AnyEffect) -> None:
    """Something of ours was no longer worth saying."""
    if isinstance(effect, Say):
        _became(tx, effect, agendas.dropped)


def missed(tx: Tx, group: Group, keys: Iterable[str], now: datetime) -> None:
    """What the outbox gave up as too late: of announcements the facilitators hear."""
    for key in keys:
        outgoing = tx.effect_of(key)
        effect = outgoing.effect if outgoing is not None else None
        step = agendas.step_of(effect) if isinstance(effect, Say) else None
        if step is None or not isinstance(effect, Say):
            continue
        _became(tx, effect, agendas.missed)
        series = group.of(SeriesId(str(effect.values["series"])))
        if series is not None:
            _report(tx, series, [notices.step_in_words(*step)], now)


def _became(tx: Tx, effect: Say, what: Callable[[Agenda, Say], Agenda]) -> None:
    if agendas.step_of(effect) is None:
        return
    agenda = tx.agenda(SeriesId(str(effect.values["series"])))
    after = what(agenda, effect) if agenda is not None else None
    if after is not None and after != agenda:
        tx.save_agenda(after, tx.agenda_due(after.series))


# --- the forum ----------------------------------------------------------------------------------------------------------------------


def document(tx: Tx, effect: Put, group: Group, now: datetime) -> tuple[Document, Publication | None] | None:
    """What a `Put` of a series' own document comes to now; None: it stands there already, or is no longer wanted."""
    series = group.of(series_of(effect.document))
    if series is None:
        return None
    agenda = _agenda(tx, series, now)
    wanted = noticeboard.claimed(agenda, _equipped(tx, series), group.words, now, effect.document)
    return None if wanted is None else (wanted, agenda.publications.get(effect.document))


def held(tx: Tx, group: Group, stands: Publication, now: datetime) -> None:
    """The forum holds a series' own document."""
    series = group.of(series_of(stands.document))
    agenda = tx.agenda(series_of(stands.document))
    if series is None or agenda is None:
        return
    agenda = replace(agenda, publications={**agenda.publications, stands.document: stands})
    _settle(tx, agenda, series, group, now)


def series_of(document: DocumentId) -> SeriesId:
    """The series that a document of its own belongs to."""
    return SeriesId(document.partition("/")[0])


# --- the calendar -------------------------------------------------------------------------------------------------------------------


def calendar(tx: Tx, group: Group, series_id: SeriesId, now: datetime) -> Feed | None:
    """What calendar programs read of a series; None: there is no such series."""
    series = group.of(series_id)
    return None if series is None else feed(series, _agenda(tx, series, now), group.words, now)
