"""The seed of this run's titles, names and texts: a failure is repeated with PEERPLUGIN_TEST_SEED."""

from __future__ import annotations

import os
import secrets

import pytest

SEED = os.environ.get("PEERPLUGIN_TEST_SEED") or secrets.token_hex(4)


def pytest_report_header() -> str:
    """Say which seed it is."""
    return f"contract: PEERPLUGIN_TEST_SEED={SEED}"


@pytest.fixture
def seed() -> str:
    """This run's seed."""
    return SEED
