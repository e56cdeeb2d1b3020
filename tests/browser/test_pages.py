"""The forum's pages in a real browser: axe finds nothing, a phone shows all of them whole, no script and no mouse is needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser import chromium
from tests.browser.evening import BUSY, CLOSED, POSTS, SIGNS, UNLISTED, Evening, add_corners, evening

DESK, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=360, height=740)
AXE = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
"""All its rules, and WCAG 2.2's that what is tapped has 24 pixels, which it leaves off."""
PAGES: dict[str, Callable[[Evening], str]] = {
    "home": lambda _: "/",
    "category": lambda forum: f"/c/ms-saturday-adda/{forum.category}",
    "empty category": lambda _: "/c/uncategorized/1",
    "tag": lambda _: "/tag/meeting",
    "topic": lambda forum: forum.address("brain fog"),
    "every kind of markup": lambda forum: forum.address(SIGNS),
    "a page in the middle": lambda forum: f"{forum.address(BUSY)}?page=2",
    "closed topic": lambda forum: forum.address(CLOSED),
    "search with hits": lambda _: "/search?q=hospital",
    "search without": lambda _: "/search?q=nothing-of-that-kind",
    "empty search": lambda _: "/search",
    "missing page": lambda _: "/t/nothing/999999",
}


@pytest.fixture(scope="module")
def forum() -> Iterator[Evening]:
    """A forum after a meeting, and its corners."""
    with evening() as filled:
        add_corners(filled)
        yield filled


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this file; not longer, because a loop of Playwright's runs in this thread while it is open."""
    with chromium.running() as opened:
        yield opened


@pytest.fixture(scope="module")
def tab(browser: Browser, forum: Evening) -> Page:
    """A reader's tab, opened once."""
    opened = browser.new_page(base_url=forum.sandbox.url, locale="en", timezone_id="UTC")
    opened.set_default_timeout(10_000)
    return opened


@pytest.fixture
def page(tab: Page) -> Page:
    """The tab, at a desk and by day."""
    tab.set_viewport_size(DESK)
    tab.emulate_media(color_scheme="light")
    return tab


def faults(page: Page) -> list[str]:
    """What axe finds, all of it: `image-alt (critical): <img src=...>`."""
    found: list[dict[str, Any]] = Axe().run(page, options=AXE).response["violations"]
    return [f"{rule['id']} ({rule['impact']}): {node['html']}" for rule in found for node in rule["nodes"]]


