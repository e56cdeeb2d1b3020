"""The sandbox answers as a real Discourse did: the same questions in other words, put to both."""

from __future__ import annotations

import pytest

from integrations.discourse.sandbox import Sandbox
from tests.contract import cases, real
from tests.contract.compare import differences, expected, found
from tests.contract.recordings import recording, recordings
from tests.contract.targets import on_sandbox


@pytest.mark.parametrize("name", recordings())
def test_the_sandbox_answers_as_discourse_did(name: str, seed: str) -> None:
    with on_sandbox(f"{seed} {name}") as stage:
        for step in cases.steps(name):
            stage.do(step)
        then = recording(name)
        now = stage.replay.ask(then)
        unlike = list(differences(found(then, now, stage.replay), expected(then, stage.replay), cases.unlike(name)))
        if unlike:
            pytest.fail("\n".join(unlike), pytrace=False)


def test_a_run_over_a_real_discourse_leaves_nothing_behind_even_when_it_fails(monkeypatch: pytest.MonkeyPatch, seed: str) -> None:
    with Sandbox() as sandbox:
        ids = {
            "category": sandbox.create_category("Public place"),
            "private_category": sandbox.create_category("Private place", private=True),
        }
        here = {"url": sandbox.url, "admin_key": sandbox.admin_key, "bot_key": sandbox.bot_key} | ids
        for name, value in here.items():
            monkeypatch.setenv(real.NAMES[name], str(value))
        monkeypatch.setenv(real.ADMIN_NAME, sandbox.admin_username)
        with pytest.raises(ZeroDivisionError), real.real_forum(seed) as running:
            for name in ("move.private.show_anon", "posts.update.raw", "memo.identical_plus_permitted_param"):
                assert running.ready(name).ask(recording(name)).status_code == recording(name).status
            raise ZeroDivisionError
        made = sandbox.topics()
        assert [topic["title"] for topic in made if topic["deleted_at"] is None] == []
        assert len(made) == 4
