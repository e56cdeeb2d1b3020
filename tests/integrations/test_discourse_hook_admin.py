"""The forum's hook is made once, corrected, tried and taken away, on forums of both generations, whatever is lost on the way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import responses

from integrations.discourse import hook_admin
from integrations.discourse.client import Discourse
from integrations.discourse.hook_admin import HookAdmin, Made, Wanted
from peerplugin.errors import OutsideError

FORUM, KEY = "http://forum.example.org", "admin-key"
OURS = "https://bot.example.org/hooks/discourse"
WANTED = Wanted(OURS, (7, 8), "a-secret-of-the-hook")
RECORDED = Path(__file__).parents[1] / "contract" / "recorded"
PATH = re.compile(re.escape(FORUM) + r"/admin/api/web_hooks(?:/(?P<id>\d+)(?:/(?P<what>\w+))?)?\.json")


def recorded(name: str) -> Any:
    """A recorded exchange of an admin about webhooks."""
    return json.loads((RECORDED / f"webhook_admin.{name}.json").read_text(encoding="utf-8"))


OFFER_2022 = recorded("event_types")["response"]["body"]
OFFER_2026 = {
    "web_hooks": [],
    "extras": {
        "grouped_event_types": {
            "topic": [{"id": 101, "name": "topic_created", "group": "topic"}, {"id": 102, "name": "topic_revised"}, {"id": 103, "name": "topic_edited"},
                      {"id": 104, "name": "topic_destroyed"}, {"id": 105, "name": "topic_recovered"}],
            "post": [{"id": 201, "name": "post_created"}, {"id": 202, "name": "post_edited"}, {"id": 203, "name": "post_destroyed"},
                     {"id": 204, "name": "post_recovered"}],
            "like": [{"id": 1501, "name": "post_liked"}],
        },
        "content_types": [{"id": 1, "name": "application/json"}],
    },
}  # fmt: skip


@dataclass
class Admin:
    """An admin's webhooks on a forum that answers as the recorded one did; what was asked of it is kept."""

    offer: dict[str, Any] = field(default_factory=lambda: dict(OFFER_2022))
    hooks: dict[int, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    knock: int = 200  # what a ping is answered with
    lost: bool = False  # the reply to a create
    asked: list[str] = field(default_factory=list)
    users: set[str] = field(default_factory=set)

    def answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        found = PATH.match(request.url or "")
        assert found is not None and request.method is not None
        if request.headers["Api-Key"] != KEY:
            return self._like(recorded("list_as_bot")["response"]["status"], recorded("list_as_bot")["response"]["body"])
        self.asked.append(f"{request.method} {found['what'] or ('one' if found['id'] else 'all')}")
        self.users |= {request.headers["Api-Username"]} if "Api-Username" in request.headers else set()
        number = int(found["id"] or 0)
        match request.method, found["what"]:
            case "GET", None:
                offset = int(dict(request.params)["offset"])  # type: ignore[attr-defined]
                return self._like(200, self.offer | {"web_hooks": list(self.hooks.values())[offset : offset + 50]})
            case "POST", None:
                return self._create(json.loads(request.body or "{}")["web_hook"])
            case "PUT", None:
                return self._keep(number, json.loads(request.body or "{}")["web_hook"])
            case "DELETE", None:
                del self.hooks[number]
                return self._like(200, recorded("delete")["response"]["body"])
            case "GET", "events":
                return self._like(200, recorded("events")["response"]["body"] | {"web_hook_events": self.events})
            case "POST", "ping":
                headers = json.dumps({"X-Discourse-Event-Type": "ping"})
                if self.knock:
                    self.events = [{"id": len(self.events) + 1, "status": self.knock, "headers": headers}, *self.events]
                return self._like(200, recorded("ping")["response"]["body"])
        raise AssertionError(request.url)

    def _create(self, sent: dict[str, Any]) -> tuple[int, dict[str, str], str]:
        if not sent["payload_url"].startswith("http"):
            return self._like(422, recorded("create_bad_url")["response"]["body"])
        if len(sent["secret"]) < 12:
            return self._like(422, recorded("create_secret_too_short")["response"]["body"])
        if not sent["web_hook_event_type_ids"] and not sent["wildcard_web_hook"]:
            return self._like(422, recorded("create_no_events")["response"]["body"])
        answer = self._keep(max(self.hooks, default=0) + 1, sent)
        if self.lost:
            self.lost = False
            raise requests.ConnectionError("Connection aborted.")
        return answer

    def _keep(self, number: int, sent: dict[str, Any]) -> tuple[int, dict[str, str], str]:
        there = self.hooks.get(number, recorded("create")["response"]["body"]["web_hook"])
        offered = self.offer["extras"]
        types = [*offered.get("event_types", []), *(kind for group in offered.get("grouped_event_types", {}).values() for kind in group)]
        lists = {name: [x for x in sent[name] if x != ""] for name in ("category_ids", "tag_names", "group_ids") if name in sent}
        plain = {
            name: sent[name] for name in ("payload_url", "secret", "wildcard_web_hook", "verify_certificate", "active") if name in sent
        }
        kinds = [{"id": t["id"], "name": t["name"]} for t in types if t["id"] in sent["web_hook_event_type_ids"]]
        more = {"id": number, "content_type": int(sent["content_type"]), "web_hook_event_types": kinds}
        self.hooks[number] = there | plain | lists | more
        return self._like(200, {"web_hook": self.hooks[number]})

    def _like(self, status: int, body: object) -> tuple[int, dict[str, str], str]:
        return status, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(body)


@pytest.fixture
def admin() -> Iterator[Admin]:
    forum = Admin()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as answers:
        for method in (responses.GET, responses.POST, responses.PUT, responses.DELETE):
            answers.add_callback(method, PATH, forum.answer)
        yield forum


@pytest.fixture
def hooks(admin: Admin) -> Iterator[HookAdmin]:
    client = Discourse(FORUM, api_key=KEY)
    yield HookAdmin(client)
    client.close()


# --- made once --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offer", "kinds"), [(OFFER_2022, [1, 2]), (OFFER_2026, [101, 103, 104, 105, 201, 202, 203, 204])], ids=["2022", "2026"]
)
def test_a_hook_is_made_of_topics_and_posts_of_our_categories(
    admin: Admin, hooks: HookAdmin, offer: dict[str, Any], kinds: list[int]
) -> None:
    admin.offer = offer
    assert hooks.ensure(WANTED) == Made(1, created=True, corrected=False, doubles=0)
    (hook,) = admin.hooks.values()
    assert [kind["id"] for kind in hook["web_hook_event_types"]] == kinds
    assert (hook["payload_url"], hook["secret"], hook["category_ids"]) == (OURS, WANTED.secret, [7, 8])
    assert (hook["wildcard_web_hook"], hook["active"], hook["verify_certificate"]) == (False, True, True)


