"""What we send is what the published description of Discourse's API describes; what it leaves out is written down here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, Literal

import pytest
import requests

from integrations.discourse import wire
from integrations.discourse.calls import Calls
from integrations.discourse.client import Discourse
from integrations.discourse.forum import DiscourseForum
from integrations.discourse.hook_admin import HookAdmin, Wanted
from integrations.discourse.sandbox import Sandbox
from peerplugin.core.effects import Document
from peerplugin.core.model import DocumentId
from tests.contract.compare import Leap
from tests.contract.openapi import Asked, published
from tests.contract.recordings import recording, recordings

UNDESCRIBED: dict[str, str] = {
    "*/admin/api/web_hooks*": "webhooks are not described at all",
    "GET *.rss": "feeds are for everybody's readers",
    "* /review*": "the approval queue is the forum moderators' desk",
    "PUT /admin/backups/readonly.json*": "an admin's switch",
    "GET /raw/*": "texts are for everybody's readers",
    "GET /latest": "a page",
    "GET /[ct]/*N": "a page",
    "GET /t/*/N.json": "a topic by slug and number, where redirects lead; described is the number alone",
    "GET /t/external_id/ID": "a page",
    "GET /session/current.json": "whom a key speaks for",
    "GET /site/settings.json": "what browsers are told of the settings",
    "GET /tags/filter/search.json": "what the composer asks about tags",
    "* /posts/N/revisions/*": "what a post said before, and hiding it",
    "GET /t/N* ?include_raw": "texts along with a topic",
    "GET /t/N.json ?page": "the pages of a long topic",
    "GET /groups/*/members.json ?*": "the pages of a large group",
    "POST /posts.json nested_post": "says whether a post waits for approval",
    "POST /posts.json tags": "the tags of a new topic",
    "PUT /posts/N.json post.raw_old": "the text that is to be replaced",
    "PUT /t/-/N.json *": "described is an object `topic` around these; both are understood",
    "PUT /tag_groups/N.json tag_group": "described is its inside; both are understood",
    "POST /tag_groups.json *": "described is its inside; both are understood",
    "PUT /categories/N.json *tags": "an admin's rules about a category's tags",
    # asked to see what happens
    "GET /categories.json ?include_subcategories is none of *": "a query has words, no booleans",
    "POST /posts.json external_id. is not string": "topics.create.external_id_null",
    "POST /posts.json nonce": "memo.identical_plus_unpermitted_param",
    "POST /posts.json typing_duration_msecs": "memo.identical_plus_permitted_param",
    "PUT /posts/N.json raw": "posts.update.missing_post_param",
    "PUT /posts/N.json title": "posts.update.title_in_first_post",
    "PUT /t/N/status.json enabled. is not string": "status_bool.*: a boolean does the opposite",
}
"""What the description leaves out although a real Discourse understood it."""

OURS = {
    "DELETE /admin/api/web_hooks/N.json", "GET /admin/api/web_hooks.json", "POST /admin/api/web_hooks.json",
    "GET /posts/N/revisions/latest.json", "PUT /posts/N/revisions/N/hide.json",
    "GET /session/current.json", "GET /search.json ?_",
    "GET /t/N.json ?include_raw", "GET /t/N/posts.json ?include_raw",
    "POST /posts.json nested_post", "POST /posts.json tags",
    "PUT /posts/N.json post.raw_old", "PUT /t/-/N.json tags", "PUT /t/-/N.json title",
}  # fmt: skip
"""What of our own calls is not described."""


def recorded() -> Iterator[Asked]:
    """What was asked with success."""
    for then in map(recording, recordings()):
        if then.status < 400 and not isinstance(then.sent, str) and "_form" not in (then.sent or {}):
            yield Asked(then.method, then.path, then.sent)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """Everything that leaves this process by HTTP."""
    seen: list[Asked] = []
    send = requests.Session.send

    def note(session: requests.Session, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        seen.append(Asked(request.method or "", request.path_url, json.loads(request.body) if request.body else None))
        return send(session, request, **how)

    monkeypatch.setattr(requests.Session, "send", note)
    return seen


def do_everything(sandbox: Sandbox) -> None:
    """Every call that we have, made once."""
    category = sandbox.create_category("Liver Spot", "liver-spot")
    discourse = Discourse(sandbox.url, api_key=sandbox.bot_key, username=sandbox.bot_username, clock=Leap())
    forum, calls = DiscourseForum(discourse, withdrawn_text="This text was withdrawn by the group."), Calls(discourse)
    topic = _document("topic", category, "Cool cloths helped two of us through the night.")
    published = forum.put(topic, None)
    changed = replace(topic, title="Does anything help against itching?", tags=("night",), raw=topic.raw.replace("two", "twelve " * 100))
    forum.put(replace(changed, private=True), published)
    for number in range(21):
        calls.create(wire.new_post(published.topic_id, f"Answer number {number} to the question of the night."))
    post = replace(_document("post", category, "Menthol cream was named twice."), within=published)
    forum.find(topic)
    forum.withdraw(forum.put(post, None))
    forum.withdraw(published)
    calls.whoami()
    calls.category(category)
    calls.category("liver-spot")
    calls.search("itching", anonymous=True)
    list(calls.recent())
    hooks = HookAdmin(Discourse(sandbox.url, api_key=sandbox.admin_key, username=sandbox.admin_username))
    hooks.ensure(Wanted("https://peerplugin.example.org/hooks/discourse", (category,), "a secret of thirty letters"))
    hooks.remove("https://peerplugin.example.org/hooks/discourse")


def _document(kind: Literal["topic", "post"], category: int, text: str) -> Document:
    mark = f"<!-- peerplugin:a/{kind} -->"
    return Document(
        document=DocumentId(f"a/{kind}"),
        kind=kind,
        category=category,
        title="What helps against itching at night?",
        raw=f"{text}\n\n{mark}",
        tags=("itching",),
        external_id=f"pp-a-{kind}",
        mark=mark,
    )


def test_all_that_we_send_is_described_or_known_not_to_be(asked: list[Asked]) -> None:
    description = published()
    with Sandbox() as sandbox:
        do_everything(sandbox)
    complaints = {complaint for each in asked for complaint in description.complaints(each)}
    assert {re.sub(r"(?<=/c/)[a-z-]+", "SLUG", complaint) for complaint in complaints} == OURS


def test_all_that_the_cases_send_is_described_or_known_not_to_be() -> None:
    description = published()
    complaints = {complaint for each in recorded() for complaint in description.complaints(each)}
    assert [each for each in sorted(complaints) if not any(fnmatchcase(each, pattern) for pattern in UNDESCRIBED)] == []
    assert [pattern for pattern in UNDESCRIBED if not any(fnmatchcase(each, pattern) for each in complaints)] == []


def test_a_request_that_is_not_as_described_is_found_out() -> None:
    description = published()
    wrong = Asked("POST", "/posts.json", {"title": 7, "category": "Liver Spot", "colour": "red"})
    assert list(description.complaints(wrong)) == [
        "POST /posts.json raw is required",
        "POST /posts.json title. is not string",
        "POST /posts.json category. is not integer",
        "POST /posts.json colour",
    ]
