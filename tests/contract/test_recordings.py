"""What a real Discourse answered is read by our client and our models as we say it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from peerplugin.errors import OutsideError
from tests.contract import compare
from tests.contract.recordings import Recording, recording, recordings

KINDS = {
    301: "not_json", 302: "not_json", 400: "invalid", 403: "rights", 404: "missing", 409: "conflict", 422: "invalid",
    429: "rate_limited, wait", 500: "server", 503: "read_only",
}  # fmt: skip
JSON = [name for name in recordings() if ".json" in recording(name).path]


def kind(then: Recording) -> str:
    """What our client has to make of an answer."""
    if then.status == 301 and "/t/external_id/" in then.path:
        return "good"  # where it leads is what we want to know
    if then.status == 404 and then.body == "":
        return "rights"  # so Discourse answers /session/current.json without a key
    return KINDS.get(then.status, "good")


@pytest.mark.parametrize("name", JSON)
def test_our_client_reads_the_recorded_answer_as_we_say(name: str) -> None:
    assert compare.reading(recording(name), recording(name).answer()) == kind(recording(name))


READ = [name for name in JSON if compare.model_of(recording(name)) and recording(name).status == 200 and recording(name).body is not None]


@pytest.mark.parametrize("name", READ)
def test_our_models_read_what_is_recorded(name: str) -> None:
    model = compare.model_of(recording(name))
    assert model is not None
    assert list(unread(model.model_validate(recording(name).body), recording(name).body)) == []


def unread(read: object, body: object) -> Iterator[tuple[object, object]]:
    """Where a model does not hold what the body says."""
    if isinstance(read, BaseModel) and isinstance(body, dict):
        for name in type(read).model_fields.keys() & body.keys():
            yield from unread(getattr(read, name), body[name])
    elif isinstance(read, tuple) and isinstance(body, list):
        for one, other in zip(read, body, strict=True):
            yield from unread(one, other)
    elif isinstance(read, dict) and isinstance(body, dict):
        for name in read.keys() | body.keys():
            yield from unread(read.get(name), body.get(name))
    elif read != body:
        yield read, body


@pytest.mark.parametrize("name", [name for name in JSON if recording(name).status == 429])
def test_the_wait_is_the_one_the_forum_asks_for(name: str) -> None:
    then = recording(name)
    with compare.serving(then, then.answer()) as client, pytest.raises(OutsideError) as caught:
        compare.ask(client, then)
    wait = then.body["extras"]["wait_seconds"] if isinstance(then.body, dict) else int(then.headers["Retry-After"])
    assert caught.value.retry_after_s is not None
    assert caught.value.retry_after_s >= wait


def test_every_kind_of_trouble_was_recorded() -> None:
    assert {recording(name).status for name in JSON} >= set(KINDS) - {302}
