"""What tests of every folder share: the homeserver, started once when the first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.homeserver import Homeserver


@pytest.fixture(scope="session")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    """One real homeserver without rate limits for the whole run; make rooms and people of your own in it."""
    with Homeserver(tmp_path_factory.mktemp("homeserver")) as running:
        yield running
