"""`make pictures`: the forum's pages after a meeting, as the README shows them. The same pages give the same pictures."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, FloatRect, ViewportSize

from tests.browser.chromium import running
from tests.browser.evening import Evening, evening

FOLDER = Path(__file__).parents[2] / "deploy" / "pictures"
DESK, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
COLUMN = FloatRect(x=200, y=0, width=880, height=900)
"""What of a window on a desk there is something in."""
COLOURS = 64
"""Enough for text on plain ground, and a third of the bytes."""
LARGEST = 120_000
"""Bytes that a picture may have: the README should open on a phone."""


@dataclass(frozen=True)
class Picture:
    """One page, and what it is shown on."""

    name: str
    path: str
    on_a_phone: bool = False


def wanted(forum: Evening) -> list[Picture]:
    """The pictures, each of a page of this forum."""
    topic = forum.address("brain fog")
    return [
        Picture("category", f"/c/ms-saturday-adda/{forum.category}"),
        Picture("topic", topic),
        Picture("search", "/search?q=hospital"),
        Picture("topic-phone", topic, on_a_phone=True),
    ]


def take(browser: Browser, forum: Evening, picture: Picture, folder: Path) -> Path:
    """One picture, as a file."""
    window, clip = (PHONE, None) if picture.on_a_phone else (DESK, COLUMN)
    page = browser.new_page(viewport=window, color_scheme="light", locale="en", timezone_id="UTC", reduced_motion="reduce")
    page.goto(forum.sandbox.url + picture.path)
    shot = page.screenshot(clip=clip, animations="disabled")
    page.close()
    file = folder / f"{picture.name}.png"
    with Image.open(BytesIO(shot)) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    return file


def main() -> int:
    """Take all of them anew."""
    FOLDER.mkdir(exist_ok=True)
    with evening() as forum, running() as browser:
        files = [take(browser, forum, picture, FOLDER) for picture in wanted(forum)]
    for file in files:
        print(f"{file.relative_to(Path.cwd())}  {file.stat().st_size:,} bytes")
    return 1 if any(file.stat().st_size > LARGEST for file in files) else 0


if __name__ == "__main__":
    sys.exit(main())
