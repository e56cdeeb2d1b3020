"""A webhook's delivery is read as a real Discourse sent it; whatever else comes in is refused, and nothing of it is kept."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.discourse.hooks import LIMIT, is_worth_reading, read, sign
from peerplugin.core.hints import Delivery, Hint, Refused, Seen
from peerplugin.log import ID

RECORDED = Path(__file__).parents[1] / "contract" / "recorded"
SECRET, FORUM = "contract-webhook-secret", "http://127.0.0.1:4200"
NOW = datetime(2026, 10, 7, 19, 0, tzinfo=UTC)
CANARY = "canary-of-what-somebody-wrote"


@cache
def delivery(name: str) -> tuple[dict[str, str], bytes]:
    """A recorded delivery: headers and body."""
    request = json.loads((RECORDED / f"webhook.{name}.json").read_text(encoding="utf-8"))["request"]
    return request["headers"], request["body_raw"].encode()


NAMES = sorted(path.stem.removeprefix("webhook.") for path in RECORDED.glob("webhook.*.json"))
SIGNED = [name for name in NAMES if name != "form_content_type_no_secret.post_edited"]


def signed(body: bytes, **headers: str) -> dict[str, str]:
    """Headers as a forum sends them with a body."""
    found = {"X-Discourse-Instance": FORUM, "X-Discourse-Event-Id": "70", "X-Discourse-Event-Signature": sign(body, SECRET)}
    return found | {f"X-Discourse-{name.replace('_', '-')}": value for name, value in headers.items()}


def told(headers: dict[str, str], body: bytes) -> Delivery | Refused:
    return read(headers, body, secret=SECRET, forum=FORUM)


# --- as recorded ------------------------------------------------------------------------------------------------------------------


def test_all_recorded_deliveries_are_here() -> None:
    assert len(NAMES) == 59


@pytest.mark.parametrize("name", SIGNED)
def test_a_real_delivery_is_taken_for_the_forums_own(name: str) -> None:
    headers, body = delivery(name)
    found = told(headers, body)
    assert isinstance(found, Delivery)
    assert found.marks[0] == headers["X-Discourse-Event-Id"]


HINTS: dict[str, Hint | None] = {
    "topic_create.topic_created": Hint(14, None, "topic_created"),
    "topic_create.post_created": Hint(14, 17, "post_created"),
    "topic_edit_title_and_raw.topic_edited": Hint(14, None, "topic_edited"),  # the only word of an edit that changed the text as well
    "topic_delete.topic_destroyed": Hint(14, None, "topic_destroyed"),
    "topic_recover.topic_recovered": Hint(14, None, "topic_recovered"),
    "topic_close.topic_closed_status_updated": Hint(14, None, "topic_closed_status_updated"),
    "reply_delete.post_destroyed": Hint(14, 18, "post_destroyed"),
    "ping.ping": None,
    "like.post_liked": None,  # holds a post, and is of another kind
    "tag_create.tag_created": None,
    "user_update.user_updated": None,
    "category_create.category_created": None,
    "background.user_badge_granted": None,
    "reply_create.notification_created": None,
}


@pytest.mark.parametrize("name", HINTS)
def test_a_delivery_hints_at_its_topic_or_is_none_of_our_business(name: str) -> None:
    found = told(*delivery(name))
    assert isinstance(found, Delivery)
    assert found.hint == HINTS[name]


def test_a_delivery_without_a_secret_is_refused() -> None:
    headers, body = delivery("form_content_type_no_secret.post_edited")
    assert told(headers, body) == Refused(403, "not-signed")
    assert not is_worth_reading(headers)


# --- refused ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["topic_create.post_created", "ping.ping"])
def test_one_byte_of_another_body_or_secret_is_refused(name: str) -> None:
    headers, body = delivery(name)
    assert told(headers, body + b" ") == Refused(403, "other-secret")
    assert read(headers, body, secret=SECRET + "x", forum=FORUM) == Refused(403, "other-secret")


@pytest.mark.parametrize("signature", ["", "sha256=", "sha1=" + "0" * 40, "sha256=" + "0" * 63, "sha256=" + "é" * 64, "SHA256=" + "0" * 64])
def test_what_is_no_signature_is_refused_unread(signature: str) -> None:
    headers = signed(b"{}", Event_Signature=signature)
    assert not is_worth_reading(headers)
    assert told(headers, b"{}") == Refused(403, "not-signed")


@pytest.mark.parametrize(
    ("instance", "forum", "ours"),
    [
        ("http://forum.example.org", "https://forum.example.org", True),  # it does not know of the https in front of it
        ("https://Forum.Example.org/", "https://forum.example.org", True),
        ("https://forum.example.org:443", "https://forum.example.org", True),
        ("https://example.org/forum", "https://example.org/forum", True),
        ("https://example.org", "https://example.org/forum", False),
        ("https://other.example.org", "https://forum.example.org", False),
        ("https://forum.example.org:8443", "https://forum.example.org", False),
        ("https://forum.example.org.evil.test", "https://forum.example.org", False),
        ("http://[", "https://forum.example.org", False),
        ("", "https://forum.example.org", False),
    ],
)
def test_another_forums_delivery_is_refused(instance: str, forum: str, ours: bool) -> None:
    body = b'{"ping":"OK"}'
    found = read(signed(body, Instance=instance), body, secret=SECRET, forum=forum)
    assert isinstance(found, Delivery) if ours else found == Refused(403, "other-forum")


@pytest.mark.parametrize("number", ["", "x", "-1", "1" * 21, "١", "7 0"])
def test_a_delivery_without_a_number_is_refused(number: str) -> None:
    assert told(signed(b"{}", Event_Id=number), b"{}") == Refused(400, "no-number")


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"post"', b"{", b"\xff\xfe", b"[" * 200_000, b"1" * 5000])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    found = told(signed(body), body)
    assert isinstance(found, Refused) and found.status == 400


def test_a_body_over_the_limit_is_refused() -> None:
    body = b'{"post":{"id":1,"topic_id":2,"raw":"' + b"x" * LIMIT + b'"}}'
    assert told(signed(body), body) == Refused(413, "too-long")


@pytest.mark.parametrize(
    "topic_id", [None, "14", 0, -1, True, 14.0, 2**63, [14], {"id": 14}, CANARY], ids=lambda value: type(value).__name__ + str(value)
)
def test_what_is_no_topics_number_is_no_hint(topic_id: object) -> None:
    body = json.dumps({"post": {"id": 17, "topic_id": topic_id}, "topic": {"id": topic_id}}).encode()
    found = told(signed(body, Event="post_created"), body)
    assert isinstance(found, Delivery) and found.hint is None


# --- whatever comes ---------------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(CANARY),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["post", "topic", "id", "topic_id", "raw"]), inner, max_size=4)
    ),
    max_leaves=12,
)
TEXT = st.text(alphabet=st.characters(), max_size=30) | st.just(CANARY)  # lone surrogates too: so do odd bytes in a header look
HEADERS = st.dictionaries(
    st.sampled_from([f"X-Discourse-{name}" for name in ("Instance", "Event-Id", "Event-Type", "Event", "Event-Signature")]), TEXT
)


def harmless(found: Delivery | Refused) -> None:
    assert CANARY not in repr(found)
    if isinstance(found, Refused):
        assert ID.fullmatch(found.reason), "the log lets it through"
    if isinstance(found, Delivery) and found.hint is not None:
        assert 0 < found.hint.topic_id < 2**63
        assert found.hint.kind.replace("_", "").isascii() and len(found.hint.kind) < 50


@settings(deadline=None)
@given(HEADERS, st.binary(max_size=200))
def test_whatever_strangers_send_is_refused_and_not_repeated(headers: dict[str, str], body: bytes) -> None:
    found = told(headers, body)
    assert isinstance(found, Refused) and found.status == 403
    harmless(found)


@settings(deadline=None)
@given(JSON, HEADERS, st.booleans())
def test_whatever_the_forum_signs_becomes_a_small_value_without_a_word_of_it(said: Any, headers: dict[str, str], ours: bool) -> None:
    body = json.dumps(said).encode()
    headers = signed(body) | headers | ({"X-Discourse-Event-Signature": sign(body, SECRET)} if ours else {})
    harmless(told(headers, body))


def hints(names: list[str]) -> list[Hint]:
    """What these deliveries lead to, in this order."""
    seen, found = Seen(), []
    for name in names:
        delivered = told(*delivery(name))
        assert isinstance(delivered, Delivery)
        if not seen.knows(delivered) and delivered.hint is not None:
            found.append(delivered.hint)
        seen = seen.remembering(delivered, NOW)
    return found


@settings(deadline=None)
@given(st.permutations(SIGNED), st.lists(st.sampled_from(SIGNED), max_size=30))
def test_in_any_order_and_doubled_the_hints_are_the_same(names: list[str], again: list[str]) -> None:
    assert sorted(hints([*names, *again]), key=repr) == sorted(hints(SIGNED), key=repr)


@settings(deadline=None)
@given(st.lists(st.sampled_from(SIGNED), max_size=60))
def test_of_lost_deliveries_the_hints_are_fewer_and_no_others(names: list[str]) -> None:
    assert Counter(hints(names)) <= Counter(hints(SIGNED))
