"""Lists of topics: the latest ones, those of a category, those with a tag; the categories and the tags themselves."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from integrations.discourse.sandbox import answers, shapes
from integrations.discourse.sandbox.answers import Json
from integrations.discourse.sandbox.gate import as_json, elsewhere, staff_of, viewer_of
from integrations.discourse.sandbox.parameters import body_of, inner, number, page, texts
from integrations.discourse.sandbox.reading import Reading
from integrations.discourse.sandbox.rows import Category, Topic, User
from integrations.discourse.sandbox.tagging import Tagging

PER_PAGE = 30
_KINDS = r"{kind:latest|new|unread|top}"


class Lists:
    """One method for each call."""

    def __init__(self, reading: Reading, tagging: Tagging) -> None:
        self._reading = reading
        self._tagging = tagging

    def routes(self) -> list[web.RouteDef]:
        """The addresses of lists, categories and tags."""
        return [
            web.get(rf"/{_KINDS}.json", self.latest),
            web.get(r"/c/{id:\d+}/show.json", self.category),
            web.get("/c/{slug}/find_by_slug.json", self.category),
            web.get("/c/{parent}/{slug}/find_by_slug.json", self.category),
            web.get(r"/c/{id:\d+}.json", self.category_topics),
            web.get(r"/c/{path:[^{}]*?}/{id:\d+}.json", self.category_topics),
            web.get(rf"/c/{{path:[^{{}}]*?}}/{{id:\d+}}/l/{_KINDS}.json", self.category_topics),
            web.get(rf"/c/{{path:[^{{}}]*?}}/{{id:\d+}}/none/l/{_KINDS}.json", self.category_topics_alone),
            web.get(r"/c/{path:.+}.json", self.no_category),
            web.get("/categories.json", self.categories),
            web.get("/tags.json", self.tags),
            web.get("/tags/filter/search.json", self.found_tags),
            web.get("/tag/{name}/info.json", self.tag),
            web.get("/tag/{name}.json", self.tag_topics),
            web.get(rf"/tag/{{name}}/l/{_KINDS}.json", self.tag_topics),
            web.get(r"/tags/c/{path:[^{}]*?}/{id:\d+}/{name}.json", self.tag_topics),
            web.put("/tag/{name}.json", self.rename_tag),
            web.delete("/tag/{name}.json", self.delete_tag),
            web.get("/tag_groups.json", self.tag_groups),
            web.post("/tag_groups.json", self.create_tag_group),
            web.get(r"/tag_groups/{id:\d+}.json", self.tag_group),
            web.put(r"/tag_groups/{id:\d+}.json", self.change_tag_group),
        ]

    # --- topics -------------------------------------------------------------------------------------------------------

    async def latest(self, request: web.Request) -> web.Response:
        """The topics that were written in last; new and unread ones are for accounts."""
        viewer = viewer_of(request)
        if viewer is None and request.match_info["kind"] in ("new", "unread"):
            raise answers.not_logged_in()
        wanted = {int(each) for each in request.query.get("topic_ids", "").split(",") if each.isdecimal()}
        topics = [topic for topic in self.public(viewer, pinned_globally=True) if not wanted or topic.id in wanted]
        return as_json(self._answer(request, topics))

    async def category_topics(self, request: web.Request, *, alone: bool = False) -> web.Response:
        """A category's topics, and those of the categories below it; at another address, where they are."""
        viewer = viewer_of(request)
        category = self._reading.category(number(request, "id"), viewer)
        path = self._reading.path(category)
        asked = request.match_info.get("path", "").strip("/")
        if asked != path.rpartition("/")[0]:
            rest = request.path.partition(f"/{category.id}")[2] if asked else ".json"
            return elsewhere(request, f"/c/{path}{rest}")
        topics = self.in_category(category, viewer, alone=alone)
        return as_json(self._answer(request, topics))

    async def category_topics_alone(self, request: web.Request) -> web.Response:
        """A category's own topics only."""
        return await self.category_topics(request, alone=True)

    async def tag_topics(self, request: web.Request) -> web.Response:
        """The topics with a tag, perhaps only those of a category."""
        viewer, name = viewer_of(request), request.match_info["name"]
        tag = self._tagging.brief(name)
        category = self._reading.category(number(request, "id"), viewer) if "id" in request.match_info else None
        topics = self.in_category(category, viewer) if category else self.public(viewer)
        return as_json(self._answer(request, [topic for topic in topics if name in topic.tag_names], tags=[tag]))

    def public(self, viewer: User | None, *, pinned_globally: bool = False) -> list[Topic]:
        """The topics in somebody's lists, the last bumped one first, those pinned for the whole site before them."""
        topics = [topic for topic in self._reading.database.topics() if self._reading.is_public(topic, viewer)]
        return sorted(topics, key=lambda topic: not (topic.pinned_at and topic.pinned_globally)) if pinned_globally else topics

    def in_category(self, category: Category, viewer: User | None, *, alone: bool = False) -> list[Topic]:
        """A category's topics, the pinned ones first."""
        below = {each.id for each in self._reading.database.categories(viewer) if each.parent_id == category.id and not alone}
        topics = [topic for topic in self.public(viewer) if topic.category_id in below | {category.id}]
        return sorted(topics, key=lambda topic: topic.pinned_at is None)

    def _answer(self, request: web.Request, topics: Sequence[Topic], *, tags: list[Json] | None = None) -> Json:
        viewer, at = viewer_of(request), page(request, first=0)
        chosen = [topic for topic in topics if set(request.query.getall("tags[]", [])) <= set(topic.tag_names)]
        if request.query.get("order") in ("created", "activity"):
            field = {"created": "created_at", "activity": "bumped_at"}[request.query["order"]]
            chosen.sort(key=lambda topic: (getattr(topic, field), topic.id), reverse=request.query.get("ascending") != "true")
        shown = chosen[at * PER_PAGE : (at + 1) * PER_PAGE]
        database, modern = self._reading.database, self._reading.modern
        people = {topic.user_id: database.user(topic.user_id) for topic in shown}
        more = {"more_topics_url": f"{request.path.removesuffix('.json')}?page={at + 1}"} if len(chosen) > (at + 1) * PER_PAGE else {}
        body: Json = {
            "can_create_topic": self._reading.may_create_somewhere(viewer),
            **more,
            "per_page": PER_PAGE,
            "top_tags": sorted({tag for topic in shown for tag in topic.tag_names}),
            "topics": [shapes.listed(database, topic, modern=modern) for topic in shown],
        }
        heads = {"users": [shapes.poster(user) for user in people.values()], "primary_groups": [], "flair_groups": []} if shown else {}
        return heads | {"topic_list": body | ({"tags": tags} if tags else {})}

    # --- categories ---------------------------------------------------------------------------------------------------

    async def category(self, request: web.Request) -> web.Response:
        """A category, by number or slug."""
        viewer = viewer_of(request)
        slugs = [request.match_info[name] for name in ("parent", "slug") if name in request.match_info]
        wanted = number(request, "id") if "id" in request.match_info else "/".join(slugs)
        category = self._reading.category(wanted, viewer)
        return as_json({"category": shapes.category(self._reading.database, category, viewer, detailed=True)})

    async def no_category(self, request: web.Request) -> web.Response:
        """Every other address below `/c/` is taken for a category's, and none is of that name."""
        raise answers.not_found()

    async def categories(self, request: web.Request) -> web.Response:
        """All categories that the caller may see; those below another one only where they are asked for."""
        viewer, database = viewer_of(request), self._reading.database
        rows = database.categories(viewer)
        parent = request.query.get("parent_category_id", "")
        above = int(parent) if parent.isdecimal() else None
        with_below = request.query.get("include_subcategories") == "true"
        shown = []
        for row in rows:
            if row.parent_id == above:
                below = [shapes.category(database, each, viewer) for each in rows if each.parent_id == row.id]
                shown.append(shapes.category(database, row, viewer) | ({"subcategory_list": below} if with_below and below else {}))
        may = {"can_create_category": bool(viewer and viewer.admin), "can_create_topic": self._reading.may_create_somewhere(viewer)}
        return as_json({"category_list": may | {"categories": shown}})

    # --- tags ---------------------------------------------------------------------------------------------------------

    async def tags(self, request: web.Request) -> web.Response:
        """The tags of the site."""
        return as_json(self._tagging.listed(viewer_of(request)))

    async def found_tags(self, request: web.Request) -> web.Response:
        """Tags, as they are offered to somebody who types one."""
        query = request.query
        category = query.get("categoryId", "")
        within = self._reading.category(int(category), viewer_of(request)) if category.isdecimal() else None
        limit = int(query["limit"]) if query.get("limit", "").isdecimal() else 5
        return as_json(self._tagging.found(query.get("q", ""), limit, within), robots=False)

    async def tag(self, request: web.Request) -> web.Response:
        """One tag."""
        return as_json(self._tagging.info(request.match_info["name"]), robots=False)

    async def rename_tag(self, request: web.Request) -> web.Response:
        """Another name for a tag."""
        staff_of(request)
        new = self._tagging.rename(request.match_info["name"], str(inner(body_of(request), "tag").get("id", "")))
        return as_json({"tag": {"id": new, "description": None}})

    async def delete_tag(self, request: web.Request) -> web.Response:
        """A tag away."""
        staff_of(request)
        self._tagging.delete(request.match_info["name"])
        return as_json({"success": "OK"})

    async def tag_groups(self, request: web.Request) -> web.Response:
        """The tag groups, for the staff."""
        staff_of(request)
        return as_json(self._tagging.shown_groups())

    async def tag_group(self, request: web.Request) -> web.Response:
        """One tag group."""
        staff_of(request)
        return as_json({"tag_group": self._tagging.shown_group(number(request, "id"))})

    async def create_tag_group(self, request: web.Request) -> web.Response:
        """A new tag group."""
        return as_json({"tag_group": self._tagging.shown_group(self._kept_group(request, None))})

    async def change_tag_group(self, request: web.Request) -> web.Response:
        """A tag group with other tags."""
        return as_json({"success": "OK", "tag_group": self._tagging.shown_group(self._kept_group(request, number(request, "id")))})

    def _kept_group(self, request: web.Request, group_id: int | None) -> int:
        staff_of(request)
        body = inner(body_of(request), "tag_group")
        exclusive = str(body.get("one_per_topic", "")).lower() == "true"
        return self._tagging.keep_group(str(body.get("name")), texts(body.get("tag_names")), one_per_topic=exclusive, group_id=group_id)
