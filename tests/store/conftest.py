"""A store in a file of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from peerplugin.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store of this test lives."""
    return tmp_path / "peerplugin.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """An open store."""
    opened = Store.open(path)
    yield opened
    opened.close()
