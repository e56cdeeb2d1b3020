"""The little HTTP that the service serves: `/health`, for whoever watches it. It tells kinds of trouble, never what anybody wrote."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from peerplugin.errors import MistakeError
from peerplugin.service import Service


@asynccontextmanager
async def served(host: str, port: int | None, service: Service) -> AsyncIterator[None]:
    """Serve while the context lasts; without a port, nothing."""
    if port is None:
        yield
        return

    async def health(_: web.Request) -> web.Response:
        ill = dict(service.troubles)
        return web.json_response({"healthy": not ill, "troubles": ill}, status=503 if ill else 200)

    application = web.Application()
    application.router.add_get("/health", health)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise MistakeError(f"http.port: {host}:{port} cannot be listened on ({error.strerror}). Is another program using it?") from error
    try:
        yield
    finally:
        await runner.cleanup()
