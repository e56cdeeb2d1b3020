"""What members wrote stays text in Markdown, and what needs no guard stays as it was; titles and tags that a forum need not tidy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerplugin.core.markup import (
    APART,
    GUARDS,
    LONGEST_TITLE,
    lasting_tag,
    lasting_title,
    may_be_linked,
    shown_as_text,
    title_would_do,
    visible,
    with_links,
)

# --- text -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "5.5 mg/dL (2 x daily), St. John's wort, 2 * 3, C++",
        "Take it at 10:30 or 22:30:00, e.g. 5 p.m. at the latest; ~3 kg in a week - or +2?",
        'She said "never with tea"! And/or: 20% of $40 is 8 & that is all, isn\'t it?',
        "a_b_c < 5, > 3, = 4; 50/50",
        "Müde, fatigué, 疲れた, متعب, עייף 🫀 👩‍⚕️ 🏳️‍🌈",
        "3.5 and 4-5 times; no. 3 (see above)",
    ],
)
def test_what_needs_no_guard_stays_as_it_was_written(text: str) -> None:
    assert shown_as_text(text) == text


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("ask @bob, @hosts", "ask @<!-- -->bob, @<!-- -->hosts"),
        ("see #liver", "see #<!-- -->liver"),
        ("fine :smile: :-)", "fine :<!-- -->smile: :<!-- -->-)"),
        ("https://example.org/a", "https:/<!-- -->/example.<!-- -->org/a"),
        ("me@example.org", "me@<!-- -->example.<!-- -->org"),
        ("<b>bold</b> &amp; *so*", r"\<b>bold\</b> \&amp; \*so\*"),
        ("[quote] [x](y) `z`", r"\[quote\] \[<!-- -->x\](y) \`z\`"),
        ("[date=2026-10-07]", r"\[<!-- -->date=2026-10-07\]<!-- -->"),
        ("- one", r"\- one"),
        ("1. one", r"1\. one"),
        ("# one #", r"\# one \#"),
        ("ends with \\", "ends with \\\\"),
    ],
)
def test_what_a_forum_would_read_is_guarded(text: str, raw: str) -> None:
    assert shown_as_text(text) == raw


@pytest.mark.parametrize(
    "sign", [*"\u202a\u202e\u2066\u2069\u200e\u200f\u061c\u200b\u2060\ufeff\u00ad\u3164\x00\x1b\x9f\ud800", "\U000e0041"]
)
def test_what_nobody_can_see_is_taken_out(sign: str) -> None:
    assert visible(f"five{sign} rounds") == "five rounds"
    assert shown_as_text(f"@{sign}bob") == "@<!-- -->bob"


@pytest.mark.parametrize("sign", ["\n", "\r\n", "\t", "\u2028", "\u00a0", "\u3000", "  ", "\x0b", "\x85"])
def test_a_statement_is_one_line_with_single_spaces(sign: str) -> None:
    assert shown_as_text(f" five{sign}rounds{sign}") == "five rounds"


def test_the_joiners_that_scripts_and_emoji_need_stay() -> None:
    assert shown_as_text("👩\u200d⚕️ می\u200cخواهم") == "👩\u200d⚕️ می\u200cخواهم"


@given(st.text() | st.text(alphabet="@#:/.<>[]()|!?-*_~`$%&\\ ab1\n", max_size=12))
def test_a_guard_never_begins_a_line_nor_is_anything_but_guards_added(text: str) -> None:
    raw = shown_as_text(text)
    assert not raw.startswith(APART)
    assert "\n" not in raw
    assert raw.replace(APART, "").replace("\\", "") == visible(text).replace("\\", "")


def test_every_guard_says_what_it_is_against() -> None:
    assert len({guard.against for guard in GUARDS}) == len(GUARDS)


# --- links -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("One member shared a link: https://example.org/a-b/c.html", "One member shared a link: https://example.org/a-b/c.html"),
        ("One member shared a link: https://example.org/a_b?c=1.", "One member shared a link: <https://example.org/a_b?c=1>."),
        (
            "two: https://example.org, http://b.example.org:8080/x (good)",
            "two: <https://example.org>, <http://b.example.org:8080/x> (good)",
        ),
        ("(https://example.org/x_(y))", "(<https://example.org/x_(y)>)"),
        ("@bob: https://example.org/@bob", "@<!-- -->bob: <https://example.org/@bob>"),
    ],
)
def test_an_address_that_a_moderator_approved_can_be_clicked(text: str, raw: str) -> None:
    assert with_links(text) == raw


@pytest.mark.parametrize(
    "url",
    [
        "https://bob:secret@example.org", "https://example.org@evil.example", "ftp://example.org", "javascript:alert(1)", "https://localhost/x",
        "https://10.0.0.1/x", "https://xn--e1afmkfd.example", "https://exam_ple.org", "https://", "https://example.org:99999", "https://[::1",
        "https://.org", "https://a..org",
    ],
)  # fmt: skip
def test_an_address_that_is_not_what_it_looks_like_is_text(url: str) -> None:
    assert not may_be_linked(url)
    assert "<http" not in with_links(f"a link: {url}")


# --- titles ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("Does variceal banding hurt?", "Does variceal banding hurt?"),
        ("DOES BANDING HURT???", "Does banding hurt?"),
        ("does  banding\nhurt...", "Does banding hurt"),
        ("Does it hurt :smile: :) 🫀 🎉 ?", "Does it hurt smile?"),
        ("Does it hurt \u202eat 10:30:00!!", "Does it hurt at 10:30:00!"),
        ("iPhone or pump?", "iPhone or pump?"),
        ("  ", ""),
    ],
)
def test_a_title_is_written_as_a_forum_would_tidy_it(title: str, kept: str) -> None:
    assert lasting_title(title) == kept


@given(st.text() | st.text(alphabet="aBé :.?!)D9🫀-\u200d\n", max_size=20))
def test_a_title_once_made_lasting_stays(title: str) -> None:
    kept = lasting_title(title)
    assert lasting_title(kept) == kept
    assert len(kept) <= LONGEST_TITLE


def test_a_very_long_title_is_cut_between_words() -> None:
    kept = lasting_title("Does banding hurt " + "very " * 60 + "much?")
    assert len(kept) <= LONGEST_TITLE
    assert kept.endswith(" very")


def test_titles_that_a_forum_would_refuse_are_known() -> None:
    assert title_would_do("Does banding hurt?")
    assert not title_would_do("Snack: when?")
    assert not title_would_do("a a a a a a a a a a")
    assert not title_would_do("Does " + "b" * 31 + " hurt?")


# --- tags --------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "kept"),
    [("Liver Spot", "liver-spot"), ("c++ / c#", "c-c"), ("x" * 30, "x" * 20), ("Ünïcode", "ünïcode"), ("?!", ""), ("a--b", "a-b")],
)
def test_a_tag_is_written_as_a_forum_keeps_it(tag: str, kept: str) -> None:
    assert lasting_tag(tag) == kept
