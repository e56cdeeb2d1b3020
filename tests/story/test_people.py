"""What people do beside the plain story: alone with the service, opening and closing, and changing their minds about a draft."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta

from peerplugin.core.model import Schedule, SeriesId
from peerplugin.core.record import Verdict
from peerplugin.demo.homeserver import Homeserver
from peerplugin.demo.person import Person
from tests.story.live import act, approve, is_public, record, running, said_once, told
from tests.story.script import PRIVATE, SCENES, Play
from tests.story.stage import Stage, wait_for

STARTS = SCENES[0]


# --- alone with a member ------------------------------------------------------------------------------------------------------------


def in_private(stage: Stage) -> list[str]:
    """What the bot said to members alone."""
    rooms = [r for r in stage.cast.bot.rooms() if r not in (stage.room, stage.desk)]
    return [e["content"]["body"] for r in rooms for e in stage.cast.bot.messages(r)
            if e["type"] == "m.room.message" and e["sender"] == stage.cast.bot.user_id]  # fmt: skip


async def test_an_optout_by_direct_message_is_answered_there_and_the_drafts_follow(stage: Stage) -> None:
    bo, play = stage.cast.bo, Play(stage)
    async with running(stage):
        await act(play)
        card = next(iter(stage.cards().values()))
        assert "breastbone" in _body(stage, card)
        direct = bo.create_room("", direct=True, invite=[stage.cast.bot])
        await wait_for(lambda: direct in stage.cast.bot.rooms(), "the service in the direct room")
        bo.say(direct, "!optout")
        await wait_for(lambda: any("Nothing you wrote" in said for said in in_private(stage)), "the private answer")
        await wait_for(lambda: _cards_after(stage, {card}), "a new card")
        assert "breastbone" not in "".join(_body(stage, c) for c in _cards_after(stage, {card}))
        before = len(stage.said(stage.room))
        bo.say(direct, "how are you?")
        bo.say(direct, "!optuot")
        await wait_for(lambda: any("Did you mean `!optout`" in said for said in in_private(stage)), "the nearest word")
    assert len(stage.said(stage.room)) == before, "nothing of it is said in the room"
    assert not any("how are you" in said for said in in_private(stage))


def _cards_after(stage: Stage, gone: set[str]) -> set[str]:
    """The cards that stand once these are taken back."""
    there = set(stage.cards().values())
    return there if not there & gone else set()


def _body(stage: Stage, event_id: str) -> str:
    return next(str(e["content"].get("body", "")) for e in stage.events(stage.desk) if e["event_id"] == event_id)


async def test_an_invitation_into_an_encrypted_direct_room_is_answered_in_a_plain_one(stage: Stage) -> None:
    async with running(stage):
        await act(Play(stage), STARTS)
        secret = stage.cast.alma.create_room("", direct=True, encrypted=True, invite=[stage.cast.bot])
        await wait_for(lambda: any("I cannot read encrypted messages" in said for said in in_private(stage)), "the answer")
    assert secret not in stage.cast.bot.rooms()


async def test_a_stranger_gets_no_direct_room(stage: Stage, homeserver: Homeserver) -> None:
    eve = Person.arrive(homeserver, f"eve{stage.category}-{os.getpid()}")
    async with running(stage):
        await act(Play(stage), STARTS)
        direct = eve.create_room("", direct=True, invite=[stage.cast.bot])
        await asyncio.sleep(0.7)
    assert direct not in stage.cast.bot.rooms()
    eve.close()


# --- opening ----------------------------------------------------------------------------------------------------------------------


async def test_a_member_cannot_start_a_meeting_and_is_told_so_alone(stage: Stage) -> None:
    async with running(stage):
        stage.cast.alma.say(stage.room, "!startmeeting")
        await wait_for(lambda: any("is for the facilitators" in said for said in in_private(stage)), "the answer")
    assert stage.said(stage.room) == []


async def test_two_series_in_one_room_never_mix(stage: Stage) -> None:
    first = stage.series
    second = stage.with_series(series_id=SeriesId(first.series_id + "b"), name="Kidney Club").series
    both = stage.with_series()
    both.group = type(both.group)(both.group.us, (first, second), both.group.words, both.group.rules)
    mara = stage.cast.mara
    async with running(both):
        mara.say(stage.room, "!startmeeting")
        await wait_for(lambda: any("Several meetings are held in this room" in said for said in in_private(stage)), "which one?")
        mara.say(stage.room, "!startmeeting Kidney Club")
        await wait_for(lambda: any("This is Kidney Club" in said for said in stage.said(stage.room)), "the start")
        stage.cast.alma.say(stage.room, "My kidney stone hurt for two days.")
        mara.say(stage.room, "!endmeeting")
        mara.say(stage.room, "!startmeeting Liver Spot")
        await wait_for(lambda: any("This is Liver Spot" in said for said in stage.said(stage.room)), "the other's start")
        stage.cast.bo.say(stage.room, "My liver biopsy hurt for two days.")
        mara.say(stage.room, "!endmeeting")
        await wait_for(lambda: sum("⏹" in said for said in stage.said(stage.room)) == 2, "both ends")
    store = stage.store()
    with store.transaction() as tx:
        kept = {str(tx.record(key).series): [k.event.body for k in tx.kept(key) if k.left_out is None] for key in tx.record_keys()}  # type: ignore[union-attr]
    store.close()
    assert kept == {second.series_id: ["My kidney stone hurt for two days."], first.series_id: ["My liver biopsy hurt for two days."]}


async def test_the_schedule_opens_a_meeting_and_closes_it(stage: Stage) -> None:
    now = datetime.now(UTC)
    begins = now.replace(second=0, microsecond=0)  # this very minute
    schedule = Schedule(begins.date() - timedelta(days=7), begins.strftime("%H:%M"), "UTC", "FREQ=DAILY", 60)
    scheduled = stage.with_series(start_by_schedule=True, schedule=schedule)
    async with running(scheduled):
        await wait_for(lambda: any("🔴" in said for said in stage.said(stage.room)), "the start, without anybody's word")
        assert "until" in stage.said(stage.room)[0]
    assert record(stage).opened_by is None
    over = stage.with_series(start_by_schedule=True, schedule=schedule, silence_min=0)
    async with running(over):
        await wait_for(lambda: any("⏹" in said for said in stage.said(stage.room)), "the end")
    assert record(stage).closed_by in ("silence", "schedule")


# --- review -----------------------------------------------------------------------------------------------------------------------


async def test_in_the_layout_of_posts_a_meeting_is_one_topic(stage: Stage) -> None:
    posts = stage.with_series(layout="posts")
    async with running(posts):
        await act(Play(posts))
        approve(posts)
        await wait_for(lambda: is_public(posts) and "breastbone" in posts.pages(), "the publication")
        (topic,) = posts.topics()
        shown = [p for p in posts.sandbox.posts() if p["topic_id"] == topic["id"] and not p["deleted_at"]]
        assert [p["number"] for p in shown] == [1, 2]
        for word in PRIVATE:
            assert word not in posts.pages()


async def test_a_retracted_draft_leaves_the_forum(stage: Stage) -> None:
    async with running(stage):
        await act(Play(stage))
        (number,) = approve(stage)
        await wait_for(lambda: is_public(stage), "the publication")
        stage.cast.mara.say(stage.desk, f"!retract {number} its author asked for it")
        await wait_for(lambda: not stage.search("banding") and "breastbone" not in stage.pages(), "the withdrawal")
        await wait_for(lambda: told(stage, "is being taken out of the forum") == 1, "the answer")
    assert record(stage).decisions[-1].verdict is Verdict.RETRACTED


async def test_a_redraft_gives_new_numbers_and_the_old_card_no_longer_counts(stage: Stage) -> None:
    async with running(stage):
        await act(Play(stage))
        ((old, card),) = stage.cards().items()
        stage.cast.mara.say(stage.desk, "!redraft")
        await wait_for(lambda: _cards_after(stage, {card}), "a card with a new number")
        (new,) = stage.cards()
        assert new > old
        approve(stage)
        await wait_for(lambda: is_public(stage), "the publication")
    assert [(d.number, d.verdict) for d in record(stage).drafts] == [(old, Verdict.SUPERSEDED), (new, Verdict.PUBLISHED)]


GRACE = 4 / 60


async def test_an_edit_within_the_grace_time_voids_the_approval_and_asks_again(stage: Stage) -> None:
    slow, play = stage.with_series(publish_grace_min=GRACE), Play(stage)
    async with running(slow):
        await act(play)
        approve(slow)
        await wait_for(lambda: record(slow).drafts[0].verdict is Verdict.APPROVED, "the approval")
        stage.cast.bo.edit(stage.room, play.ids["ache"], "I had six rounds of banding and no ache at all.")
        await wait_for(lambda: told(slow, "Changed since it was last shown: a source was edited") == 1, "a new card")
        await asyncio.sleep(GRACE * 60)
        assert slow.topics() == []
        assert record(slow).drafts[0].verdict is Verdict.WAITING
        approve(slow)
        await wait_for(lambda: is_public(slow), "the publication of what was approved anew")
    assert "breastbone" not in slow.pages()


async def test_a_vote_taken_back_within_the_grace_time_cancels(stage: Stage) -> None:
    slow = stage.with_series(publish_grace_min=GRACE)
    async with running(slow):
        await act(Play(stage))
        ((_, vote),) = approve(slow).items()
        await wait_for(lambda: record(slow).drafts[0].verdict is Verdict.APPROVED, "the approval")
        stage.cast.mara.redact(stage.desk, vote)
        await wait_for(lambda: record(slow).drafts[0].verdict is Verdict.WAITING, "no approval")
        await asyncio.sleep(GRACE * 60)
        assert slow.topics() == []
        approve(slow)
        await wait_for(lambda: is_public(slow), "the publication after all")
    said_once(slow)
