"""What the stories share: one sandbox forum for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.discourse.sandbox import Sandbox
from peerplugin.demo.homeserver import Homeserver
from tests.story.stage import Stage


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A forum on loopback."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def stage(homeserver: Homeserver, tmp_path: Path) -> Iterator[Stage]:
    """A stage with a forum of its own, which a test may break."""
    with Sandbox() as forum:
        built = Stage.build(homeserver, forum, tmp_path)
        yield built
        built.close()
