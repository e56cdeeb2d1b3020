"""The pages that people read: categories, a category, a topic, the search. Plain HTML that works without scripts and on a phone."""

from __future__ import annotations

from datetime import datetime
from html import escape

from aiohttp import web

from integrations.discourse.sandbox import answers
from integrations.discourse.sandbox.database import Category, Topic
from integrations.discourse.sandbox.reading import Reading, blurb

_STYLE = """
:root { color-scheme: light dark; --ink: #1d1d1f; --paper: #fff; --quiet: #55585d; --link: #0b57a4; --line: #c9ccd1; --chip: #eef1f5; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececee; --paper: #17181a; --quiet: #b4b8be; --link: #8ec1ff; --line: #45484d; --chip: #2a2d31; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 46rem; padding: 0 1rem 3rem; color: var(--ink); background: var(--paper);
  font: 1.0625rem/1.6 system-ui, sans-serif; overflow-wrap: anywhere; }
a { color: var(--link); } a:focus-visible, input:focus-visible, button:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; }
header { display: flex; flex-wrap: wrap; gap: .75rem 1.5rem; align-items: center; padding: 1rem 0; border-bottom: 1px solid var(--line); }
header > a { font-weight: 700; text-decoration: none; } form { display: flex; flex: 1 1 16rem; gap: .5rem; align-items: center; }
input, button { font: inherit; padding: .45rem .7rem; border: 1px solid var(--quiet); border-radius: .4rem; background: var(--paper);
  color: inherit; min-height: 2.75rem; } input { flex: 1; min-width: 0; }
h1 { line-height: 1.25; } h2 { margin: 1.4rem 0 .2rem; font-size: 1.15rem; } .quiet { color: var(--quiet); font-size: .95rem; }
ol.list { list-style: none; padding: 0; } ol.list > li { padding: .9rem 0; border-bottom: 1px solid var(--line); } ol.list :is(h2, p) { margin: .2rem 0; } nav { margin-top: 1rem; }
.tags { display: flex; flex-wrap: wrap; gap: .4rem; padding: 0; list-style: none; }
.tags li { background: var(--chip); border-radius: .4rem; padding: .1rem .6rem; font-size: .9rem; }
article { border-top: 1px solid var(--line); padding: .8rem 0; } article img { max-width: 100%; } pre { overflow-x: auto; }
"""
TITLE = "Forum"


def _page(title: str, main: str, *, query: str = "", status: int = 200) -> web.Response:
    heading = f"{escape(title)} - {TITLE}" if title != TITLE else TITLE
    text = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{heading}</title>
<style>{_STYLE}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
<header>
<a href="/">{TITLE}</a>
<form role="search" action="/search">
<label for="q">Search</label>
<input id="q" name="q" type="search" value="{escape(query)}">
<button>Search</button>
</form>
</header>
<main id="main">
{main}
</main>
</body>
</html>
"""
    return web.Response(status=status, text=text, content_type="text/html", charset="utf-8")


def missing() -> web.Response:
    """A page for what is not there, or private."""
    return _page(
        "Page not found", "<h1>This page does not exist or is private.</h1>\n<p>The search may find what you look for.</p>", status=404
    )


class Pages:
    """One method for each page; all of them as somebody without an account sees them."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def routes(self) -> list[web.RouteDef]:
        """Every address that people open."""
        return [
            web.get("/", self.home),
            web.get("/search", self.search),
            web.get(r"/c/{id:\d+}", self.category),
            web.get(r"/c/{slug}/{id:\d+}", self.category),
            web.get(r"/t/{id:\d+}", self.topic),
            web.get(r"/t/{slug}/{id:\d+}", self.topic),
            web.get(r"/t/{slug}/{id:\d+}/{number:\d+}", self.topic),
        ]

    async def home(self, request: web.Request) -> web.Response:
        """The categories."""
        items = [
            f'<li><h2><a href="{_category_path(row)}">{escape(row.name)}</a></h2>'
            f'<p class="quiet">{_counted(len(self._reading.database.topics_in(row.id)), "topic")}</p></li>'
            for row in self._reading.database.categories(None)
        ]
        return _page(TITLE, f'<h1>Categories</h1>\n<ol class="list">{"".join(items)}</ol>')

    async def category(self, request: web.Request) -> web.Response:
        """A category's topics, newest first."""
        category = self._reading.category(int(request.match_info["id"]), None)
        if request.match_info.get("slug") != category.slug:
            return web.Response(status=301, headers={"Location": _category_path(category)})
        topics = self._reading.database.topics_in(category.id)
        items = "".join(self._listed(topic, self._reading.database.first_post(topic.id).cooked) for topic in topics)
        body = f'<ol class="list">{items}</ol>' if topics else "<p>There are no topics yet.</p>"
        return _page(category.name, f"<h1>{escape(category.name)}</h1>\n{body}")

    async def topic(self, request: web.Request) -> web.Response:
        """A topic with all its posts."""
        topic = self._reading.topic(int(request.match_info["id"]), None)
        if request.match_info.get("slug") != topic.slug:
            return web.Response(status=301, headers={"Location": _topic_path(topic)})
        category = self._reading.database.category(topic.category_id)
        if category is None:
            raise answers.not_found()
        posts = "".join(
            f'<article id="post_{post.number}">{post.cooked}'
            f'<footer class="quiet">{escape(self._reading.database.user(post.user_id).username)}, {_time(post.created_at)}</footer></article>\n'
            for post in self._reading.database.posts_of(topic.id)
        )
        trail = f'<nav aria-label="Category"><a href="{_category_path(category)}">{escape(category.name)}</a></nav>'
        return _page(topic.title, f"{trail}\n<h1>{escape(topic.title)}</h1>\n{_tags(topic)}\n{posts}")

    async def search(self, request: web.Request) -> web.Response:
        """The topics that hold all the words."""
        query = request.query.get("q", "").strip()
        hits = self._reading.search(query, None) if len(query) > 1 else []
        items = "".join(self._listed(topic, post.cooked) for topic, post in hits)
        if not query:
            return _page("Search", "<h1>Search</h1>\n<p>Write one or more words into the box above.</p>")
        outcome = f'<p role="status">{_counted(len(hits), "topic")} found.</p>\n<ol class="list">{items}</ol>'
        return _page(f"Search: {query}", f"<h1>Search: {escape(query)}</h1>\n{outcome}", query=query)

    def _listed(self, topic: Topic, cooked: str) -> str:
        return (
            f'<li><h2><a href="{_topic_path(topic)}">{escape(topic.title)}</a></h2>'
            f'<p>{escape(blurb(cooked))}</p>{_tags(topic)}<p class="quiet">{_time(topic.created_at)}</p></li>\n'
        )


def _category_path(category: Category) -> str:
    return f"/c/{category.slug}/{category.id}"


def _topic_path(topic: Topic) -> str:
    return f"/t/{topic.slug}/{topic.id}"


def _tags(topic: Topic) -> str:
    if not topic.tag_names:
        return ""
    return '<ul class="tags" aria-label="Tags">' + "".join(f"<li>{escape(tag)}</li>" for tag in topic.tag_names) + "</ul>"


def _time(stamp: str) -> str:
    at = datetime.fromisoformat(stamp)
    return f'<time datetime="{stamp}">{at.day} {at:%B %Y, %H:%M} UTC</time>'


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
