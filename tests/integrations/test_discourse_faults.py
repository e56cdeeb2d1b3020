"""Whatever goes wrong at whichever call: a repeat mends it, and nothing stands twice."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

import pytest

from integrations.discourse.sandbox import Fault
from peerplugin.errors import OutsideError
from tests.integrations.forum_world import World, make_world, world

__all__ = ["make_world", "world"]


REFUSALS = {
    "500": Fault("status", 500),
    "502": Fault("status", 502),
    "429": Fault("status", 429),
    "503": Fault("status", 503),
    "html": Fault("html"),
    "refuse": Fault("refuse"),
}
"""What stops a call before it has done anything."""

LOSSES = {"lost_reply": Fault("lost_reply"), "cut": Fault("cut"), "slow": Fault("slow")}
"""What leaves us in the dark about whether it has."""


def _create_topic(world: World) -> Callable[[], object]:
    return lambda: world.forum.put(world.topic(), None)


def _create_post(world: World) -> Callable[[], object]:
    index = world.forum.put(world.topic(), None)
    return lambda: world.forum.put(world.post(index), None)


def _correct_topic(world: World) -> Callable[[], object]:
    published = world.forum.put(world.topic(), None)
    world.later(hours=1)
    changed = world.topic("One member ate soup.", private=True, title="What can one eat after a banding?")
    return lambda: world.forum.put(changed, published)


def _correct_post(world: World) -> Callable[[], object]:
    index = world.forum.put(world.topic(), None)
    published = world.forum.put(world.post(index), None)
    world.later(hours=1)
    return lambda: world.forum.put(world.post(index, "One member drank cold tea.", private=True), published)


def _take_title(world: World) -> Callable[[], object]:
    world.forum.put(world.topic(), None)
    return lambda: world.forum.put(world.topic(name="t9"), None)


def _withdraw_topic(world: World) -> Callable[[], object]:
    published = world.forum.put(world.topic(), None)
    world.later(hours=1)
    return lambda: world.forum.withdraw(published)


def _withdraw_post(world: World) -> Callable[[], object]:
    published = world.forum.put(world.post(world.forum.put(world.topic(), None)), None)
    world.later(hours=1)
    return lambda: world.forum.withdraw(published)


SCENES = [_create_topic, _create_post, _correct_topic, _correct_post, _take_title, _withdraw_topic, _withdraw_post]


def _state(world: World) -> object:
    """All that a person can see of a forum, and all that is counted."""
    topics = [(row["title"], sorted(row["tags"]), row["deleted_at"] is None) for row in world.sandbox.topics()]
    posts = [(row["raw"], row["deleted_at"] is None) for row in world.sandbox.posts()]
    revisions = [world.anonymous(f"/posts/{row['id']}/revisions/latest.json").status_code for row in world.sandbox.posts()]
    return topics, posts, revisions


def _smooth(world: World, scene: Callable[[World], Callable[[], object]]) -> tuple[int, object]:
    """How many calls it takes and what stands in the forum when nothing goes wrong."""
    act = scene(world)
    world.sandbox.faults.calls.clear()
    act()
    return len(world.sandbox.faults.calls), _state(world)


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize("scene", SCENES)
def test_an_answer_lost_at_any_call_is_mended_by_a_repeat(
    scene: Callable[[World], Callable[[], object]], kind: str, make_world: Callable[..., World]
) -> None:
    calls, wanted = _smooth(make_world(), scene)
    assert calls >= 2
    for call in range(1, calls + 1):
        world = make_world()
        act = scene(world)
        world.sandbox.faults.at(call, LOSSES[kind])
        with pytest.raises(OutsideError) as caught, world.patience(0.2 if kind == "slow" else 20):
            act()
        assert not caught.value.permanent, f"call {call}: {caught.value.sentence}"
        world.sandbox.faults.clear()  # on a busy machine an earlier call may have been the slow one
        world.later(minutes=3)  # the forum's two-minute memory of creates does not help
        act()
        assert _state(world) == wanted, f"call {call}"


def _failure(world: World, act: Callable[[], object], call: int, fault: Fault) -> OutsideError | None:
    """How an attempt fails whose `call`-th call goes wrong; None where it succeeds."""
    world.sandbox.faults.clear()
    world.sandbox.faults.at(call, fault)
    try:
        act()
    except OutsideError as error:
        return error
    finally:
        world.sandbox.faults.clear()
    return None


@pytest.mark.parametrize("kind", REFUSALS)
@pytest.mark.parametrize("scene", SCENES)
def test_one_refusal_after_another_is_mended_by_repeats(
    scene: Callable[[World], Callable[[], object]], kind: str, make_world: Callable[..., World]
) -> None:
    _, wanted = _smooth(make_world(), scene)
    world = make_world()
    act = scene(world)
    call = 1  # the first attempt fails at its first call, the second at its second, until one has too few to fail
    while (error := _failure(world, act, call, REFUSALS[kind])) is not None:
        assert not error.permanent, f"call {call}: {error.sentence}"
        call += 1
    assert call > 2
    assert _state(world) == wanted


@pytest.mark.parametrize("kind", REFUSALS | LOSSES)
def test_no_failure_repeats_a_word_of_the_text(kind: str, make_world: Callable[..., World], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world = make_world()
    published = world.forum.put(world.topic("canary"), None)
    changed = world.topic("another canary", title="Is the canary safe?", private=True)
    for call in (1, 2):
        world.sandbox.faults.at(call, (REFUSALS | LOSSES)[kind])
        with pytest.raises(OutsideError) as caught, world.patience(0.2 if kind == "slow" else 20):
            world.forum.put(changed, published)
        assert "canary" not in "".join(traceback.format_exception(caught.value))
    assert caplog.records
    assert "canary" not in caplog.text


def test_an_answer_of_another_shape_is_not_repeated_either(world: World) -> None:
    published = world.forum.put(world.topic(), None)
    world.sandbox.faults.at(1, Fault("status", 200, body={"id": "canary", "title": ["canary"]}))
    with pytest.raises(OutsideError, match="shape") as caught:
        world.forum.put(world.topic(), published)
    assert "canary" not in "".join(traceback.format_exception(caught.value))
    assert (caught.value.kind, caught.value.permanent) == ("not_json", False)
