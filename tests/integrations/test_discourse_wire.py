"""What Discourse says is understood; what it makes of our words is foreseen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.discourse import wire
from peerplugin.core.effects import Document
from peerplugin.core.model import DocumentId
from tests.contract.recordings import recording, recordings

ERRORS = [name for name in recordings() if recording(name).status >= 400 and isinstance(recording(name).body, dict)]


def _document(title: str = "Does banding hurt?", document: str = "liver-spot/2026-10-07/t8", raw: str = "text") -> Document:
    return Document(
        document=DocumentId(document),
        kind="topic",
        category=5,
        title=title,
        raw=raw,
        tags=("liver",),
        external_id="x",
        mark="<!-- x -->",
    )


@pytest.mark.parametrize("name", ERRORS)
def test_every_recorded_error_is_understood(name: str) -> None:
    said = wire.refusal(recording(name).body)
    assert said.understood
    assert said.errors


def test_a_wait_is_read_from_the_extras() -> None:
    assert wire.refusal(recording("ratelimit.admin_api.get").body).extras.wait_seconds == 57


def test_read_only_mode_is_told_by_its_type() -> None:
    assert wire.refusal(recording("errors.readonly.create").body).error_type == "read_only"


@pytest.mark.parametrize("body", [None, "", "Slow down", 7, {}, {"errors": "no list"}, [1, 2]])
def test_what_is_no_error_of_discourse_is_not_taken_for_one(body: object) -> None:
    assert not wire.refusal(body).understood


def test_a_taken_title_and_a_taken_id_are_recognised() -> None:
    assert wire.TITLE_TAKEN in wire.refusal(recording("errors.create.title_duplicate").body).errors
    assert wire.EXTERNAL_TAKEN in wire.refusal(recording("topics.create.same_external_id_other_case").body).errors


@pytest.mark.parametrize("name", [name for name in recordings() if name.endswith(".read_back") and name.startswith("transform.title")])
def test_titles_are_foreseen_as_they_come_back(name: str) -> None:
    sent, stands = recording(name.removesuffix(".read_back")).sent["title"], recording(name).body["title"]
    assert wire.title_as_kept(sent) == stands
    assert wire.same_title(stands, sent)


NEW_TO_A_MEMBER = "transform.tags.new_tag_as_member.read_back"
"""There a right was missing, which nobody can foresee: the tag is told as dropped."""


@pytest.mark.parametrize(
    "name", [n for n in recordings() if n.endswith(".read_back") and n.startswith("transform.tags") and n != NEW_TO_A_MEMBER]
)
def test_tags_are_foreseen_as_they_come_back(name: str) -> None:
    assert set(wire.tags_as_kept(recording(name.removesuffix(".read_back")).sent["tags"])) == set(recording(name).body["tags"])


@pytest.mark.parametrize("name", [name for name in recordings() if name.endswith(".read_back") and name.startswith("transform.raw")])
def test_texts_are_foreseen_as_they_come_back(name: str) -> None:
    assert wire.raw_as_kept(recording(name.removesuffix(".read_back")).sent["raw"]) == recording(name).body["raw"]


@given(st.text())
def test_what_is_kept_once_is_kept_as_it_is(text: str) -> None:
    assert wire.raw_as_kept(wire.raw_as_kept(text)) == wire.raw_as_kept(text)
    assert wire.tag_as_kept(wire.tag_as_kept(text)) == wire.tag_as_kept(text)


def test_a_tag_may_be_a_name_or_an_object() -> None:
    topic = wire.Topic.model_validate({"id": 1, "title": "x", "tags": ["liver", {"id": 3, "name": "meeting", "slug": "meeting"}]})
    assert topic.tags == ("liver", "meeting")


def test_only_sentences_that_cannot_quote_a_post_are_told() -> None:
    told = wire.harmless(
        (
            "Title has already been used",
            "Body is limited to 32000 characters; you entered 32499.",
            "Sorry, you can't post the word 'Alma'; it's not allowed.",
            "Title can't contain 'Alma'",
        )
    )
    assert told == ("Title has already been used", "Body is limited to 32000 characters; you entered 32499.")


def test_a_fields_value_is_never_quoted_by_a_parse_error() -> None:
    with pytest.raises(ValueError) as caught:
        wire.Topic.model_validate({"id": "a canary", "title": "x"})
    assert "canary" not in str(caught.value)


def test_a_taken_title_gets_the_meetings_date() -> None:
    assert wire.titles(_document())[1] == "Does banding hurt? (2026-10-07)"


TITLE, RAW = "Does variceal banding hurt?", "- It aches for two days."


@pytest.mark.parametrize(
    ("title", "raw", "untouched"),
    [
        (TITLE, RAW, True),
        ("Does banding hurt?", RAW, True),  # half of a correction of ours
        (TITLE, "- It aches for a week.", True),
        ("Does banding hurt, Doctor?", RAW, False),
        (TITLE, RAW + "\n\nEdit: see a doctor.", False),
    ],
)
def test_what_is_neither_as_we_left_it_nor_as_we_want_it_was_written_by_a_person(title: str, raw: str, untouched: bool) -> None:
    wanted = _document(title="Does banding hurt?", raw="- It aches for a week.")
    assert wire.is_untouched(wanted, wire.kept(TITLE, RAW), title, raw) is untouched
