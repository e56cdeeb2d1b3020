"""The same cases over a real Discourse, where one is given by environment variables; it is left as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract import cases
from tests.contract.compare import differences, expected, found
from tests.contract.conftest import SEED
from tests.contract.real import RealForum, given, real_forum
from tests.contract.recordings import recording

try:
    given()
except pytest.skip.Exception as reason:  # one word for all of them, instead of one for each
    pytest.skip(str(reason), allow_module_level=True)


@pytest.fixture(scope="module")
def forum() -> Iterator[RealForum]:
    with real_forum(SEED) as running:
        yield running


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", cases.on_real())
def test_a_real_discourse_answers_as_the_recorded_one_did(name: str, forum: RealForum) -> None:
    replay, then = forum.ready(name), recording(name)
    now = replay.ask(then)
    if now.status_code in cases.tolerated(name) and now.status_code != then.status:
        return
    unlike = list(differences(found(then, now, replay), expected(then, replay), (*cases.unlike(name), *cases.OWN_WORDS)))
    if unlike:
        pytest.fail("\n".join(unlike), pytrace=False)