def test_a_second_time_finds_it_and_changes_nothing(admin: Admin, hooks: HookAdmin) -> None:
    hooks.ensure(WANTED)
    before = dict(admin.hooks)
    assert hooks.ensure(WANTED) == Made(1, created=False, corrected=False, doubles=0)
    assert admin.hooks == before
    assert admin.asked == ["GET all", "POST all", "GET all"]


def test_a_lost_reply_makes_no_second_hook(admin: Admin, hooks: HookAdmin) -> None:
    admin.lost = True
    with pytest.raises(OutsideError) as caught:
        hooks.ensure(WANTED)
    assert not caught.value.permanent
    assert hooks.ensure(WANTED) == Made(1, created=False, corrected=False, doubles=0)
    assert len(admin.hooks) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"active": False},
        {"wildcard_web_hook": True},
        {"verify_certificate": False},
        {"secret": "another-secret"},
        {"secret": ""},
        {"content_type": 2},
        {"category_ids": []},
        {"category_ids": [7]},
        {"tag_names": ["question"]},
        {"group_ids": [41]},
        {"web_hook_event_types": [{"id": 2, "name": "post"}]},
        {"payload_url": OURS + "/ "},
    ],
    ids=json.dumps,
)
def test_a_hook_that_somebody_changed_is_corrected(admin: Admin, hooks: HookAdmin, changed: dict[str, Any]) -> None:
    hooks.ensure(WANTED)
    right = dict(admin.hooks[1])
    admin.hooks[1] |= changed
    assert hooks.ensure(WANTED) == Made(1, created=False, corrected=True, doubles=0)
    assert admin.hooks == {1: right}


