"""What people do in the forum while the service cannot, or does not, look: nothing of theirs is lost, nothing of ours stands twice."""

from __future__ import annotations

import pytest

from peerplugin.core.model import EventId
from tests.core.scene import MARA
from tests.outage.steps import BY_A_PERSON, STEPS
from tests.outage.table import ANSWERS, CALLS, EDIT
from tests.outage.world import Evening

OURS = "One member had five rounds."


async def come_to(evening: Evening, which: str) -> None:
    """Just before a step."""
    await STEPS[which].before(evening)
    evening.begin()


def titles(evening: Evening) -> list[str]:
    return sorted(row["title"] for row in evening.sandbox.topics() if row["deleted_at"] is None)


def texts(evening: Evening) -> str:
    return "\n".join(row["raw"] for row in evening.sandbox.posts())


def redact(evening: Evening, number: int) -> None:
    evening.hand.about(MARA, "redaction", EventId(f"$m{number}"))


# --- rights -----------------------------------------------------------------------------------------------------------


async def test_rights_that_are_lost_are_told_once_and_when_they_are_given_back_the_next_hour_publishes(evening: Evening) -> None:
    await come_to(evening, "publish")
    evening.proxy.fail(ANSWERS["403"], times=None)
    for hour in range(4):
        await evening.deliver()
        assert len(evening.forum.failures) == hour + 1, "once an hour"
        evening.clock.seconds += 3600
    assert await evening.told() == (1, 0)
    assert "give it the right" in evening.service.troubles["forum"]
    evening.proxy.clear()
    await evening.settle()
    assert await evening.told() == (1, 1)
    assert len(titles(evening)) == 2


# --- edits that cross ours --------------------------------------------------------------------------------------------


async def test_an_edit_between_our_reading_and_our_writing_stays_until_a_moderator_overwrites_it(evening: Evening) -> None:
    await come_to(evening, "change")
    evening.client.crossed = CALLS["change"][0].index(EDIT) + 1
    evening.client.meanwhile = lambda: evening.edit_by_hand(BY_A_PERSON, number=1)
    await evening.deliver()
    assert [(failure.kind, failure.permanent) for failure in evening.forum.failures] == [("conflict", False)]
    await evening.wait()
    await evening.deliver()
    assert [(failure.kind, failure.permanent) for failure in evening.forum.failures[1:]] == [("conflict", True)]
    assert BY_A_PERSON in texts(evening)
    assert [line for line in await evening.hear() if "!overwrite" in line]
    evening.order("!overwrite 1")
    await evening.settle()
    assert BY_A_PERSON not in texts(evening)
    assert not evening.service.troubles
    assert len(titles(evening)) == 3


async def test_an_edit_that_crosses_an_erasure_does_not_stop_it(evening: Evening) -> None:
    await come_to(evening, "correct")
    evening.client.crossed = CALLS["correct"][0].index(EDIT) + 1
    evening.client.meanwhile = lambda: evening.edit_by_hand(f"{BY_A_PERSON} {OURS}")
    redact(evening, 2)
    await evening.settle()
    assert "conflict" in [failure.kind for failure in evening.forum.failures]
    assert OURS not in texts(evening)
    assert evening.state()[2] == 0, "nobody can read what stood there before"
    assert [line for line in await evening.hear() if "had been edited in the forum" in line]


# --- topics that are gone ---------------------------------------------------------------------------------------------


async def test_a_topic_that_the_forums_staff_deleted_is_told_and_not_made_again(evening: Evening) -> None:
    await come_to(evening, "change")
    index = evening.sandbox.topics()[1]["id"]
    evening.as_ines("DELETE", f"/t/{index}.json")
    await evening.deliver()
    assert "was deleted in the forum by somebody; restore it there, or retract the draft here." in evening.service.troubles["forum"]
    await evening.settle()
    assert len(titles(evening)) == 2, "both topics, no second index"
    evening.order("!retract 1 the forum does not want it")
    evening.order("!retract 2 the forum does not want it")
    await evening.settle()
    assert (titles(evening), evening.service.troubles) == ([], {})


async def test_an_erasure_reaches_a_topic_that_the_forums_staff_deleted(evening: Evening) -> None:
    await come_to(evening, "correct")
    evening.as_ines("DELETE", f"/t/{evening.sandbox.topics()[0]['id']}.json")
    redact(evening, 2)
    await evening.settle()
    assert OURS not in texts(evening), "the staff does not read it either"
    assert not evening.service.troubles


# --- a forum that was restored from a backup of before -----------------------------------------------------------------


@pytest.fixture
async def restored(evening: Evening) -> Evening:
    """What was published is gone, and the forum gives the same numbers again."""
    await STEPS["publish"].before(evening)
    backup = evening.keep("backup")
    await evening.settle()
    evening.hand.minute += 60
    assert len(titles(evening)) == 2
    evening.restore_forum(backup)
    evening.begin()
    assert not titles(evening)
    return evening


async def test_after_a_restored_backup_what_is_gone_is_told_and_what_is_new_is_published_once(restored: Evening) -> None:
    restored.approve(2)
    await restored.settle()
    assert titles(restored) == ["Is it safe to fly with varices?"]
    assert "was deleted in the forum" in restored.service.troubles["forum"]
    assert (await restored.told())[0] == 1


async def test_after_a_restored_backup_another_topic_of_ours_under_the_same_number_is_not_written_over(restored: Evening) -> None:
    restored.approve(2)
    await restored.settle()
    [topic] = restored.sandbox.topics()
    assert topic["id"] == restored.hand.record().publications[restored.hand.record().drafts[0].document].topic_id, "the number of the first"
    redact(restored, 2)
    await restored.settle()
    assert titles(restored) == ["Is it safe to fly with varices?"]
    assert "restored from a backup" in restored.service.troubles["erasing"]


async def test_after_a_restored_backup_a_strangers_topic_is_let_be_and_retracting_ends_the_trouble(restored: Evening) -> None:
    stranger = {
        "title": "What may one plant in November?",
        "raw": "Bulbs may still be planted, I think, if the ground is soft.",
        "category": restored.series.category,
    }
    restored.as_ines("POST", "/posts.json", stranger)
    redact(restored, 2)
    await restored.settle()
    assert "restored from a backup" in restored.service.troubles["erasing"]
    restored.order("!retract 1 it is gone")
    await restored.settle()
    assert titles(restored) == [stranger["title"]]
    assert texts(restored) == stranger["raw"]
    assert not restored.service.troubles
    assert not restored.hand.record().publications


async def test_after_a_restored_backup_a_retracted_draft_does_not_touch_a_topic_that_took_its_number(restored: Evening) -> None:
    restored.approve(2)
    await restored.settle()
    restored.order("!retract 1 it is gone")
    await restored.settle()
    assert "Is it safe to fly with varices?" in titles(restored)
