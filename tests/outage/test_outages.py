"""Whatever goes wrong at whichever call of the forum: the right thing comes of it, nothing stands twice, nothing is lost, and a person can act."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from tests.outage.steps import STEPS
from tests.outage.table import ANSWERS, CALLS, FAULTS, UNANSWERED, WAITS, expected, too_many
from tests.outage.world import Evening, Kept
from tests.proxy import Names


@dataclass(frozen=True, slots=True)
class Scene:
    """A step's evening as it is just before, and what comes of it where nothing goes wrong."""

    kept: Kept
    calls: list[str]
    stands: tuple[object, object, int]
    failures: list[str]
    warnings: int


class Scenes:
    """Each step's scene, played once."""

    def __init__(self, stage: Evening) -> None:
        self._stage = stage
        self._made: dict[str, Scene] = {}

    async def of(self, which: str) -> Scene:
        if which not in self._made:
            stage, step = self._stage, STEPS[which]
            stage.anew(step.layout)
            await step.before(stage)
            step.act(stage)
            kept = stage.keep(which.replace(" ", "-"))
            stage.begin()
            await stage.deliver()
            failures = [failure.kind for failure in stage.forum.failures]
            warnings, _ = await stage.told()
            self._made[which] = Scene(kept, stage.calls(), stage.state(), failures, warnings)
        return self._made[which]


@pytest.fixture(scope="module")
def scenes(stage: Evening) -> Scenes:
    return Scenes(stage)


def break_down(stage: Evening, names: Names, fault: str, nth: int) -> None:
    """Let the `nth` call from now on (1 is the next) meet a fault."""
    if fault == "refused":
        stage.proxy.shut_after(nth - 1)
    elif fault == "name unknown":
        names.forget_after(nth - 1)
    else:
        stage.proxy.fail(ANSWERS[fault], nth=nth)
    stage.client.hurried = nth if fault == "slow" else 0


def mend(stage: Evening, names: Names) -> None:
    """All is well again."""
    names.forget_after(None)
    stage.proxy.clear()
    stage.client.hurried = 0


@pytest.mark.parametrize("which", STEPS)
async def test_the_table_knows_every_call_that_is_made(which: str, scenes: Scenes) -> None:
    assert (await scenes.of(which)).calls == CALLS[which][0]


def test_every_call_is_made_to_fail_somewhere() -> None:
    made = {call for calls, _ in CALLS.values() for call in calls}
    assert {calls[place] for calls, failing in CALLS.values() for place in failing} == made


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("which", STEPS)
async def test_a_fault_is_survived_at_any_call(which: str, fault: str, stage: Evening, names: Names, scenes: Scenes) -> None:
    scene = await scenes.of(which)
    calls, failing = CALLS[which]
    for place in failing:
        outcome, kind = expected(which, calls[place], fault)
        cell = f"{which} | {calls[place]} | {fault}"
        stage.play(scene.kept)
        stage.begin()
        break_down(stage, names, fault, place + 1)
        await stage.deliver()
        met = stage.forum.failures
        if outcome == "well":
            assert [failure.kind for failure in met] == scene.failures, cell
        else:
            assert met and met[0].kind == kind, (cell, met)
            assert len(met) == 1 or fault in UNANSWERED, (cell, met)
            assert {failure.permanent for failure in met} == {outcome == "told"}, cell
        assert bool(stage.service.troubles) == (outcome == "told"), cell
        mend(stage, names)
        if outcome == "told":
            await stage.hear()
            await stage.restart()
        else:
            await stage.wait()
        await stage.deliver()
        assert stage.state() == scene.stands, cell
        assert not stage.service.troubles, cell
        told = int(outcome == "told")
        assert await stage.told() == (told + scene.warnings, told), (cell, stage.chat.desk)
        assert not ill_told(stage), cell


@pytest.mark.parametrize("which", STEPS)
async def test_who_makes_a_call_too_often_waits_as_long_as_the_forum_says_and_what_lasts_is_told(
    which: str, stage: Evening, scenes: Scenes
) -> None:
    scene = await scenes.of(which)
    calls, failing = CALLS[which]
    for place in failing:
        stage.play(scene.kept)
        stage.begin()
        for source, (_, _, wait_s) in WAITS.items():
            stage.proxy.clear()
            stage.proxy.fail(too_many(source, for_all=False), method=calls[place].split()[0], nth=1, times=None)
            await stage.deliver()
            assert stage.forum.failures[-1].kind == "rate_limited", (calls[place], source)
            assert wait_s <= await stage.wait() <= max(wait_s, LONGEST_OWN_S), (calls[place], source)
        stage.proxy.clear()
        await stage.hear()
        await stage.deliver()
        assert stage.state() == scene.stands, calls[place]
        assert await stage.told() == (1 + scene.warnings, 1), calls[place]
        assert not ill_told(stage), calls[place]


@pytest.mark.parametrize("source", WAITS)
@pytest.mark.parametrize("which", STEPS)
async def test_where_the_key_is_used_too_often_every_call_waits_on_the_spot_and_nobody_hears_of_it(
    which: str, source: str, stage: Evening, scenes: Scenes
) -> None:
    scene = await scenes.of(which)
    stage.play(scene.kept)
    stage.begin()
    for place in range(len(scene.calls)):
        stage.proxy.fail(too_many(source, for_all=True), nth=2 * place + 1)
    await stage.deliver()
    assert set(stage.calls()) == set(scene.calls)
    assert len(stage.calls()) >= 2 * len(scene.calls), (
        "each was made again (after minutes of waiting there may be one more history to hide)"
    )
    assert sum(stage.clock.waits) >= WAITS[source][2] * len(scene.calls)
    assert [failure.kind for failure in stage.forum.failures] == scene.failures
    assert stage.state()[:2] == scene.stands[:2], "after minutes of waiting what a person may edit leaves a history as well"
    assert await stage.told() == (scene.warnings, 0)


WHAT_TO_DO = re.compile(
    r"(look at|see |give |open |make it|restore|retract|reject|hide its|Try it|asked again|read again|says how|say !overwrite|Look there)"
)
LONGEST_OWN_S = 40
"""What we wait by ourselves, in the three or four attempts that are made here."""
WORDS = ("Three members", "soft food", "five rounds", "carvedilol", "canary", "Does variceal", "Is it safe", "flew")


def ill_told(stage: Evening) -> list[str]:
    """Sentences that are none, do not say what to do, or repeat a word of a post."""
    said = [failure.sentence for failure in stage.forum.failures if failure.kind != "conflict" or not failure.permanent]
    said += [line for line in stage.chat.desk if "⚠" in line]
    return [s for s in said if not s.endswith(".") or not WHAT_TO_DO.search(s) or any(word in s for word in WORDS)]
