"""The calendars of all series: handed out at the service's port, and kept up to date as files for those who cannot open one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from peerplugin.core.feed import Feed
from peerplugin.core.model import SeriesId
from peerplugin.errors import MistakeError, PeerpluginError

log = logging.getLogger(__name__)

Ask = Callable[[SeriesId], Awaitable[Feed | None]]


def write(file: Path, body: bytes) -> None:
    """Put a calendar where web servers find it: whole, or as it was. Raises MistakeError where the place does not let us."""
    try:
        if file.is_file() and file.read_bytes() == body:
            return
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as part:
            part.write(body)
        Path(part.name).chmod(0o644)  # everybody may read it: it is what the forum says, too
        Path(part.name).replace(file)
    except OSError as error:
        with contextlib.suppress(OSError, UnboundLocalError):
            Path(part.name).unlink(missing_ok=True)
        raise MistakeError(
            f"The calendar {file} cannot be written ({error.strerror}): let the service's user write into its folder."
        ) from None


@asynccontextmanager
async def kept(files: Mapping[SeriesId, Path], ask: Ask, every_s: float) -> AsyncIterator[None]:
    """Keep the files up to date while the context lasts; without any, nothing."""
    if not files:
        yield
        return
    task = asyncio.create_task(_keep(files, ask, every_s), name="calendars")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep(files: Mapping[SeriesId, Path], ask: Ask, every_s: float) -> None:
    complained: dict[SeriesId, str] = {}
    while True:
        for series, file in files.items():
            try:
                feed = await ask(series)
                if feed is not None:
                    await asyncio.to_thread(write, file, feed.body)
                complained.pop(series, None)
            except PeerpluginError as error:
                if complained.get(series) != str(error):
                    log.error("a calendar is not kept up to date", extra={"series": series, "cause": error})
                complained[series] = str(error)
        await asyncio.sleep(every_s)
