"""What was done to the recorded forum while a webhook listened; which deliveries came of it say their names (`webhook.<action>.<event>`)."""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.contract.cases import asked, created, replied
from tests.contract.recordings import Recording, deliveries, delivery

ADMIN = "global:lab_admin"
KINDS = ("topic", "post", "ping")
"""The types of events that the sandbox tells of: the ones that we ask for, and the greeting."""


def _status(status: str, enabled: str) -> Recording:
    return asked(ADMIN, "PUT", "/t/14/status.json", {"status": status, "enabled": enabled, "until": "2027-01-01"})


def _put(path: str, sent: Any) -> Recording:
    return asked(ADMIN, "PUT", path, sent)


TOPIC = created(
    "A webhook topic about the liver", "A sufficiently long first post about the liver.", 14, 17, tags=["meeting"], external_id="hook-1"
)
REPLY = replied("A reply to the webhook topic by a second member.", 14, 18, "global:second")
DELETED = asked(ADMIN, "DELETE", "/t/14.json", None)
REPLY_DELETED = asked(ADMIN, "DELETE", "/posts/18.json", None)

ACTIONS: dict[str, list[Recording]] = {
    "topic_create": [TOPIC],
    "private_topic_create": [created("A webhook topic in private", "A sufficiently long first post for the staff.", 15, 19, category=6)],
    "reply_create": [TOPIC, REPLY],
    "post_edit_raw": [TOPIC, _put("/posts/17.json", {"post": {"raw": "The first post of the webhook topic, edited by an admin."}})],
    "reply_edit": [TOPIC, REPLY, _put("/posts/18.json", {"post": {"raw": "A reply to the webhook topic, edited by the admin now."}})],
    "reply_delete": [TOPIC, REPLY, REPLY_DELETED],
    "topic_edit_title": [TOPIC, _put("/t/-/14.json", {"title": "A webhook topic with another title"})],
    "topic_edit_tags": [TOPIC, _put("/t/-/14.json", {"tags": ["recording"]})],
    "topic_edit_category": [TOPIC, _put("/t/-/14.json", {"category_id": 7})],
    "topic_edit_title_and_raw": [
        TOPIC,
        _put("/posts/17.json", {"title": "A webhook topic retitled via its post", "post": {"raw": "And the text of the post with it."}}),
    ],
    "topic_close": [TOPIC, _status("closed", "true")],
    "topic_open": [TOPIC, _status("closed", "true"), _status("closed", "false")],
    "topic_pin": [TOPIC, _status("pinned", "true")],
    "topic_unlist": [TOPIC, _status("visible", "false")],
    "topic_relist": [TOPIC, _status("visible", "false"), _status("visible", "true")],
    "topic_delete": [TOPIC, DELETED],
    "ping": [asked(ADMIN, "POST", "/admin/api/web_hooks/1/ping.json", None)],
}
"""Steps of which the last one is told of."""


def told(action: str) -> list[str]:
    """The deliveries that an action caused, of the kinds that the sandbox knows."""
    prefix = f"webhook.{action}."
    return [name for name in deliveries() if name.startswith(prefix) and delivery(name).headers["X-Discourse-Event-Type"] in KINDS]


@cache
def fired() -> set[str]:
    """All deliveries that the sandbox has to make as well."""
    return {name for action in ACTIONS for name in told(action)}
