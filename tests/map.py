"""The parts of the README that the code itself writes: the map of the house and the diagram of a meeting's states.

`python -m tests.map` writes them; tests/test_house.py holds them to the code."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
READING_ORDER = (
    "model", "effects", "facts", "record", "meetings", "commands", "capture", "threads", "consent", "privacy", "summary", "draft", "safety",
    "review", "publish", "announce", "relay", "lifecycle",
)  # fmt: skip
PLACES = (
    "peerplugin/core",
    "peerplugin",
    "peerplugin/store",
    "peerplugin/demo",
    "peerplugin/learning",
    "integrations/matrix",
    "integrations/discourse",
    "integrations/discourse/sandbox",
)


def modules() -> list[Path]:
    """All our modules, relative to the checkout, in the order in which the map names them: the core as it is best read, then the shell."""
    found = [path.relative_to(ROOT) for top in ("peerplugin", "integrations") for path in (ROOT / top).rglob("*.py")]
    return sorted((path for path in found if "versions" not in path.parts), key=_rank)


def _rank(path: Path) -> tuple[int, int, str]:
    place, core = str(path.parent), path.parent.name == "core"
    reading = READING_ORDER.index(path.stem) if core and path.stem in READING_ORDER else len(READING_ORDER)
    return PLACES.index(place) if place in PLACES else len(PLACES), -1 if path.stem == "__init__" else reading, str(path)


def first_line(path: Path) -> str:
    """What a module says it is."""
    return (ast.get_docstring(ast.parse((ROOT / path).read_text(encoding="utf-8"))) or "").split("\n", 1)[0]


def house() -> str:
    """The map: a table for each folder, a line for each module."""
    return "\n\n".join(_table(place, [path for path in modules() if str(path.parent) == place]) for place in _places())


def _places() -> list[str]:
    return list(dict.fromkeys(str(path.parent) for path in modules()))


def _table(place: str, paths: Iterable[Path]) -> str:
    lines = [f"| `{place}/` | |", "|---|---|"]
    lines += [f"| [{path.stem}]({path}) | {first_line(path).replace('|', chr(92) + '|')} |" for path in paths if first_line(path)]
    return "\n".join(lines)


def states() -> str:
    """The diagram of what can become of a meeting, from the table that the core itself goes by."""
    transitions = importlib.import_module("peerplugin.core.lifecycle").TRANSITIONS
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {next(iter(transitions))}"]
    for phase, followers in transitions.items():
        lines += [f"    {phase} --> {follower}" for follower in sorted(followers)] or [f"    {phase} --> [*]"]
    return "\n".join([*lines, "```"])


def between(name: str, text: str) -> str:
    """What stands between the two markers `name`."""
    found = re.search(rf"<!-- {name} -->\n(.*?)\n?<!-- /{name} -->", text, re.DOTALL)
    return found[1] if found else f"(no markers <!-- {name} --> ... <!-- /{name} -->)"


def links(text: str) -> list[str]:
    """The files that a Markdown text links to."""
    return [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"https?:|#|mailto:", target)]


def written(text: str) -> str:
    """`text` with both parts as the code has them now."""
    for name, part in (("map", house()), ("states", states())):
        head, _, rest = text.partition(f"<!-- {name} -->\n")
        text = f"{head}<!-- {name} -->\n{part}\n<!-- /{name} -->{rest.partition(f'<!-- /{name} -->')[2]}"
    return text


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