def test_another_hook_of_the_forum_is_let_be_and_second_ones_of_ours_go(admin: Admin, hooks: HookAdmin) -> None:
    for number in range(1, 61):  # more than one page of them
        admin.hooks[number] = recorded("create")["response"]["body"]["web_hook"] | {
            "id": number,
            "payload_url": f"https://else.example.org/{number}",
        }
    hooks.ensure(WANTED)
    admin.hooks[62] = admin.hooks[61] | {"id": 62}
    assert hooks.ensure(WANTED) == Made(61, created=False, corrected=False, doubles=1)
    assert sorted(admin.hooks) == list(range(1, 62))


def test_a_forum_that_does_not_show_secrets_gets_ours_each_time(admin: Admin, hooks: HookAdmin, monkeypatch: pytest.MonkeyPatch) -> None:
    like = Admin._like
    monkeypatch.setattr(Admin, "_like", lambda self, status, body: like(self, status, _without_secrets(body)))
    assert hooks.ensure(WANTED).created
    assert hooks.ensure(WANTED) == Made(1, created=False, corrected=True, doubles=0)


def _without_secrets(body: Any) -> Any:
    if isinstance(body, dict):
        return {name: _without_secrets(value) for name, value in body.items() if name != "secret"}
    return [_without_secrets(value) for value in body] if isinstance(body, list) else body


# --- refused ----------------------------------------------------------------------------------------------------------------------


def test_a_key_that_is_no_admins_is_told_so(admin: Admin) -> None:
    client = Discourse(FORUM, api_key="a moderator's")
    with pytest.raises(OutsideError, match="admins only") as caught:
        HookAdmin(client).ensure(WANTED)
    assert caught.value.kind == "rights" and caught.value.permanent
    with pytest.raises(OutsideError, match="admins only"):
        HookAdmin(client).remove(OURS)
    client.close()
    assert admin.hooks == {}


@pytest.mark.parametrize(
    ("wanted", "words"),
    [(Wanted("ftp://x", (7,), "long-enough-secret"), "URL is invalid"), (Wanted(OURS, (7,), "s3cr3t"), "Secret is too short")],
)
def test_what_the_forum_refuses_is_told_in_its_words(admin: Admin, hooks: HookAdmin, wanted: Wanted, words: str) -> None:
    with pytest.raises(OutsideError, match=words) as caught:
        hooks.ensure(wanted)
    assert caught.value.permanent and "http.public_url" in caught.value.sentence
    assert wanted.secret not in caught.value.sentence


def test_a_forum_without_hooks_for_topics_is_told(admin: Admin, hooks: HookAdmin) -> None:
    admin.offer = {"web_hooks": [], "extras": {"event_types": [{"id": 9, "name": "reviewable"}]}}
    with pytest.raises(OutsideError, match="no webhook for topics and posts"):
        hooks.ensure(WANTED)
    assert admin.hooks == {}


def test_a_forum_that_takes_the_hook_otherwise_is_told(admin: Admin, hooks: HookAdmin, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = Admin._keep
    monkeypatch.setattr(Admin, "_keep", lambda self, number, sent: keep(self, number, sent | {"active": False, "category_ids": []}))
    with pytest.raises(OutsideError, match=r"not as it was sent \(active, category_ids\)"):
        hooks.ensure(WANTED)


def test_a_secret_is_in_no_repr(hooks: HookAdmin) -> None:
    assert WANTED.secret not in repr(WANTED)


# --- tried and taken away -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("knock", "status"), [(200, 200), (403, 403), (-1, -1), (0, None)])
def test_a_ping_tells_what_the_forum_got(
    admin: Admin, hooks: HookAdmin, knock: int, status: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook_admin, "PATIENCE_S", 0.05)
    monkeypatch.setattr(hook_admin, "PAUSE_S", 0.01)
    admin.events = recorded("events")["response"]["body"]["web_hook_events"][:3]
    made = hooks.ensure(WANTED)
    admin.events = [event | {"id": 1} for event in admin.events]
    admin.knock = knock
    assert hooks.ping(made.hook_id) == status


def test_all_hooks_to_our_address_are_taken_away_and_no_other(admin: Admin, hooks: HookAdmin) -> None:
    hooks.ensure(WANTED)
    admin.hooks[2] = admin.hooks[1] | {"id": 2}
    admin.hooks[3] = admin.hooks[1] | {"id": 3, "payload_url": "https://bot.example.org/hooks/other"}
    assert hooks.remove(OURS) == 2
    assert list(admin.hooks) == [3]
    assert hooks.remove(OURS) == 0
