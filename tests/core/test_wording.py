"""Reported speech: third person, nothing added, nothing turned round; a fragment, a question, a joke stay untold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerplugin.core.english import copied
from peerplugin.core.grammar import leans_on_context
from peerplugin.core.roles import sentences
from peerplugin.core.titles import as_title
from peerplugin.core.wording import continued, counted, report, report_all
from tests.core.talk import rules


def told(sentence: str, **more: object) -> str | None:
    return report(sentence, sentence, small=rules().ordinary, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "reported"),
    [
        ("I take it at night and my skin is calmer", "One member takes it at night and their skin is calmer."),
        ("I was told it may come back within a year", "One member was told that it may come back within a year."),
        ("they told me not to drive for six weeks", "One member was told not to drive for six weeks."),
        ("my dietitian said more protein because muscle needs it", "One member's dietitian said more protein since muscle needs it."),
        ("take the tablets with food", "One member's advice: take the tablets with food."),
        ("dont stop the tablets on your own", "One member's advice: do not stop the tablets on your own."),
        ("you can ask for a second opinion", "One member says you can ask for a second opinion."),
        ("they switched me to the slow release one", "One member was switched to the slow release one."),
        ("for me the nausea stopped on day three", "For one member, the nausea stopped on day three."),
        ("went back to work after ten weeks", "One member went back to work after ten weeks."),
        ("I might have to stop because of my kidneys", "One member might have to stop because of their kidneys."),
        ("when i stand up fast i get dizzy", "According to one member, when they stand up fast they get dizzy."),
        ("my husband forgets his pills most evenings and i remind him", "One member's husband forgets his pills most evenings and they remind him."),
    ],
)  # fmt: skip
def test_first_person_becomes_third(said: str, reported: str) -> None:
    assert told(said) == reported


@pytest.mark.parametrize(
    ("said", "reported"),
    [
        ("soft bread for 3 days, nothing crunchy", "One member notes: soft bread for 3 days, nothing crunchy."),
        ("GP said no lifting for six weeks", "One member's GP said no lifting for six weeks."),
        ("please check your feet every evening", "One member's advice: check your feet every evening."),
        ("been on it 4 years, two flares", "One member has been on it 4 years, two flares."),
        ("yeah so the patch itched for two days lol", "One member says the patch itched for two days."),
        ("they signed me off after four months", "One member's team signed them off after four months."),
        ("never had one on the arm", "One member never had one on the arm."),
        ("another member, ask the ward for the short needle", "One member's advice: ask the ward for the short needle."),
        ("the nurse told me plainly the drip may sting", "One member was told plainly that the drip may sting."),
        ("I was told under 14 the risk is bigger than the gain", "One member was told that under 14 the risk is bigger, they say, than the gain."),
        ("my boss knows, i might tell the others", "One member's boss knows, they might tell the others."),
        ("you lose the first ten minutes if you go in cold", "You lose the first ten minutes, one member says, if you go in cold."),
    ],
)  # fmt: skip
def test_notes_advice_and_dropped_subjects_are_told(said: str, reported: str) -> None:
    assert told(said) == reported


def test_who_did_it_is_not_guessed() -> None:
    reported = told("cut the hedge on sunday like a fool")
    assert reported is None or "advice" not in reported
    reported = told("took about 4 months to settle down")
    assert reported is None or not reported.startswith("One member took")
    reported = told("came back negative after ten days of waiting")
    assert reported is None or not reported.startswith("One member came")


@pytest.mark.parametrize(
    "said",
    [
        "I am new here and your words are what I needed, please stay",
        "I spent the winter at Silver Birch Hospital with it",
        "the scan is on the 23rd and I am ready for it",
        "her fits began at 7 months and never came back",
    ],
)
def test_what_may_say_who_somebody_is_and_words_of_care_are_not_told(said: str) -> None:
    assert told(said) is None
    assert all_told(said) is None


@pytest.mark.parametrize(
    ("said", "reported"),
    [
        ("they told me don't rub the scar", "One member was told not to rub the scar."),
        ("they told me the opposite of all that", None),
        ("my old shoes, a stick and the blue bag", "One member notes: their old shoes, a stick and also the blue bag."),
        ("no grapefruit with the blue tablets or the drops", "No grapefruit, one member notes, with the blue tablets or the drops."),
    ],
)  # fmt: skip
def test_what_was_said_and_what_is_listed(said: str, reported: str | None) -> None:
    assert told(said) == reported


def test_a_verb_without_a_subject_behind_somebody_else_is_not_the_speakers() -> None:
    said = "my grandson was with me at the pool. saw the whole thing"
    reported = all_told(said)
    assert reported is not None
    assert "They saw" not in reported
    assert report(sentences(said)[1], said) is None
    said = "I went to the pool alone. saw the whole thing"
    assert all_told(said) == "One member went to the pool alone. They saw the whole thing."


def test_what_leans_on_an_untold_sentence_inside_the_message_is_left_out() -> None:
    assert all_told("did the nurse ring you? it hums all night", leaning=True) is None
    assert all_told("yes. it hums all night through the wall", leaning=True) == "One member says it hums all night through the wall."


def test_they_are_the_team_only_where_a_team_does_that() -> None:
    assert told("they put me on the slow drip for two days") == "One member was put on the slow drip for two days."
    assert told("they moved the biopsy to the next month") == "One member's team moved the biopsy to the next month."
    assert told("they took the van back before i had the stitches out") is None
    assert told("we are patients and families here") == "One member says they are patients and families here."


def test_a_relative_named_only_afterwards_is_not_who_she_is() -> None:
    said = "she knows the whole plan by heart. my mother never had one"
    assert report(sentences(said)[0], said, relations=("mother",)) is None


@pytest.mark.parametrize(
    "said",
    [
        "ask for the slow drip, unless they say your heart is weak",
        "I stopped the spray, but only when my nurse agreed",
        "not everybody can take it, my kidneys could not",
    ],
)
def test_a_condition_or_a_negation_is_never_cut_off(said: str) -> None:
    reported = told(said)
    assert reported is None or all(w in reported for w in ("unless", "only when", "not") if w in said)


def all_told(said: str, **more: object) -> str | None:
    return report_all(sentences(said), said, small=rules().ordinary, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("the wax is not just for feet, it does the hands as well in the winter months", "isn't just for feet"),
        ("no soap no cream just plain water on the scar for two weeks", "just plain water"),
        ("the rash is not really gone yet and the cream does not quite reach the fold", "not quite|n't quite"),
        ("i think it was the heat in the ward that did it in the end for my skin", "thinks it was"),
        ("if your arm swells in the heat or the sleeve is too tight, call the ward at once", "If your arm|if your arm"),
    ],
)
def test_words_that_limit_stay(said: str, kept: str) -> None:
    reported = told(said)
    assert reported is not None
    assert any(k in reported for k in kept.split("|"))


def test_a_message_is_told_as_one_flowing_statement() -> None:
    assert all_told("Tablets 3 years. i take them in the kitchen, after lunch. no clinic, no queue.", leaning=True) == (
        "One member notes: tablets 3 years. They take them in the kitchen, after lunch; also no clinic, no queue."
    )
    assert all_told("My nurse wants me to walk. She gave me a list of 10 streets. I hate hills.") == (
        "One member's nurse wants them to walk. She gave them a list of 10 streets. They hate hills."
    )
    assert all_told("rub the cream in before bed. i used to forget it. dont cover it") == (
        "One member's advice: rub the cream in before bed. They used to forget it. Their advice: do not cover it."
    )


def test_a_message_that_says_nothing_is_not_told() -> None:
    assert all_told("ok. yes. lol") is None
    assert all_told("did you try ice? no idea here") is None


def test_what_leans_on_a_sentence_that_is_not_told_is_not_told_either() -> None:
    said = "it hums through the wall all night"
    assert all_told(said) is None
    assert all_told(said, leaning=True) == "One member says it hums through the wall all night."
    assert all_told(said, subject="the pump") == "One member says the pump hums through the wall all night."


def test_a_restriction_that_cannot_be_told_takes_back_what_it_restricts() -> None:
    assert all_told("I eat grapefruit with the blue tablets. but what if it is the red ones?") is None
    both = all_told("I eat grapefruit with the blue tablets. but never with the red tablets.")
    assert both is not None
    assert "never with the red" in both


def test_a_long_message_is_cut_to_what_says_most() -> None:
    said = (
        "The machine hums all night. So ear plugs for the guest room and a thick curtain by the bed. Ask the shop for a quiet model before you pay. "
        "I was glad about that one. Filters cost 14 a month and the hose wants washing each Sunday in warm water with soap. The box came with two masks"
    )
    told_all = all_told(said, most_words=30)
    assert told_all is not None
    assert len(told_all.split()) <= 45
    assert "glad" not in told_all
    assert copied(told_all, said, 7) == 0


@pytest.mark.parametrize(
    "said",
    [
        "same here", "that helped me too", "this ^^", "mine as well", "are you ok tonight?", "what did they give you", "he forgets his pills most evenings",
        "lol i would marry that nurse", "i solved stairs by moving to the garden, 10/10", "you are so brave to tell us", "I'm crying in the kitchen now",
        "i sent them their letter and they kept theirs", "😂😂😂", "", "see the link above", "welcome to the group everybody",
        "I live in their area and work nights",
    ],
)  # fmt: skip
def test_what_cannot_be_told_safely_is_not_told(said: str) -> None:
    assert told(said) is None


@pytest.mark.parametrize(
    "negation", ["I did not stop the tablets in March", "I never skip the evening dose", "I can't take the tablets with milk"]
)
def test_a_negation_stays(negation: str) -> None:
    reported = told(negation)
    assert reported is not None
    assert any(word in reported for word in ("not", "never"))


def test_no_at_the_start_is_dropped_only_where_a_comma_sets_it_apart() -> None:
    assert told("No, my nurse wants the dose at noon") == "One member's nurse wants the dose at noon."
    reported = told("no alcohol was what my doctor said to me")
    assert reported is None or "no alcohol" in reported


def test_numbers_with_units_stay_as_they_are() -> None:
    reported = told("I take 20 mg in the morning and it does not upset my stomach")
    assert reported is not None
    assert "20 mg" in reported


@pytest.mark.parametrize(
    "said",
    [
        "I take 20 mg in the morning and it does not upset my stomach at all any more",
        "ask the clinic for a written plan before the holiday and keep a copy in your bag",
        "my doctor said the second scan would show if the new tablets were doing anything",
        "a real low bends slowly before it drops and a false one falls like a stone at night",
    ],
)
def test_no_more_than_seven_words_in_a_row_are_repeated(said: str) -> None:
    reported = told(said)
    assert reported is None or copied(reported, said, 7) == 0


_WORDS = st.sampled_from(
    "i my we they he she it that take took was told doctor tablet not never 5 mg and but because so , . the a with in you your if when ? is are nurse me them".split()
)


@given(st.lists(_WORDS, max_size=30))
def test_whatever_is_told_has_no_first_person_and_no_long_copy(spoken: list[str]) -> None:
    said = " ".join(spoken)
    for reported in (told(said), all_told(said)):
        if reported is None:
            continue
        assert copied(reported, said, 7) == 0
        assert not set(reported.lower().replace(",", " ").replace(".", " ").split()) & {"i", "my", "me", "we", "our"}


def test_he_is_named_where_only_one_relative_can_be_meant() -> None:
    assert (
        told("I check his numbers before breakfast", relations=("husband",))
        == "One member checks their husband's numbers before breakfast."
    )
    assert told("I check his numbers before breakfast", relations=("husband", "son")) is None


def test_several_members_who_say_the_same_are_counted() -> None:
    assert counted("One member was told to rest.", 2) == "Two members were told to rest."
    assert counted("One member says they rest.", 3) == "Three members say they rest."
    assert counted("One member's advice: rest.", 2) == "Two members advise: rest."
    assert counted("One member's mother rests.", 2) is None
    assert counted("One member takes it at night.", 2) == "Two members take it at night."
    assert counted("Salt, one member says, hides in bread.", 3) == "Salt, three members say, hides in bread."


def test_a_second_sentence_of_the_same_member_goes_on_with_they() -> None:
    assert continued("One member says they sleep badly.") == "They sleep badly."
    assert continued("One member was told to rest.") == "They were told to rest."
    assert continued("One member carries a spare.") == "They carry a spare."
    assert continued("According to one member, salt hides in bread.") == "Salt hides in bread."


def test_an_it_without_a_noun_before_is_noticed() -> None:
    assert leans_on_context("One member says they take it at night.")
    assert not leans_on_context("One member says the lotion stung until they kept it in the fridge.")


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("how do you all keep the lactulose down??", "How do you keep the lactulose down?"),
        ("anyone flown, or gone up high, with big varices?", "Has anyone flown, or gone up high, with big varices?"),
        ("hi all, question: does banding hurt, and what can i eat after", "Does banding hurt, and what can you eat after?"),
        ("am i allowed to drive with my new pump?", "Are you allowed to drive with your new pump?"),
    ],
)
def test_a_title_is_the_question_as_somebody_would_type_it(asked: str, title: str) -> None:
    assert as_title(asked, rules().ordinary) == title


def test_what_is_no_question_is_no_title() -> None:
    assert as_title("good evening from the train", rules().ordinary) is None
