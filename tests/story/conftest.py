"""What the stories share: one sandbox forum for all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.discourse.sandbox import Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A forum on loopback."""
    with Sandbox() as running:
        yield running
