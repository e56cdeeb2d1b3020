"""The sandbox answers as a real Discourse did: the same questions, put to both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from integrations.discourse import wire
from integrations.discourse.sandbox import Fault, Sandbox
from tests.contract.recordings import Recording, Replay, recording, recordings

FULL = ["topics.create.full"]
REVISED = ["revisions.setup.create", "revisions.setup.edit_by_other"]
HIDDEN = [*REVISED, "revisions.hide_as_admin"]
PRIVATE = ["move.create_in_private"]
DELETED = [*FULL, "topics.delete.ok"]
BLANKED = [*FULL, "posts.delete.own_reply_create", "posts.delete.own_reply_as_author"]
MEMO = ["memo.create", "memo.delete"]

BEFORE: dict[str, list[str]] = {
    "topics.create.identical_repeat_within_120s": FULL,
    "topics.create.same_external_id": FULL,
    "topics.create.same_external_id_other_case": FULL,
    "topics.show.anon": FULL,
    "topics.show.include_raw": FULL,
    "topics.show.dash_slug": FULL,
    "topics.external_id.get_anon": FULL,
    "topics.external_id.get_other_case": FULL,
    "topics.posts.by_ids_include_raw": FULL,
    "topics.update.title": FULL,
    "topics.update.title_too_short": FULL,
    "topics.update.tags_empty_json_array": [*FULL, "topics.update.title"],
    "topics.update.without_slug_segment": FULL,
    "topics.delete.ok": FULL,
    "topics.delete.again": DELETED,
    "topics.delete.show_admin": DELETED,
    "topics.delete.show_anon": DELETED,
    "topics.delete.external_id_lookup_admin": DELETED,
    "topics.delete.external_id_reuse": DELETED,
    "topics.delete.reply_to_deleted": DELETED,
    "topics.delete.update_post_of_deleted": DELETED,
    "topics.delete.update_title_of_deleted": DELETED,
    "posts.show.anon": FULL,
    "posts.update.raw": FULL,
    "posts.update.raw_old_conflict": FULL,
    "posts.update.raw_old_match": [*FULL, "posts.update.raw"],
    "posts.update.too_short": FULL,
    "posts.update.other_users_post_as_member": [*FULL, "posts.reply.create"],
    "posts.reply.create": FULL,
    "posts.delete.first_post": FULL,
    "posts.delete.own_reply_as_author": [*FULL, "posts.delete.own_reply_create"],
    "posts.delete.own_reply_create": FULL,
    "posts.delete.own_reply_after": BLANKED,
    "posts.latest.anon": FULL,
    "revisions.setup.edit_by_other": ["revisions.setup.create"],
    "revisions.public.none_yet": ["revisions.setup.create"],
    "revisions.public.latest_anon": REVISED,
    "revisions.public.missing_number": REVISED,
    "revisions.hide_as_admin": REVISED,
    "revisions.hide_as_bot": REVISED,
    "revisions.hidden.by_number_anon": HIDDEN,
    "revisions.hidden.latest_anon": HIDDEN,
    "revisions.hidden.latest_admin": HIDDEN,
    "move.private.show_anon": PRIVATE,
    "move.private.post_anon": PRIVATE,
    "move.private.external_id_anon": PRIVATE,
    "move.private_again.posts_json_anon": PRIVATE,
    "memo.delete": ["memo.create"],
    "memo.identical_create_after_delete": MEMO,
    "memo.identical_plus_permitted_param": MEMO,
    "errors.create.title_duplicate": ["errors.create.dup_base"],
    "errors.create.title_duplicate_other_case_and_category": ["errors.create.dup_base"],
    "search.full.new_topic": FULL,
    "plainbot.delete_own_topic": [],
} | {name: [name.removesuffix(".read_back")] for name in recordings() if name.endswith(".read_back")}

FAULTS = {
    "errors.readonly.create": Fault("status", 503),
    "ratelimit.admin_api.get": Fault("status", 429),
    "ratelimit.create_topic.second_within_15s": Fault("status", 429),
}
"""Answers that the sandbox gives when a test asks for them."""

NOT_OURS = {"ratelimit.per_ip.10s", "ratelimit.search_user"}
"""Answers that only the client is held to (tests/integrations)."""

MODELS: list[tuple[str, type[BaseModel]]] = [
    (r"GET /session/current", wire.Session),
    (r"POST /posts.json .*nested", wire.Created),
    (r"POST /posts.json", wire.Post),
    (r"GET /posts/\d+/revisions", wire.Revisions),
    (r"GET /posts/\d+\.json", wire.Post),
    (r"PUT /posts/\d+\.json", wire.Edited),
    (r"GET /posts.json", wire.LatestPosts),
    (r"GET /t/\d+/posts", wire.PostPage),
    (r"GET /t/\d+\.json", wire.Topic),
    (r"PUT /t/", wire.Retitled),
    (r"GET /c/", wire.CategoryAnswer),
    (r"GET /search", wire.Found),
]

CASES = [name for name in recordings() if name not in NOT_OURS]


@pytest.fixture
def replay() -> Iterator[Replay]:
    with Sandbox(bot_moderator=False) as sandbox:
        yield Replay(sandbox)


@pytest.mark.parametrize("name", CASES)
def test_the_sandbox_answers_as_discourse_did(name: str, replay: Replay) -> None:
    for earlier in BEFORE.get(name, []):
        assert replay.ask(earlier).status_code == recording(earlier).status, earlier
    if name in FAULTS:
        replay.sandbox.faults.at(1, FAULTS[name])
    answer, then = replay.ask(name), recording(name)
    assert answer.status_code == then.status
    assert answer.headers.get("Content-Type", "").split(";")[0] == then.media_type
    if name not in FAULTS:
        assert answer.headers.get("X-Discourse-Username") == then.headers.get("X-Discourse-Username")
    if then.status in (301, 302):
        assert _without_host(answer.headers["Location"], replay) == re.sub(r"https?://[^/]+", "", then.headers["Location"])
    elif then.media_type == "application/json":
        _compare(answer.json(), then)
    else:
        assert answer.text == (then.body or "") or then.media_type == "text/plain"


def _without_host(location: str, replay: Replay) -> str:
    """The path, with the numbers of then."""
    old = {new: then for then, new in replay.topics.items()}
    path = re.sub(r"https?://[^/]+", "", location)
    return re.sub(r"/(\d+)\.json", lambda match: f"/{old[int(match[1])]}.json", path)


def _compare(now: Any, then: Recording) -> None:
    if then.status >= 400 or not isinstance(then.body, dict):
        assert _error(now) == _error(then.body)
        return
    model = _model_of(then)
    if model is not None:
        assert _shape(now, model) == _shape(then.body, model)
        model.model_validate(now)
        model.model_validate(then.body)
    if then.name.endswith((".read_back", ".update.raw")):
        for path in ("title", "tags", "raw"):
            assert _kept(now, path) == _kept(then.body, path)


def _model_of(then: Recording) -> type[BaseModel] | None:
    line = f"{then.method} {then.path} {'nested' if isinstance(then.sent, dict) and 'nested_post' in then.sent else ''}"
    return next((model for pattern, model in MODELS if re.match(pattern, line)), None)


def _error(body: Any) -> Any:
    """What an error says, whatever the seconds in it."""
    if not isinstance(body, dict):
        return body
    said = {name: body.get(name) for name in ("action", "error_type", "error")}
    errors = [re.sub(r"\d+", "N", error) for error in body.get("errors", [])]
    # Who is asked to wait for what differs from limit to limit.
    return said | {"errors": len(errors) if body.get("error_type") == "rate_limit" else errors}


def _kept(body: Any, name: str) -> Any:
    value = body.get(name) if name in body else body.get("post", {}).get(name)
    return set(value) if isinstance(value, list) else value


def _shape(body: Any, model: type[BaseModel]) -> Any:
    """Of the fields that we read: which are there, and what kind of value each holds."""
    if not isinstance(body, dict):
        return type(body).__name__
    return {name: _kind(body[name], field.annotation) for name, field in model.model_fields.items() if name in body}


def _kind(value: Any, annotation: Any) -> Any:
    inner = _model_in(annotation)
    if isinstance(value, list):
        return [_shape(value[0], inner) if inner else type(value[0]).__name__] if value else []
    if inner is not None and value is not None:
        return _shape(value, inner)
    return type(value).__name__


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation if issubclass(annotation, BaseModel) else None
    return next((found for found in map(_model_in, get_args(annotation)) if found), None)


def test_every_case_that_waits_for_others_is_recorded() -> None:
    assert set(BEFORE) | set(FAULTS) | NOT_OURS <= set(recordings())
