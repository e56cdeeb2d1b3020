"""The schedule, true in both places: a week cancelled, one moved, one with a guest, and each undone, on a real homeserver."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import requests
import vobject

from peerplugin import diary
from peerplugin.core.agenda import begun
from peerplugin.core.model import MeetingKey, Schedule
from tests.story.live import running
from tests.story.stage import Stage, wait_for
from tests.story.test_people import in_private

HOURS = 3
"""So long before the first of the three dates the story begins."""
REASONS = ("the host is ill", "the guest is late", "scans with contrast")


class Weeks:
    """A stage whose series meets in three hours, in a week and in two, all three announced a moment after the service starts."""

    def __init__(self, stage: Stage) -> None:
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        self.begins = now + timedelta(hours=HOURS)
        week, lead = 7 * 24 * 60, HOURS * 60 + 20
        schedule = Schedule(self.begins.date(), self.begins.strftime("%H:%M"), "UTC", "FREQ=WEEKLY", 75)
        leads = (2 * week + lead, week + lead, lead)
        self.stage = stage.with_series(schedule=schedule, leads=leads, zones=("America/New_York",), announcements=None)
        self.dates = [self.begins.date() + timedelta(weeks=n) for n in range(3)]
        store = stage.store()
        with store.transaction() as tx:  # the service has been running for an hour
            tx.save_agenda(replace(begun(stage.series.series_id, now), since=now - timedelta(hours=1)), now)
        store.close()

    # --- what can be seen -----------------------------------------------------------------------------------------------

    def notices(self) -> dict[str, str]:
        """What the room shows of our notices, edits applied, by the key of what was said."""
        shown: dict[str, str] = {}
        keys: dict[str, str] = {}
        for event in self.stage.events(self.stage.room):
            content: dict[str, Any] = event["content"]
            target = (
                content.get("m.relates_to", {}).get("event_id") if content.get("m.relates_to", {}).get("rel_type") == "m.replace" else None
            )
            if target in keys:
                shown[keys[target]] = content["m.new_content"]["body"]
            elif "body" in content:
                key = str(content.get("org.peerplugin.key", ""))
                keys[str(event["event_id"])] = key
                shown[key] = content["body"]
        return shown

    def told(self, on: date) -> list[str]:
        """What the announcements of a date say now."""
        return [text for key, text in self.notices().items() if key.startswith(f"tell:{on}:")]

    def page(self) -> dict[str, Any]:
        """The topic that says when the group meets, as anybody reads it; empty before there is one."""
        topics = [t for t in self.stage.topics() if t["title"].startswith("When we meet")]
        assert len(topics) <= 1, "one standing topic, edited in place"
        return dict(requests.get(f"{self.stage.sandbox.url}/t/{topics[0]['id']}.json", timeout=10).json()) if topics else {}

    def standing(self) -> str:
        """Its text."""
        return str(self.page()["post_stream"]["posts"][0]["cooked"]) if self.page() else ""

    def calendar(self) -> str:
        """What the calendar says of each date: as somebody's calendar program, which shares no code with ours, reads the file."""
        store = self.stage.store()
        with store.transaction() as tx:
            found = diary.calendar(tx, self.stage.group, self.stage.series.series_id, datetime.now(UTC))
        store.close()
        assert found is not None
        events = vobject.readOne(found.body.decode()).vevent_list
        return "\n".join(f"{e.dtstart.value:%Y-%m-%d %H:%M} {e.status.value} {e.description.value}" for e in events)

    def says(self, fact: str) -> bool:
        """Whether the room, the forum and the calendar all have it."""
        return any(fact in text for text in self.notices().values()) and fact in self.standing() and fact in self.calendar()

    # --- what is done -------------------------------------------------------------------------------------------------------

    async def order(self, room: str, line: str) -> None:
        """A facilitator says it, and means it."""
        mara, asked = self.stage.cast.mara, set(self._asked(room))
        mara.say(room, line)
        await wait_for(lambda: set(self._asked(room)) - asked, f"an answer to {line}")
        (event_id,) = set(self._asked(room)) - asked
        mara.react(room, event_id, "✅")
        await wait_for(lambda: self._is_done(room, event_id), f"{line} done")

    def _asked(self, room: str) -> dict[str, str]:
        found = ((str(e["event_id"]), str(e["content"].get("body", ""))) for e in self.stage.events(room))
        return {event_id: body for event_id, body in found if body.endswith("✅ / ❌")}

    def _is_done(self, room: str, after: str) -> bool:
        events = [(str(e["event_id"]), str(e["content"].get("body", ""))) for e in self.stage.events(room)]
        later = events[[event_id for event_id, _ in events].index(after) + 1 :]
        return any(body.startswith("Done.") for _, body in later)


