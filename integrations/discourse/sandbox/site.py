"""What a forum tells of itself: its name, version, counts, settings."""

from __future__ import annotations

from aiohttp import web

from integrations.discourse.sandbox import shapes
from integrations.discourse.sandbox.answers import Json
from integrations.discourse.sandbox.database import Database
from integrations.discourse.sandbox.gate import as_json, as_text, viewer_of
from integrations.discourse.sandbox.settings import SiteSettings
from integrations.discourse.sandbox.tagging import Tagging


class Site:
    """One method for each call."""

    def __init__(self, database: Database, settings: SiteSettings, tagging: Tagging, *, version: str) -> None:
        self._database = database
        self._tagging = tagging
        self._settings = settings
        self._version = version

    def routes(self) -> list[web.RouteDef]:
        """The addresses that are about the forum itself."""
        return [
            web.get("/srv/status", self.status),
            web.get("/site.json", self.site),
            web.get("/site/settings.json", self.settings),
            web.get("/site/basic-info.json", self.basic_info),
            web.get("/site/statistics.json", self.statistics),
            web.get("/about.json", self.about),
            web.get("/u/{name}.json", self.user),
        ]

    async def status(self, request: web.Request) -> web.Response:
        """Whether it runs."""
        return as_text("ok")

    async def settings(self, request: web.Request) -> web.Response:
        """The settings that every browser is sent: Discourse keeps them from nobody."""
        return as_json(self._settings.public())

    async def basic_info(self, request: web.Request) -> web.Response:
        """Its name and looks."""
        get = self._settings.get
        return as_json(
            {
                "title": get("title", str),
                "description": get("site_description", str),
                "logo_url": "",
                "header_primary_color": "333333",
                "header_background_color": "ffffff",
                "login_required": self._settings.is_on("login_required"),
            }
        )

    async def statistics(self, request: web.Request) -> web.Response:
        """How much there is in it."""
        return as_json(self._counts())

    async def about(self, request: web.Request) -> web.Response:
        """Who keeps it, and its version."""
        users = self._database.users()
        about: Json = {
            "stats": self._counts(),
            "description": self._settings.get("site_description", str),
            "title": self._settings.get("title", str),
            "locale": self._settings.get("default_locale", str),
            "version": self._version,
            "https": request.scheme == "https",
            "can_see_about_stats": True,
            "contact_url": "",
            "contact_email": self._settings.get("contact_email", str),
            "moderators": [shapes.person(user) for user in users if user.moderator],
            "admins": [shapes.person(user) for user in users if user.admin],
            "category_moderators": [
                {"category_id": category.id, "moderators": [shapes.person(user) for user in users if category.moderators in user.groups]}
                for category in self._database.categories(viewer_of(request))
                if category.moderators
            ],
        }
        return as_json({"about": about})

    async def site(self, request: web.Request) -> web.Response:
        """What a browser has to know before it shows anything: among it the categories and what the caller may."""
        viewer = viewer_of(request)
        categories = self._database.categories(viewer)
        level = self._settings.get("min_trust_to_create_tag", int)
        creates = viewer is not None and (viewer.staff or viewer.trust_level >= level)
        body: Json = {
            "default_archetype": "regular",
            "post_types": {"regular": 1, "moderator_action": 2, "small_action": 3, "whisper": 4},
            "trust_levels": {"newuser": 0, "basic": 1, "member": 2, "regular": 3, "leader": 4},
            "groups": [
                {"id": row["id"], "name": row["name"]} for row in self._database.rows("SELECT id, name FROM groups WHERE visibility = 0")
            ],
            "filters": ["latest", "unread", "new", "top"],
            "uncategorized_category_id": 1,
            "can_create_tag": creates,
            "can_tag_topics": viewer is not None,
            "top_tags": self._tagging.used()[:10],
            "categories": [shapes.category(self._database, category, viewer) for category in categories],
        }
        return as_json(body)

    async def user(self, request: web.Request) -> web.Response:
        """An account, as everybody sees it."""
        user = self._database.user_named(request.match_info["name"])
        if user is None:
            raise web.HTTPNotFound
        return as_json(
            {"user_badges": [], "user": shapes.poster(user) | {"admin": bool(user.admin), "moderator": bool(user.moderator)}}, robots=False
        )

    def _counts(self) -> Json:
        topics = self._database.topics()
        counts = {
            "topic": len(topics),
            "post": sum(len(self._database.posts_of(topic.id)) for topic in topics),
            "user": len(self._database.users()),
            "like": 0,
        }
        return {f"{name}_count": count for name, count in counts.items()}
