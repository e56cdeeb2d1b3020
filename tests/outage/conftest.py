"""The forum of the outages: its name, its proxy, one evening that is played again and again."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.outage.world import HOST, Evening
from tests.proxy import Names, Proxy


@pytest.fixture(scope="module")
def names() -> Iterator[Names]:
    """The resolver: whoever asks for the forum's name asks it."""
    with pytest.MonkeyPatch.context() as patch:
        resolver = Names(HOST)
        patch.setattr(socket, "getaddrinfo", resolver)
        patch.setenv("NO_PROXY", HOST)
        yield resolver


@pytest.fixture(scope="module")
def stage(names: Names, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    """One evening for all tests of a file."""
    with Proxy("http://127.0.0.1:1") as proxy:
        evening = Evening(tmp_path_factory.mktemp("evening"), proxy)
        yield evening
        evening.close()


@pytest.fixture
def evening(stage: Evening) -> Evening:
    """An evening of which nothing has happened yet."""
    stage.anew("topics")
    return stage
