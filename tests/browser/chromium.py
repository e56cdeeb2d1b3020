"""The browser: Debian's Chromium, driven by Playwright, without a window. It meets no network but this machine's."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

VARIABLE = "CHROMIUM"
MISSING = "There is no browser: {name} is not on this machine. On Debian: sudo apt-get install chromium. Another of its family: CHROMIUM=google-chrome make test"
OPTIONS = [
    "--no-sandbox",  # it refuses to run as root with one, and shows only our own pages
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--font-render-hinting=none",  # the same picture on every machine
    "--force-color-profile=srgb",
]


def executable() -> str:
    """Where the browser is; a FileNotFoundError that says how to get one."""
    name = os.environ.get(VARIABLE, "") or "chromium"
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(MISSING.format(name=name))
    return found


@contextmanager
def running() -> Iterator[Browser]:
    """The browser, with an empty profile that goes when it ends."""
    path = executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        try:
            yield browser
        finally:
            browser.close()
