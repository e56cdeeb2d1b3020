"""Every way in which a forum can fail has a name, a sentence, and says whether asking again helps."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
import responses

import peerplugin
from integrations.discourse.client import DEFAULT_WAIT_S, Discourse
from integrations.discourse.sandbox import Fault, Sandbox
from peerplugin.errors import MistakeError, OutsideError
from tests.contract.recordings import recording
from tests.integrations.test_discourse_pace import HandClock

FORUM = "http://forum.invalid"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def discourse(sandbox: Sandbox) -> Iterator[Discourse]:
    sandbox.faults.clear()
    client = Discourse(sandbox.url, api_key=sandbox.bot_key, username=sandbox.bot_username, read_timeout_s=20)
    yield client
    client.close()


def _failure_of(name: str) -> OutsideError:
    """What becomes of a recorded answer."""
    then = recording(name)
    headers = {
        name: value for name, value in then.headers.items() if name in ("Retry-After", "Content-Type", "Discourse-Rate-Limit-Error-Code")
    }
    content_type = headers.pop("Content-Type", None)
    body = then.body if isinstance(then.body, str) else json.dumps(then.body)
    client = Discourse(FORUM, api_key="key", clock=HandClock())
    with responses.RequestsMock() as answers:
        answers.add(responses.GET, f"{FORUM}/asked.json", body=body, status=then.status, headers=headers, content_type=content_type)
        with pytest.raises(OutsideError) as caught:
            client.get("/asked.json")
    client.close()
    return caught.value


RECORDED = [
    ("auth.session_current.anon", "rights", True),
    ("auth.session_current.wrong_key", "rights", True),
    ("auth.no_key.post_posts", "rights", True),
    ("errors.create.category_forbidden_bot", "rights", True),
    ("topics.show.missing_anon", "missing", True),
    ("posts.update.raw_old_conflict", "conflict", False),
    ("errors.create.title_duplicate", "invalid", True),
    ("errors.create.category_unknown_id", "invalid", True),
    ("site.malformed_json_body", "invalid", True),
    ("errors.readonly.create", "read_only", False),
    ("transform.tags.comma_string", "server", False),
    ("ratelimit.admin_api.get", "rate_limited", False),
    ("ratelimit.per_ip.10s", "rate_limited", False),
]


@pytest.mark.parametrize(("name", "kind", "permanent"), RECORDED)
def test_a_recorded_refusal_has_its_name(name: str, kind: str, permanent: bool) -> None:
    failure = _failure_of(name)
    assert (failure.kind, failure.permanent) == (kind, permanent)
    assert failure.sentence.endswith(".")


def test_the_wait_is_the_forums_own_and_a_second_more() -> None:
    assert _failure_of("ratelimit.admin_api.get").retry_after_s == 58


@pytest.mark.parametrize(
    ("name", "calls"), [("ratelimit.admin_api.get", 2), ("ratelimit.per_ip.10s", 2), ("ratelimit.create_topic.second_within_15s", 1)]
)
def test_only_a_limit_that_the_next_call_would_meet_as_well_is_waited_for_on_the_spot(name: str, calls: int) -> None:
    then, clock = recording(name), HandClock()
    headers = {name: value for name, value in then.headers.items() if name in ("Retry-After", "Discourse-Rate-Limit-Error-Code")}
    body = then.body if isinstance(then.body, str) else json.dumps(then.body)
    client = Discourse(FORUM, api_key="key", clock=clock)
    with responses.RequestsMock() as answers:
        answers.add(responses.GET, f"{FORUM}/asked.json", body=body, status=429, headers=headers)
        answers.add(responses.GET, f"{FORUM}/asked.json", json={"mended": True})
        if calls == 1:
            answers.assert_all_requests_are_fired = False
            with pytest.raises(OutsideError):
                client.get("/asked.json")
        else:
            assert client.get("/asked.json").body == {"mended": True}
        assert len(answers.calls) == calls
    client.close()
    assert len(clock.waits) == calls - 1


def test_without_extras_the_wait_is_that_of_the_header() -> None:
    assert _failure_of("ratelimit.per_ip.10s").retry_after_s == 11


def test_without_any_figure_the_wait_is_a_minute(sandbox: Sandbox, discourse: Discourse) -> None:
    sandbox.faults.at(1, Fault("status", 429, body="Slow down"))
    with pytest.raises(OutsideError) as caught:
        discourse.get("/session/current.json")
    assert caught.value.retry_after_s == DEFAULT_WAIT_S


BROKEN = [
    (Fault("slow"), "slow"),
    (Fault("cut"), "cut"),
    (Fault("refuse"), "cut"),
    (Fault("lost_reply"), "cut"),
    (Fault("html"), "not_json"),
    (Fault("status", 404, body="<html></html>", headers={"Content-Type": "text/html"}), "not_json"),
    (Fault("status", 502), "server"),
    (Fault("status", 500), "server"),
]


@pytest.mark.parametrize(("fault", "kind"), BROKEN)
def test_a_broken_answer_may_be_asked_for_again(fault: Fault, kind: str, sandbox: Sandbox, discourse: Discourse) -> None:
    impatient = Discourse(sandbox.url, api_key=sandbox.bot_key, read_timeout_s=0.2 if kind == "slow" else 20)
    sandbox.faults.at(1, fault)
    with pytest.raises(OutsideError) as caught:
        impatient.get("/session/current.json")
    impatient.close()
    assert (caught.value.kind, caught.value.permanent) == (kind, False)
    assert discourse.get("/session/current.json").body


def test_a_forum_that_is_down_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers, and nobody else gets the port
        client = Discourse(f"http://127.0.0.1:{taken.getsockname()[1]}", api_key="key")
        with pytest.raises(OutsideError, match="Nothing answers") as caught:
            client.get("/session/current.json")
        client.close()
    assert (caught.value.kind, caught.value.permanent) == ("refused", False)


def test_a_name_that_nobody_knows_is_said_to_be_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    client = Discourse(FORUM, api_key="key")
    with pytest.raises(OutsideError, match=r"name .* is not known") as caught:
        client.get("/session/current.json")
    client.close()
    assert caught.value.kind == "refused"


def test_a_redirect_is_not_followed_with_the_key() -> None:
    client = Discourse(FORUM, api_key="key")
    with responses.RequestsMock() as answers:
        answers.add(responses.GET, f"{FORUM}/session/current.json", status=301, headers={"Location": "https://elsewhere.invalid/"})
        with pytest.raises(OutsideError, match="elsewhere") as caught:
            client.get("/session/current.json")
        assert len(answers.calls) == 1
    client.close()
    assert caught.value.permanent


def test_an_anonymous_read_carries_no_key_and_every_call_says_who_we_are() -> None:
    client = Discourse(FORUM, api_key="key", username="bridge_bot")
    with responses.RequestsMock() as answers:
        answers.add(responses.GET, f"{FORUM}/about.json", json={}, headers={"Set-Cookie": "_forum_session=kept; Path=/"})
        client.get("/about.json")
        client.get("/about.json", anonymous=True)
        named, anonymous = (call.request.headers for call in answers.calls)
    client.close()
    assert (named["Api-Key"], named["Api-Username"]) == ("key", "bridge_bot")
    assert not {"Api-Key", "Api-Username", "Cookie"} & set(anonymous)
    assert anonymous["User-Agent"] == f"peerplugin/{peerplugin.__version__}"


def test_a_key_is_never_shown() -> None:
    assert "secret-key" not in repr(Discourse(FORUM, api_key="secret-key"))


def test_an_address_without_a_scheme_is_a_mistake() -> None:
    with pytest.raises(MistakeError, match="https://"):
        Discourse("forum.example.org", api_key="key")


def test_a_proxy_is_asked_for_the_world_but_not_for_this_machine(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # discard: nobody listens
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    here, there = Discourse(sandbox.url, api_key=sandbox.bot_key), Discourse(FORUM, api_key="key")
    assert here.get("/session/current.json").body
    with pytest.raises(OutsideError, match="proxy") as caught:
        there.get("/session/current.json")
    here.close()
    there.close()
    assert caught.value.kind == "refused"
