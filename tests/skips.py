"""A skipped test is a test that nobody runs: the suite is red unless the cause is one of the two that a machine cannot mend.

    pytest.skip("third-party data: the meetings of the lab are not beside the checkout")
    pytest.skip("no real Discourse: set PEERPLUGIN_DISCOURSE_URL")

Any other skip, and every expected failure, ends the session with exit code 1 and a table that names it."""

from __future__ import annotations

import pytest

ALLOWED = ("third-party data:", "no real Discourse:")

_refused = pytest.StashKey[list[tuple[str, str]]]()


def pytest_configure(config: pytest.Config) -> None:
    """Start with no refused skip."""
    config.stash[_refused] = []


class Watch:
    """Sees the reports; a plugin object of its own because a report does not know its config."""

    def __init__(self, refused: list[tuple[str, str]]) -> None:
        self.refused = refused

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test was skipped, or failed as somebody expected."""
        if hasattr(report, "wasxfail"):
            self.refused.append((report.nodeid, f"expected to fail: {report.wasxfail or 'no reason given'}"))
        elif report.skipped:
            self._judge(report.nodeid, report.longrepr)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A whole file was skipped."""
        if report.skipped:
            self._judge(report.nodeid, report.longrepr)

    def _judge(self, nodeid: str, longrepr: object) -> None:
        reason = str(longrepr[2] if isinstance(longrepr, tuple) else longrepr).removeprefix("Skipped: ")
        if not reason.startswith(ALLOWED):
            self.refused.append((nodeid, reason))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Watch this session."""
    session.config.pluginmanager.register(Watch(session.config.stash[_refused]), "skips-watch")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn a session red that would otherwise have passed."""
    if session.config.stash[_refused] and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which skips are not allowed, and what is."""
    refused = config.stash[_refused]
    if not refused:
        return
    terminalreporter.section("skips that are not allowed", red=True)
    width = max(len(nodeid) for nodeid, _ in refused)
    for nodeid, reason in refused:
        terminalreporter.line(f"{nodeid:<{width}}  {reason}")
    terminalreporter.line(
        f"Allowed reasons begin with {' or '.join(repr(prefix) for prefix in ALLOWED)}. Run the test, mend it, or delete it."
    )
