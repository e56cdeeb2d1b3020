"""What tests of every folder share: the homeserver, started once when the first test asks for it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from peerplugin.demo.homeserver import Homeserver


@pytest.fixture(scope="session")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    """One real homeserver without rate limits for the whole run; make rooms and people of your own in it."""
    with in_memory(tmp_path_factory.mktemp("homeserver")) as folder, Homeserver(folder) as running:
        yield running


@contextmanager
def in_memory(otherwise: Path) -> Iterator[Path]:
    """A folder that no disk slows down, where this system has one: the tests wait for the homeserver more than for us."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        otherwise.mkdir(exist_ok=True)
        yield otherwise
        return
    with tempfile.TemporaryDirectory(prefix="peerplugin-", dir=memory) as folder:
        yield Path(folder)
