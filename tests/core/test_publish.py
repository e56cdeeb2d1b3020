"""What the forum is asked to hold, when, and what is taken away: nothing but approved text, and removal at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from peerplugin.core import publish
from peerplugin.core.facts import Held
from peerplugin.core.model import DocumentId
from peerplugin.core.record import Verdict, index_id
from tests.core.scene import KEY, ROOM, Play, a_series, a_statement, a_summary, at, puts, texts, withdraws, words

INDEX = index_id(KEY)
T1, T2 = DocumentId(f"{KEY}/t1"), DocumentId(f"{KEY}/t2")


def two(layout: str = "topics") -> Play:
    second = a_summary(
        "t2",
        title="Is it safe to fly?",
        title_sources=(),
        statements=(a_statement("One member flew twice.", 6),),
        voices=(),
        contributors=3,
    )
    return Play(series=a_series(layout=layout)).drafted(a_summary(), second)


# --- when -------------------------------------------------------------------------------------------------------------------


def test_nothing_is_asked_of_the_forum_before_an_approval() -> None:
    assert puts(two().effects) == []


def test_an_approved_draft_is_put_after_the_grace_time() -> None:
    play = two()
    play.vote("✅")
    [put] = puts(play.effects)
    assert (put.document, put.not_before) == (T1, at(85))
    assert play.claim(put, 84) is None
    assert play.claim(put, 85) is not None
    assert (play.draft().verdict, play.draft().public) == (Verdict.PUBLISHED, True)


def test_a_put_whose_approval_was_revoked_is_dropped_and_a_new_one_asked_for_after_the_next() -> None:
    play = two()
    vote = play.vote("✅")
    play.unvote(vote)
    [first] = puts(play.effects)
    assert play.claim(first, 86) is None
    play.vote("✅", minutes=84)
    second = puts(play.effects)[-1]
    assert (second.key != first.key, second.not_before) == (True, at(89))
    assert play.claim(first, 86) is None, "the grace time of the first approval is not that of the second"
    assert play.claim(second, 89) is not None


def test_an_approval_of_another_revision_waits_its_own_time() -> None:
    play = two()
    play.vote("✅")
    play.show_cards(play.order("title 1 Is banding painful?", 81))
    play.vote("✅", minutes=83)
    assert play.deliver(87) == []
    assert play.deliver(88)[0].title == "Is banding painful?"


def test_a_meeting_without_grace_time_publishes_at_once() -> None:
    play = Play(series=a_series(publish_grace_min=0)).drafted()
    play.vote("✅")
    assert [d.document for d in play.deliver(80)] == [T1, INDEX]


# --- what -------------------------------------------------------------------------------------------------------------------


def test_a_topic_reads_as_it_should() -> None:
    play = Play().drafted(a_summary(statements=(*a_summary().statements, a_statement("mine put me on it", 5, offered=True))))
    play.vote("✅")
    doc = play.claim(puts(play.effects)[0], 85)
    assert doc is not None
    assert (doc.title, doc.tags, doc.category, doc.kind) == ("Does variceal banding hurt?", ("meeting", "procedures"), 5, "topic")
    assert (doc.external_id, doc.mark) == ("pp-liver-spot-2026-10-07-t1", "<!-- peerplugin:liver-spot/2026-10-07/t1 -->")
    assert doc.raw == (
        "*From the Liver Spot meeting of 7 October 2026. Four members contributed. Experience of patients, not medical advice: ask your own team.*\n\n"
        "## What members experienced\n\n- One member had five rounds.\n\n"
        "## What helped\n\n- Three members ate soft food for three days.\n\n"
        "## What their doctors said\n\n- One member was also given carvedilol.\n\n"
        "*Something to add? Answer here. Next meeting: Wednesday 14 October, 19:00 Los Angeles (02:00 UTC Thursday).*\nHow to join: https://example.org/join\n"
        "<!-- peerplugin:liver-spot/2026-10-07/t1 -->"
    )


def test_what_members_wrote_is_text_in_a_topic_and_in_the_index() -> None:
    loud = (a_statement("ask @hosts, see <b>www.example.org</b>", 2), a_statement("a link: https://example.org/a_b", 3, section="resource"))
    play = Play(series=a_series(name="Liver *Spot*")).drafted(a_summary(title="DOES [banding] hurt??? :smile:", statements=loud))
    play.vote("✅")
    [topic, index] = play.deliver(90)
    assert topic.title == "DOES [banding] hurt? smile"
    assert r"From the Liver \*Spot\* meeting" in topic.raw
    assert r"- ask @<!-- -->hosts, see \<b>www.<!-- -->example.<!-- -->org\</b>" in topic.raw
    assert "- a link: <https://example.org/a_b>" in topic.raw, "what is there for its address can be clicked"
    assert r"- [DOES \[banding\] hurt? smile](https://forum.example.org/t/" in index.raw
    assert index.title == "Liver *Spot*, 7 October 2026: procedures"


def test_an_index_names_what_most_of_its_topics_are_about() -> None:
    tags = (("sleep", "pain", "mood-and-fear"), ("sleep", "travel"))
    drafts = [a_summary(f"t{n}", title=f"Question number {n} of tonight?", tags=of) for n, of in enumerate(tags, 1)]
    play = Play().drafted(*drafts)
    play.vote("✅")
    play.vote("✅", 2)
    index = play.deliver(90)[-1]
    assert index.title == "Liver Spot, 7 October 2026: sleep, pain, mood and fear and more"


def test_tags_are_written_as_the_forum_keeps_them_and_the_open_question_is_never_the_one_too_many() -> None:
    many = ("Liver Spot", "c++", "Support Group")
    play = Play(series=a_series(tags=many)).drafted(a_summary(open_question=True, tags=("pain", "sleep", "travel", "open-question")))
    play.vote("✅")
    assert play.deliver(90)[0].tags == ("liver-spot", "c", "support-group", "open-question", "pain")


@pytest.mark.parametrize("title", ["a", "b" * 40 + "?", "?"])
def test_a_title_that_no_forum_takes_is_not_tried(title: str) -> None:
    play = Play().drafted(a_summary(title=title))
    play.vote("✅")
    assert play.deliver(90)[0].title == "Liver Spot: a question from the meeting of 7 October 2026"


def test_a_title_too_short_for_a_forum_gets_the_series_name_before_it() -> None:
    play = Play().drafted(a_summary(title="Snack: when?"))
    play.vote("✅")
    assert play.deliver(90)[0].title == "Liver Spot: Snack: when?"


def test_an_open_question_reads_as_one() -> None:
    play = Play().drafted(a_summary(statements=(), open_question=True, contributors=1))
    play.vote("✅")
    [topic, index] = play.deliver(90)
    assert "Asked by one member; nobody there had experience." in topic.raw
    assert "please answer here" in topic.raw
    assert "(open: can you help?)" in index.raw
    assert texts(play.effects)[-1] == "meeting-published"


def test_a_topic_whose_title_is_gone_has_a_plain_one() -> None:
    play = two()
    play.vote("✅")
    play.vote("❌", 2)
    play.deliver(90)
    play.gone(1)
    [topic, index] = play.deliver(91)
    assert topic.title == "Liver Spot: a question from the meeting of 7 October 2026"
    assert "banding" not in index.raw


def test_what_was_withdrawn_must_not_stay_readable_in_earlier_versions() -> None:
    play = two()
    play.vote("✅")
    play.vote("❌", 2)
    assert [d.private for d in play.deliver(90)] == [False, False]
    play.gone(1)
    assert [d.private for d in play.deliver(91)] == [True, True]
    play.order("redraft", 92)
    play.show_cards([])
    assert publish.document(play.record, T1, play.series, words()).private  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "one", ["a--b/2026-10-07/t1", "a-b/2026-10-07/t1", "a/2026-10-07-2/t1", "abcdefghij-klmnopqrs/2026-10-07-12/t12345"]
)
def test_external_ids_are_what_the_forum_allows_and_differ(one: str) -> None:
    others = ["a--b/2026-10-07/t2", "a-b/2026-10-07/t11", "a/2026-10-07/t1", "abcdefghij-klmnopqrs/2026-10-07-12/t12346"]
    found = [publish.external_id(DocumentId(d)) for d in (one, *others)]
    assert len(set(found)) == 5
    assert all(1 <= len(i) <= 50 and set(i) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-") for i in found)


# --- the index ----------------------------------------------------------------------------------------------------------------


def test_the_index_waits_for_its_topics_and_links_them_and_then_the_room_hears() -> None:
    play = two()
    play.vote("✅")
    play.vote("✅", 2)
    first, second = puts(play.effects)
    docs = [play.claim(first, 86), play.claim(second, 86)]
    assert docs[0] and docs[1]
    assert [p.document for p in puts(play.done(docs[0], 87))] == []
    [put] = puts(play.done(docs[1], 87))
    assert put.document == INDEX
    index = play.claim(put, 87)
    assert index is not None
    for topic in (T1, T2):
        assert f"(https://forum.example.org/t/{topic})" in index.raw
    assert "6 in the room, 4 wrote." in index.raw
    assert texts(play.done(index, 88)) == ["meeting-published"]
    assert play.record.phase == "settled"
    assert texts(play.done(index, 89)) == []


def test_a_topic_that_is_approved_later_is_added_to_the_index_and_the_room_is_not_told_twice() -> None:
    play = two()
    play.vote("✅")
    assert [d.document for d in play.deliver(144)] == [T1], "a moderator may still be at it"
    assert [d.document for d in play.deliver(145)] == [INDEX], "an hour after the last approval, and its grace time"
    play.vote("✅", 2, minutes=150)
    play.deliver(151)
    assert "fly" not in play.stands()[INDEX]
    play.deliver(155)
    assert "Is it safe to fly?" in play.stands()[INDEX]
    assert texts(play.effects).count("meeting-published") == 1


def test_a_retracted_topic_leaves_the_index_at_once_though_another_is_still_in_its_grace_time() -> None:
    play = two()
    play.vote("✅")
    play.deliver(145)
    play.vote("✅", 2, minutes=146)
    play.order("retract 1", 147)
    [index] = play.deliver(147)
    assert "banding" not in index.raw
    assert T1 not in play.record.publications
    play.deliver(152)
    assert "Is it safe to fly?" in play.stands()[INDEX]


def test_when_nothing_is_left_the_index_goes_too() -> None:
    play = two()
    play.vote("✅")
    play.deliver(90)
    play.order("retract 1", 92)
    play.deliver(92)
    assert play.record.publications == {}


def test_an_index_in_the_forums_own_queue_is_not_announced_yet() -> None:
    play = two()
    play.vote("✅")
    play.vote("❌", 2)
    put = puts(play.effects)[0]
    doc = play.claim(put, 85)
    assert doc is not None
    [index_put] = puts(play.done(doc, 85))
    index = play.claim(index_put, 85)
    assert index is not None
    assert texts(play.done(index, 86, enqueued=True)) == []
    assert publish.claimed(play.record, index_put, play.series, words(), at(90)) is not None, "it is looked at again"
    assert texts(play.done(index, 90)) == ["meeting-published"]


# --- one topic per meeting --------------------------------------------------------------------------------------------------------


def test_in_the_layout_of_posts_the_topic_comes_first_and_shows_nothing_that_is_in_its_grace_time() -> None:
    play = two("posts")
    play.vote("✅")
    play.vote("✅", 2, minutes=84)
    [index, post] = play.deliver(85)[:2]
    assert (index.document, index.kind) == (INDEX, "topic")
    assert "banding" not in index.raw
    assert (post.document, post.kind) == (T1, "post")
    assert post.within is not None
    assert post.within.document == INDEX
    assert "banding" in play.stands()[INDEX]
    assert "fly" not in play.stands()[INDEX]
    play.deliver(89)
    assert "fly" in play.stands()[INDEX]


def test_an_index_whose_first_reason_was_revoked_still_comes_with_the_second() -> None:
    play = two("posts")
    vote = play.vote("✅")
    play.vote("✅", 2, minutes=84)
    play.unvote(vote, 84)
    assert play.deliver(85) == []
    assert [d.document for d in play.deliver(89)][:2] == [INDEX, T2]


def test_a_post_waits_while_its_topic_is_in_the_forums_queue() -> None:
    play = two("posts")
    play.vote("✅")
    [put] = puts(play.effects)
    doc = play.claim(put, 85)
    assert doc is not None
    assert puts(play.done(doc, 85, enqueued=True)) == []
    assert [p.document for p in puts(play.done(doc, 86))] == [T1]


def test_a_post_whose_reply_was_lost_is_looked_for_in_its_topic() -> None:
    play = two("posts")
    play.vote("✅")
    play.deliver(85)
    lost = publish.tombstone(play.record, T1, play.series)
    assert (lost.kind, lost.within, lost.raw) == ("post", play.record.publications[INDEX], "")
    topic = publish.tombstone(play.record, INDEX, play.series)
    assert (topic.kind, topic.within) == ("topic", None)


# --- removal is immediate -----------------------------------------------------------------------------------------------------------


def test_a_redaction_while_a_put_is_in_flight_still_reaches_the_forum() -> None:
    play = two()
    play.vote("✅")
    doc = play.claim(puts(play.effects)[0], 85)
    assert doc is not None
    assert "five rounds" in doc.raw
    [correction] = puts(play.gone(2))
    assert (correction.document, correction.not_before) == (T1, None)
    play.done(doc, 86)
    corrected = play.claim(correction, 86)
    assert corrected is not None
    assert "five rounds" not in corrected.raw


def test_everything_withdrawn_while_a_put_is_in_flight_is_taken_away_though_its_reply_was_lost() -> None:
    play = two()
    play.vote("✅")
    first = puts(play.effects)[0]
    assert play.claim(first, 85) is not None
    [gone] = withdraws(play.gone(1, 2, 3, 4, 5))
    assert gone.document == T1
    assert play.claim(first, 86) is None


def test_an_index_whose_reply_was_lost_is_taken_away_as_well() -> None:
    play = two()
    play.vote("✅")
    play.vote("❌", 2)
    doc = play.claim(puts(play.effects)[0], 85)
    assert doc is not None
    [index] = puts(play.done(doc, 85))
    assert play.claim(index, 85) is not None
    effects = play.order("retract 1", 86)
    assert {w.document for w in withdraws(effects)} == {T1, INDEX}


def test_a_put_of_what_stands_already_is_dropped() -> None:
    play = two()
    play.vote("✅")
    play.deliver(90)
    assert all(play.claim(p, 95) is None for p in puts(play.effects))


def test_while_thinking_goes_on_again_a_redaction_reaches_the_forum_at_once() -> None:
    play = two()
    play.vote("✅")
    play.deliver(90)
    play.order("redraft", 91)
    assert play.record.phase == "thinking"
    assert T1 in {p.document for p in puts(play.gone(2))}


def test_a_changed_text_of_ours_corrects_what_is_public() -> None:
    play = two()
    play.vote("✅")
    play.deliver(90)
    play.series = replace(play.series, how_to_join="https://example.org/new")
    corrected = puts(play.fact(Held(at(91), play.record.publications[T1])))
    assert {p.document for p in corrected} == {T1, INDEX}


def test_what_readers_see_of_a_draft_is_never_what_is_only_offered() -> None:
    play = Play().drafted(a_summary(statements=(a_statement("raw", 2, offered=True), a_statement("worded", 3))))
    assert [s.text for s in publish.statements_shown(play.draft())] == ["worded"]
    assert play.record.room == ROOM
