"""Ten thousand bodies of markup, each shown as the text it is by a forum with everything switched on; and no rule that could be left out."""

from __future__ import annotations

from datetime import date
from itertools import cycle

import pytest
from hypothesis import HealthCheck, Phase, example, find, given, settings
from hypothesis import strategies as st

from integrations.discourse.sandbox.cooking import cook
from peerplugin.core import publish
from peerplugin.core.markup import GUARDS, Guard, shown_as_text, visible
from tests.core.scene import a_statement, a_summary, words
from tests.integrations.markup_bodies import BODIES, POSITIONS, is_text, outline, rendered, straight

FIXED = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
SEARCH = settings(FIXED, max_examples=10_000, phases=[Phase.generate])

WITNESSES = {
    "mentions": ("thank you @hosts", "list"),
    "hashtags": ("see #liver-spot", "list"),
    "emoji names": ("it is fine :smile:", "list"),
    "smileys": ("it is fine :-)", "list"),
    "addresses": ("see http://localhost/x", "list"),
    "hosts": ("see www.example.org", "list"),
    "dates and check boxes": ("on [date=2026-10-07] again", "list"),
    "typographers": ("wait -- what", "list"),
    "attachments": ("a report|attachment", "link"),
    "formulas between brackets": ("[wrap=x]", "list"),
    "escapes": ("it ends with \\", "link"),
    "emphasis": ("it is *so* bad", "list"),
    "code": ("take `this`", "list"),
    "strikes": ("take ~~this~~", "list"),
    "brackets": ("[b]bold[/b]", "list"),
    "HTML": ("it is <b>bold</b>", "list"),
    "entities": ("it is &lt;", "list"),
    "formulas": ("from $20 to $ 30", "sentence"),
    "headings": ("# banding", "list"),
    "quotations": ("> 5 mg", "list"),
    "lists": ("1. banding", "list"),
    "rules and tables": ("===", "after a line"),
}
"""For each rule what only it holds back."""


@settings(FIXED, max_examples=500)
@given(st.lists(BODIES, min_size=20, max_size=20), st.permutations(sorted(POSITIONS)))
@example([":(c)"] * 20, ["link", *(p for p in sorted(POSITIONS) if p != "link")])  # parted for the typographer, it became a smiley
def test_ten_thousand_bodies_are_shown_as_text_wherever_they_stand(bodies: list[str], places: list[str]) -> None:
    for body, place in zip(filter(visible, bodies), cycle(places), strict=False):
        for early in (True, False):
            assert is_text(body, place, escapes_are_text=early), rendered(body, place, escapes_are_text=early)


@settings(FIXED, max_examples=100)
@given(st.lists(BODIES.filter(visible), min_size=5, max_size=12))
def test_every_statement_of_a_post_is_one_line_of_its_list(bodies: list[str]) -> None:
    about = {"series": "Liver *Spot*", "on": date(2026, 10, 7), "next": "", "how_to_join": ""}
    tags, text = outline(cook(publish.post(a_summary(statements=tuple(a_statement(body, 1) for body in bodies)), words(), **about)))
    assert tags == ("p", "em", "h2", "a", "ul", *("li" for _ in bodies), "p", "em")
    assert straight(" ".join(map(visible, bodies))) in text


def test_every_rule_has_its_witness() -> None:
    assert {guard.against for guard in GUARDS} == set(WITNESSES)


def without(guard: Guard) -> tuple[Guard, ...]:
    return tuple(other for other in GUARDS if other is not guard)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.against)
def test_no_rule_can_be_left_out(guard: Guard) -> None:
    body, place = WITNESSES[guard.against]
    for early in (True, False):
        assert is_text(body, place, escapes_are_text=early)
    assert not all(is_text(body, place, escapes_are_text=early, guards=without(guard)) for early in (True, False))


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.against)
def test_the_fuzz_notices_when_a_rule_is_left_out(guard: Guard) -> None:
    rest = without(guard)

    def escapes(body: str) -> bool:
        return shown_as_text(body, rest) != shown_as_text(body) and not all(
            is_text(body, place, escapes_are_text=early, guards=rest) for place in POSITIONS for early in (True, False)
        )

    assert find(BODIES, escapes, settings=SEARCH)
