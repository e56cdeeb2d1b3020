"""The site settings that matter to us: what they are by default, and how they are read and set."""

from __future__ import annotations

import json
from typing import TypeVar

from integrations.discourse.sandbox.answers import Json
from integrations.discourse.sandbox.database import Database

Value = str | int | bool
Kind = TypeVar("Kind", str, int, bool)

DEFAULTS: dict[str, Value] = {
    "title": "Forum",
    "site_description": "",
    "contact_email": "admin@example.org",
    "default_locale": "en",
    "login_required": False,
    "allow_uncategorized_topics": True,
    "edit_history_visible_to_public": True,
    "can_permanently_delete": False,
    "enable_category_group_moderation": True,
    "min_topic_title_length": 15,
    "max_topic_title_length": 255,
    "min_post_length": 20,
    "max_post_length": 32000,
    "tagging_enabled": True,
    "max_tags_per_topic": 5,
    "max_tag_length": 20,
    "min_trust_to_create_tag": 3,
    "max_topics_per_day": 20,
    "max_edits_per_day": 30,
    "rate_limit_create_topic": 15,
    "rate_limit_create_post": 5,
    "unique_posts_mins": 5,
    "post_edit_time_limit": 1440,
    "tl2_post_edit_time_limit": 43200,
    "newuser_max_links": 2,
    "newuser_max_mentions_per_post": 2,
    "min_search_term_length": 3,
    "default_email_digest_frequency": 10080,
    "disable_digest_emails": False,
    "short_title": "",
}
"""As the recorded forum had them; a setting that is not here does not exist."""
READ_ONLY = "read_only"
"""Not a site setting of Discourse but its read-only mode, which an admin switches on under Backups."""
_SECRET = {
    "contact_email",
    "max_topics_per_day",
    "max_edits_per_day",
    "rate_limit_create_topic",
    "rate_limit_create_post",
    "unique_posts_mins",
}
"""Settings that only admins see; the others are sent to every browser."""


class SiteSettings:
    """The settings of the site, kept with everything else."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str, kind: type[Kind]) -> Kind:
        """A setting, which is of this kind."""
        return kind(self._all()[name])

    def is_on(self, name: str) -> bool:
        """Whether a switch is on."""
        return bool(self._all()[name])

    def set(self, name: str, value: Value) -> None:
        """Change a setting. A KeyError where there is none of this name: a test has misspelt it."""
        before = self._all()[name]
        new = _understood(value, type(before))
        self._database.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, json.dumps(new))

    def exists(self, name: str) -> bool:
        """Whether there is a setting of this name."""
        return name in DEFAULTS

    def public(self) -> Json:
        """What `/site/settings.json` tells everybody."""
        return {name: value for name, value in self._all().items() if name in DEFAULTS and name not in _SECRET}

    def listed(self) -> Json:
        """What `/admin/site_settings.json` tells admins."""
        now = self._all()
        return {
            "site_settings": [
                {
                    "setting": name,
                    "description": name.replace("_", " "),
                    "default": _shown(default),
                    "value": _shown(now[name]),
                    "category": "all",
                    "type": {bool: "bool", int: "integer"}.get(type(default), "string"),
                }
                for name, default in DEFAULTS.items()
            ],
            "diags": {"last_message_processed": None},
        }

    def _all(self) -> dict[str, Value]:
        kept = {row["name"]: json.loads(row["value"]) for row in self._database.rows("SELECT * FROM settings")}
        return {**DEFAULTS, READ_ONLY: False} | kept


def _understood(value: Value, kind: type[Value]) -> Value:
    """A form sends every value as text."""
    if kind is bool:
        return value.lower() in ("true", "t", "1") if isinstance(value, str) else bool(value)
    return kind(value)


def _shown(value: Value) -> str:
    """Discourse writes every value as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)
