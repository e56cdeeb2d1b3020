"""What says who somebody is goes; what is medicine stays; what is doubtful is said to be doubtful."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerplugin.core.model import UserId
from peerplugin.core.names import Names, is_ordinary, known_names
from peerplugin.core.privacy import Scrubbed, scrub
from tests.core.talk import line, rules

ROSTER = {
    UserId("@marguerite:x.org"): ("Marguerite (host)",), UserId("@ridgewalker77:x.org"): ("ridgewalker77",), UserId("@beata:x.org"): ("Beata Nowakowska",),
    UserId("@will:x.org"): ("Will",), UserId("@bo:x.org"): ("Bo",),
}  # fmt: skip


def names(*said: str) -> Names:
    return known_names(ROSTER, [line(i, "Bo", text) for i, text in enumerate(said)], rules())


def clean(text: str, *others: str) -> Scrubbed:
    return scrub(text, names(text, *others), rules())


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Marguerite, what helps?", "Marguerite"), ("thanks marguerite", "marguerite"), ("what margureite said about salt", "margureite"),
        ("as Marguerit told us, less salt", "Marguerit"), ("I asked Nowakowska about it", "Nowakowska"), ("@ridgewalker77 take it with food", "ridgewalker77"),
        ("ask @beata:x.org", "beata"), ("my husband Eugenio cooks without salt", "Eugenio"), ("my sister Malwina had it too", "Malwina"),
        ("Dr. Abernethy wants the scan in May", "Abernethy"), ("dr kowalczuk stopped the tablets", "kowalczuk"), ("my surgeon Prof Oduya said rest", "Oduya"),
        ("I was in Mercy General Hospital for a week", "Mercy"), ("they sent me to St. Hildegard's", "Hildegard"), ("I live in Dunedin with my cat", "Dunedin"),
        ("drove home from Brackwater Logistics", "Brackwater"), ("the call came on October 7 2024 at three", "October"), ("banded on the 24th of September", "24th"),
        ("seen on 2026-09-29", "2026-09-29"), ("write to alma.stern@example.org", "alma.stern@"), ("call 937-555-0142 any hour", "555"),
        ("my mrn is 00831177", "00831177"), ("walk in at 418 Alder Street", "Alder"), ("see https://example.org/~bo/liver", "~bo"),
        ("I'm 58, new here", "58"), ("my son is 9 years old", "9 years"), ("I work at Pemberton Foods as a clerk", "Pemberton"),
    ],
)  # fmt: skip
def test_what_identifies_is_removed(text: str, gone: str) -> None:
    assert gone.lower() not in clean(text).text.lower()


@pytest.mark.parametrize(
    "text",
    [
        "Child-Pugh B and a Kasai as a baby", "St. John's wort fights with the transplant drugs", "a Denver shunt, Budd-Chiari, Wilson's disease",
        "Entresto at night, Xarelto in the morning", "MELD 11, bilirubin 1.1", "I will try it in May", "take 30 ml 4 times a day",
        "88 over 54 this morning", "call 988 or 911", "the will to go on", "3 weeks after the surgery", "Mrs. Dash instead of salt",
        "https://example.org/handouts/low-sodium-liver",
    ],
)  # fmt: skip
def test_medical_words_figures_and_ordinary_words_stay(text: str) -> None:
    assert clean(text).text == text


def test_a_name_that_is_also_a_word_goes_only_where_it_is_written_as_a_name() -> None:
    assert clean("I will ask Will about it").text == "I will ask another member about it"
    assert clean("thanks, Will").text == "thanks"


def test_a_person_introduced_once_is_known_everywhere() -> None:
    later = clean("eugenio would give me half of his", "my husband Eugenio cooks without salt")
    assert "eugenio" not in later.text.lower()


def test_a_name_that_only_calls_somebody_goes_without_a_trace() -> None:
    assert clean("Beata, take it with food").text == "take it with food"
    assert clean("it helped a lot, Beata").text == "it helped a lot"


def test_a_title_with_a_possessive_leaves_the_doctor() -> None:
    assert clean("my Dr Pellwood said no").text == "my Dr said no"


def test_an_unknown_capitalised_word_is_a_doubt_and_a_medicine_none() -> None:
    assert clean("we drove to see Zwingelspan twice").doubts
    assert not clean("they added Rifaximin and it helped").doubts


def test_spans_count_in_the_original_text() -> None:
    text = "Marguerite, I live in Dunedin"
    found = clean(text).spans
    assert [text[s.start : s.end].strip(" ,") for s in found] == ["Marguerite", "Dunedin"]
    assert [s.kind for s in found] == ["person", "place"]


def test_a_wall_of_text_is_not_searched_and_not_published() -> None:
    for wall in ("a" * 5000, "My doctor said no. " * 3000):
        assert clean(wall).text == ""
        assert clean(wall).doubts


def test_given_names_that_are_ordinary_words_are_ordinary() -> None:
    assert is_ordinary("will", rules())
    assert not is_ordinary("eugenio", rules())


@given(st.text(max_size=80))
def test_any_text_can_be_scrubbed_and_spans_never_overlap(text: str) -> None:
    found = scrub(text, names(), rules()).spans
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(0 <= s.start < s.end <= len(text) for s in found)


@given(
    st.sampled_from(["Marguerite", "beata", "nowakowska", "RIDGEWALKER77"]),
    st.sampled_from(["{} said rest", "ask {}", "thanks {}!", "@{} yes", "I told {}, twice"]),
)
def test_no_member_survives_whatever_is_said_around_the_name(name: str, frame: str) -> None:
    assert name.lower() not in clean(frame.format(name)).text.lower()
