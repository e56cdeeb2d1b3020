"""What travels in the wheel: a service that was installed needs no checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of this checkout, built by the locked hatchling, without network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def files(folder: str) -> set[str]:
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(ROOT)) for path in found}


def test_every_file_of_config_travels_inside_the_package(wheel: zipfile.ZipFile) -> None:
    expected = {f"peerplugin/{name}" for name in files("config")}
    assert expected
    assert expected - set(wheel.namelist()) == set()


def test_the_code_its_migrations_and_its_data_travel_as_they_stand_in_the_checkout(wheel: zipfile.ZipFile) -> None:
    expected = files("peerplugin") | files("integrations")
    assert "peerplugin/py.typed" in expected
    assert expected - set(wheel.namelist()) == set()


def test_tests_and_deploy_stay_at_home(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"peerplugin", "integrations"}


def test_an_installed_package_finds_its_config_beside_itself(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    program = "from peerplugin.settings import config_file; print(config_file('peerplugin.example.toml'))"
    result = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, env={"PYTHONPATH": str(tmp_path)}, check=True
    )
    assert result.stdout.strip() == str(tmp_path / "peerplugin/config/peerplugin.example.toml")
