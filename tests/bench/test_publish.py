"""That a publication asks for no more than it must, and waits no longer than the forum's limit forces it to: in requests, not in seconds of ours."""

from __future__ import annotations

from pathlib import Path

from tests.bench.publish import publish


async def test_a_meeting_takes_two_requests_for_each_document_and_no_wait(tmp_path: Path) -> None:
    run = await publish(tmp_path, 12, proven=True)
    assert run.put.calls == {"POST /posts.json": 12, "GET /t/{n}.json": 12}
    assert run.index.calls == {"POST /posts.json": 1, "GET /t/{n}.json": 1}
    assert run.waited_s == 0


async def test_the_first_meeting_of_a_series_takes_the_proof_besides_and_no_wait_either(tmp_path: Path) -> None:
    run = await publish(tmp_path, 12)
    assert run.proof.calls.total() == 17
    assert run.keyed == 39
    assert run.waited_s == 0


async def test_what_does_not_fit_into_a_minute_waits_for_the_next_and_an_erasure_does_not(tmp_path: Path) -> None:
    run = await publish(tmp_path, 24, proven=True, interrupted=True)
    assert run.keyed == 50
    assert run.waited_s == run.forced_s == 60
    assert run.erasure is not None
    assert run.erasure.calls.total() == 6
    assert run.erasure.waited_s == 0
