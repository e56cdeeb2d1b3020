"""Texts that cannot be filled are errors with a place, and never repeat a value."""

from __future__ import annotations

import pytest

from peerplugin.core.words import Words, members, number_in_words, when
from peerplugin.errors import MistakeError
from tests.core.scene import T0, words


def test_a_text_is_filled_with_its_values_and_filters() -> None:
    texts = Words({"a.txt": "{{ n | members }} ({{ n | in_words }}), {{ name }}\n"})
    assert texts.text("a.txt", n=4, name="{{ n }} <b>") == "Four members (four), {{ n }} <b>"


def test_our_own_texts_are_all_templates() -> None:
    words().check()
    assert "card.txt" in words().names


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("{{ unknown }}", "config/texts/a.txt cannot be filled ('unknown' is undefined)"),
        ("{{ secret.nothing }}", "config/texts/a.txt cannot be filled ("),
        ("{{ secret + 1 }}", "config/texts/a.txt cannot be filled (TypeError)"),
        ("{{ secret | int / 0 }}", "config/texts/a.txt cannot be filled (ZeroDivisionError)"),
        ("{{ secret | dictsort }}", "config/texts/a.txt cannot be filled ("),
        ("{{ secret | day }}", "config/texts/a.txt cannot be filled (AttributeError)"),
        ("{% if %}", "config/texts/a.txt cannot be filled ("),
        ("{{ secret | nofilter }}", "config/texts/a.txt cannot be filled ("),
    ],
)
def test_a_text_that_cannot_be_filled_names_itself_and_no_value(template: str, sentence: str) -> None:
    with pytest.raises(MistakeError) as caught:
        Words({"a.txt": template}).text("a.txt", secret="canary")
    assert str(caught.value).startswith(sentence)
    assert "canary" not in str(caught.value)


def test_a_text_that_is_missing_is_named() -> None:
    with pytest.raises(MistakeError, match=r"config/texts/b\.txt is missing"):
        Words({"a.txt": ""}).text("b.txt")
    with pytest.raises(MistakeError, match=r"config/texts/b\.txt is missing"):
        Words({"a.txt": "{% include 'b.txt' %}"}).text("a.txt")


def test_a_text_that_is_no_template_is_found_at_the_start_with_its_line() -> None:
    with pytest.raises(MistakeError, match=r"config/texts/bad\.txt, line 2: "):
        Words({"good.txt": "fine", "bad.txt": "one\n{% endif %}"}).check()


def test_numbers_of_people_are_words_as_far_as_words_go() -> None:
    assert [number_in_words(n) for n in (0, 1, 12, 13, -1)] == ["no", "one", "twelve", "13", "-1"]
    assert [members(n) for n in (1, 2, 20)] == ["One member", "Two members", "20 members"]


def test_no_instant_is_no_words() -> None:
    assert when(None, "Europe/Berlin") == ""
    assert when(T0, None) == "Thursday 8 October, 02:00 UTC"