async def test_a_week_cancelled_one_moved_one_with_a_guest_and_each_undone_are_the_same_in_both_places(stage: Stage) -> None:
    weeks = Weeks(stage)
    first, second, third = weeks.dates
    moved_to = second + timedelta(days=1)
    async with running(weeks.stage):
        await wait_for(lambda: all(len(weeks.told(on)) == 1 for on in weeks.dates), "three announcements")
        await wait_for(lambda: weeks.standing().count("<li>") == 4, "the standing topic")
        await weeks.order(stage.desk, f"!schedule cancel {first} {REASONS[0]}")
        await weeks.order(stage.desk, f"!schedule move {second} to {moved_to} 18:30 {REASONS[1]}")
        await weeks.order(stage.room, f"!schedule guest {third} Nurse Ida: {REASONS[2]}")
        await wait_for(lambda: all(weeks.says(reason) for reason in REASONS), "all three in both places")
        assert "cancelled" in weeks.told(first)[0]
        assert f"{moved_to:%A} {moved_to.day} {moved_to:%B}, 18:30" in weeks.told(second)[0]
        assert "With Nurse Ida" in weeks.told(third)[0]
        notices = [text for key, text in weeks.notices().items() if key.startswith("changed:")]
        assert len(notices) == 2, "the near date is told anew, and the guest; the far one is edited only"
        stage.cast.alma.say(stage.room, "!timezone Berlin")
        stage.cast.alma.say(stage.room, "!next")
        await wait_for(lambda: any("for you" in said and "Berlin" in said for said in in_private(stage)), "the next date, on her clock")
        assert any(f"{moved_to.day} {moved_to:%B}" in said for said in in_private(stage)), "not the cancelled one"
        assert f"{first} {weeks.begins:%H:%M} CANCELLED" in weeks.calendar()
        assert f"{moved_to} 18:30 CONFIRMED" in weeks.calendar()
    shown, board, calendar = weeks.notices(), weeks.standing(), weeks.calendar()
    async with running(weeks.stage):
        assert weeks.calendar() == calendar
        await weeks.order(stage.room, "!schedule undo")
        assert {k: v for k, v in weeks.notices().items() if k in shown and f":{third}:" not in k} == {
            k: v for k, v in shown.items() if f":{third}:" not in k
        }, "a restart changes nothing, and says nothing twice"
        assert REASONS[2] not in weeks.told(third)[0]
        await weeks.order(stage.desk, "!schedule undo")
        await weeks.order(stage.desk, "!schedule undo")
        await wait_for(lambda: not any(reason in weeks.standing() for reason in REASONS), "the forum has them all back")
        assert all(f"{on.day} {on:%B}, {weeks.begins:%H:%M}" in weeks.told(on)[0] for on in weeks.dates)
        assert board != weeks.standing()
        assert "CANCELLED" not in weeks.calendar() and not any(reason in weeks.calendar() for reason in REASONS)
        assert weeks.page()["pinned"]


async def test_a_guest_gets_the_members_questions_and_a_no_of_the_moderators_cancels(stage: Stage) -> None:
    weeks = Weeks(stage)
    first = weeks.dates[0]
    asked, taken_back = "How often are scans with contrast done?", "Does the needle hurt?"
    weeks.stage = weeks.stage.with_series(confirm_min=HOURS * 60 + 10)
    alma, mara = stage.cast.alma, stage.cast.mara
    async with running(weeks.stage):
        await wait_for(lambda: any("does it take place?" in said for said in stage.said(stage.desk)), "the moderators are asked")
        await weeks.order(stage.desk, f"!schedule guest {first} Nurse Ida: scans")
        direct = alma.create_room("", direct=True, invite=[stage.cast.bot])
        await wait_for(lambda: direct in stage.cast.bot.rooms(), "the service in the direct room")
        alma.say(direct, f"!ask-guest {asked}")
        gone = alma.say(direct, f"!ask-guest {taken_back}")
        await wait_for(lambda: sum("Taken down for Nurse Ida" in said for said in in_private(stage)) == 2, "both taken down")
        alma.redact(direct, gone)
        await wait_for(lambda: not _kept(stage, taken_back), "the one she took back is gone")
        assert _kept(stage, asked)
        question = next(str(e["event_id"]) for e in stage.events(stage.desk) if "does it take place?" in str(e["content"].get("body", "")))
        mara.react(stage.desk, question, "❌")
        await wait_for(lambda: _why(stage), "why not?")
        mara.say(stage.desk, "nobody to host it", reply_to=_why(stage))
        await wait_for(lambda: "cancelled: nobody to host it" in weeks.told(first)[0], "the announcement says so")
        await wait_for(lambda: weeks.says("nobody to host it"), "and the forum, and the calendar")
    assert not any(asked in said or taken_back in said for said in (*stage.said(stage.room), *stage.said(stage.desk))), (
        "nobody was told yet"
    )


def _kept(stage: Stage, text: str) -> bool:
    store = stage.store()
    with store.transaction() as tx:
        agenda = tx.agenda(stage.series.series_id)
        assert agenda is not None
        found = any(text in k.event.body for on in agenda.told for k in tx.kept(MeetingKey(f"{stage.series.series_id}/{on}")))
    store.close()
    return found


def _why(stage: Stage) -> str:
    return next((str(e["event_id"]) for e in stage.events(stage.desk) if "Answer this message" in str(e["content"].get("body", ""))), "")