def overhang(page: Page) -> int:
    """How many pixels a page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


# --- axe, and the width of a phone --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PAGES)
def test_axe_finds_nothing_and_nothing_hangs_over_the_edge(page: Page, forum: Evening, kind: str) -> None:
    page.goto(PAGES[kind](forum))
    assert faults(page) == [], "light, at a desk"
    assert overhang(page) == 0, "at a desk"
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    assert faults(page) == [], "dark, on a phone"
    assert overhang(page) == 0, "on a phone"


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("<img src='data:,'>", "image-alt (critical)"),
        ("<p style='color: #aaa; background: #fff'>pale words</p>", "color-contrast (serious)"),
        ("<a href='/'></a>", "link-name (serious)"),
    ],
)
def test_axe_finds_a_fault_that_is_put_into_a_page(page: Page, forum: Evening, fault: str, rule: str) -> None:
    page.goto(PAGES["topic"](forum))
    page.evaluate("fault => document.querySelector('article').insertAdjacentHTML('beforeend', fault)", fault)
    assert [found for found in faults(page) if found.startswith(rule)]


def test_what_is_too_wide_for_a_phone_is_seen_to_hang_over(page: Page, forum: Evening) -> None:
    page.set_viewport_size(PHONE)
    page.goto(PAGES["topic"](forum))
    page.evaluate("document.querySelector('article').insertAdjacentHTML('beforeend', '<div style=\"width: 500px\">wide</div>')")
    assert overhang(page) > 0


# --- without scripts, without a mouse -----------------------------------------------------------------------------------------


def test_a_reader_without_scripts_finds_a_topic_by_its_category_by_a_tag_and_by_the_search(browser: Browser, forum: Evening) -> None:
    context = browser.new_context(base_url=forum.sandbox.url, java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="MS Saturday Adda", exact=True).click()
    page.get_by_role("link", name="brain fog").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("brain fog")
    page.get_by_role("link", name="meeting", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Topics tagged meeting")
    page.get_by_label("Search").fill("camera off")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("1 topic found")
    page.get_by_role("link", name="brain fog").click()
    expect(page.get_by_role("article", name="Post 3 by bo")).to_be_in_viewport()
    context.close()


def test_the_search_stays_in_the_category_that_was_chosen(page: Page) -> None:
    page.goto("/search?q=hello")
    page.get_by_label("Category").select_option(label="in MS Saturday Adda")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("status")).to_contain_text("Nothing found for “hello”")
    page.get_by_label("Category").select_option(label="in Everything else")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", level=2)).to_have_text([BUSY])


def test_a_search_marks_the_words_and_shows_what_stands_around_them(page: Page) -> None:
    page.goto("/search?q=HOSPITAL <b>")
    expect(page.get_by_role("status")).to_contain_text("Nothing found for “HOSPITAL <b>”")
    page.goto("/search?q='HOSPITAL' evening")
    expect(page.get_by_role("listitem").filter(has_text="brain fog").locator("mark")).to_have_text(["hospital", "evening"])
    page.goto("/search?q=hospital")
    expect(page.get_by_role("heading", name="Which hospital").locator("mark")).to_have_text("hospital")


def test_the_first_press_of_tab_offers_to_skip_what_is_the_same_on_every_page(page: Page, forum: Evening) -> None:
    page.goto(PAGES["topic"](forum))
    skip = page.get_by_role("link", name="Skip to the text")
    expect(skip).not_to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.parametrize("kind", ["every kind of markup", "search with hits"])
def test_whoever_uses_the_keyboard_reaches_everything_and_sees_where_they_are(page: Page, forum: Evening, kind: str) -> None:
    page.goto(PAGES[kind](forum))
    wanted = page.locator("a[href], button, input, select, summary, [tabindex='0']").count()
    for number in range(wanted):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            "(e => [e.tagName, getComputedStyle(e).outlineStyle, getComputedStyle(e).outlineWidth])(document.activeElement)"
        )
        assert seen[1:] == ["solid", "3px"], f"{kind}: stop {number + 1}, {seen[0]}"


# --- what is shown ------------------------------------------------------------------------------------------------------------


def test_pinned_topics_come_first_and_those_with_the_latest_posts_next(page: Page, forum: Evening) -> None:
    page.goto(PAGES["category"](forum))
    first, second = page.locator("main ol.list > li").all()[:2]
    expect(first).to_contain_text("Pinned")
    expect(second.get_by_role("heading")).to_contain_text("brain fog")
    expect(second).to_contain_text("2 replies, the latest on 18 July 2026")


def test_a_closed_topic_says_so_and_an_unlisted_one_is_in_no_list(page: Page, forum: Evening) -> None:
    page.goto("/c/everything-else/" + str(forum.category + 1))
    expect(page.get_by_role("listitem").filter(has_text=CLOSED).last).to_contain_text("Closed")
    expect(page.get_by_text(UNLISTED)).to_have_count(0)
    page.goto("/search?q=Nobody finds this")
    expect(page.get_by_role("status")).to_contain_text("Nothing found")
    page.goto(PAGES["closed topic"](forum))
    expect(page.get_by_text("This topic is closed")).to_be_visible()
    page.goto(forum.address(UNLISTED))
    expect(page.get_by_role("article")).to_contain_text("it stays here to be read")


def test_a_long_topic_has_pages_and_the_address_of_a_post_leads_to_its_own(page: Page, forum: Evening) -> None:
    page.goto(forum.address(BUSY))
    seen = page.get_by_role("article").count()
    for _ in range(2):
        page.get_by_role("link", name="Next page").click()
        seen += page.get_by_role("article").count()
    assert seen == POSTS
    expect(page.get_by_role("link", name="Next page")).to_have_count(0)
    page.goto(f"{forum.address(BUSY)}/33")
    assert page.url.endswith("?page=2#post_33")
    expect(page.locator("#post_33")).to_be_in_viewport()


def test_a_page_says_what_it_is_where_it_belongs_and_when_it_was_written(page: Page, forum: Evening) -> None:
    page.goto(PAGES["topic"](forum))
    expect(page).to_have_title("What do you do for brain fog in office? - MS Saturday Adda - Forum")
    assert page.locator("link[rel=canonical]").get_attribute("href") == forum.sandbox.url + PAGES["topic"](forum)
    expect(page.get_by_role("navigation", name="Where this is").get_by_role("link")).to_have_text(["Categories", "MS Saturday Adda"])
    expect(page.locator("article time").first).to_have_attribute("datetime", re.compile(r"2026-07-18T1\d:\d\d:00\+00:00"))


def test_a_local_date_shows_utc_to_those_without_scripts(page: Page, forum: Evening) -> None:
    page.goto(forum.address("How our meetings work"))
    expect(page.locator(".discourse-local-date")).to_have_text("2026-07-25T14:00:00Z")


def test_without_a_browser_a_sentence_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(chromium.VARIABLE, "no-such-browser")
    with pytest.raises(FileNotFoundError, match=r"no-such-browser is not on this machine\..* apt-get install chromium"):
        chromium.executable()
