"""How the house is built, checked by a machine: sizes, names, docstrings, import directions, and what the README says of the code."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests import map as house_map

ROOT = house_map.ROOT
SANDBOX = Path("integrations/discourse/sandbox")  # a program of its own
FILE_LINES, FUNCTION_LINES, BROAD_EXCEPTS = 400, 60, 3
NO_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "base", "misc"}
DEPENDENCIES = {"nio", "aiohttp", "requests", "pydantic", "pydantic_settings", "schedule", "sqlalchemy", "alembic", "jinja2", "typer", "rich", "dateutil", "icalendar", "markdown_it", "numpy", "lightgbm", "sklearn"}  # fmt: skip
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time"), ("time", "time_ns")}
CORE_LIBRARIES = {"jinja2", "dateutil", "icalendar", "numpy"}
IMPURE = {
    "asyncio", "concurrent", "ctypes", "glob", "http", "importlib", "io", "logging", "multiprocessing", "os", "pathlib", "pickle", "random",
    "secrets", "select", "shelve", "shutil", "signal", "socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time", "uuid",
}  # fmt: skip


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def ours() -> list[Path]:
    return [path.relative_to(ROOT) for top in ("peerplugin", "integrations") for path in sorted((ROOT / top).rglob("*.py"))]


def inside(folder: str) -> list[Path]:
    return [path for path in ours() if path.is_relative_to(folder) and not path.is_relative_to(SANDBOX)]


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every name that a file imports, wherever in the file: `peerplugin.core.model.EventId`."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


# --- sizes, names, words ------------------------------------------------------------------------------------------


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in ours()}
    assert {path: length for path, length in lengths.items() if length > FILE_LINES} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in ours()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES
    ]
    assert long == []


def test_every_module_says_in_a_line_what_it_is() -> None:
    assert [str(path) for path in ours() if not house_map.first_line(path).endswith((".", "!", "?", ":", "`"))] == []


def test_no_module_has_a_name_that_says_nothing_or_a_dependencys_name() -> None:
    assert [str(path) for path in ours() if {path.stem, path.parent.name} & (NO_NAMES | DEPENDENCIES)] == []


def test_at_most_three_excepts_are_broad_and_each_says_why() -> None:
    broad = []
    for path in ours():
        lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ExceptHandler) and caught(node) & {"", "Exception", "BaseException"} and not passes_on(node):
                reason = lines[node.lineno - 1].partition("#")[2].replace("noqa: BLE001", "").strip(" #:-")
                assert reason or lines[node.lineno].strip().startswith("#"), f"{path}:{node.lineno} does not say why"
                broad.append(f"{path}:{node.lineno}")
    assert len(broad) <= BROAD_EXCEPTS, broad


def passes_on(handler: ast.ExceptHandler) -> bool:
    """Whether the handler ends by raising what it caught: then nothing is swallowed."""
    return isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None


def caught(handler: ast.ExceptHandler) -> set[str]:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {"" if kind is None else ast.unparse(kind) for kind in kinds}


# --- clocks and borders -------------------------------------------------------------------------------------------


def test_only_the_app_looks_at_the_clock() -> None:
    looks = [
        f"{path}:{node.lineno}"
        for path in [*inside("peerplugin"), *inside("integrations")]
        if path != Path("peerplugin/app.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and (ast.unparse(node.value).split(".")[-1], node.attr) in CLOCKS
    ]
    assert looks == []


def test_the_core_is_pure() -> None:
    allowed = (sys.stdlib_module_names - IMPURE) | CORE_LIBRARIES
    wrong = [
        f"{path}:{line} {name}"
        for path in inside("peerplugin/core")
        for line, name in imports(path)
        if not within(name, "peerplugin.core", "peerplugin.errors") and name.split(".")[0] not in allowed
    ]
    assert wrong == []


def test_the_core_never_waits_opens_or_prints() -> None:
    wrong = [
        f"{path}:{node.lineno}"
        for path in inside("peerplugin/core")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.AsyncFunctionDef | ast.Await)
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"open", "print", "input", "exec", "eval"})
    ]
    assert wrong == []


def test_an_integration_knows_the_core_the_ports_the_errors_and_itself() -> None:
    wrong = []
    for path in inside("integrations"):
        own = ".".join(path.parts[:2]) if len(path.parts) > 2 else "integrations"
        for line, name in imports(path):
            known = name == "peerplugin" or within(name, "peerplugin.core", "peerplugin.ports", "peerplugin.errors", own)  # (its version)
            if within(name, "peerplugin", "integrations") and not known:
                wrong.append(f"{path}:{line} {name}")
    assert wrong == []


def test_the_sandbox_is_a_program_of_its_own() -> None:
    known = ("integrations.discourse.sandbox", "integrations.discourse.wire")  # the wire holds the forum's own words, for both sides
    wrong = [
        f"{path}:{line} {name}"
        for path in ours()
        for line, name in imports(path)
        if path.is_relative_to(SANDBOX) and within(name, "peerplugin", "integrations") and not within(name, *known)
    ]
    assert wrong == []


def test_imports_run_one_way() -> None:
    result = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


# --- what the README says -----------------------------------------------------------------------------------------


def test_the_map_in_the_readme_is_the_house() -> None:
    readme = house_map.README.read_text(encoding="utf-8")
    assert house_map.between("map", readme) == house_map.house(), "make map"


def test_the_state_diagram_in_the_readme_is_the_one_the_core_goes_by() -> None:
    readme = house_map.README.read_text(encoding="utf-8")
    assert house_map.between("states", readme) == house_map.states(), "make map"


def test_every_file_that_a_document_links_to_is_there() -> None:
    for document in (*ROOT.glob("*.md"), ROOT / "config/README.md", ROOT / "deploy/README.md"):
        for target in house_map.links(document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
