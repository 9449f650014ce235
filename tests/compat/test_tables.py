"""The tables as files: made from the facts, small, sourced, and free of names that do not belong there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cudadoctor.compat import _tables
from cudadoctor.compat.source import Source

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = REPOSITORY / "cudadoctor" / "compat" / "data"
FACTS = REPOSITORY / "scripts" / "facts"
TABLES = sorted(path.stem for path in DATA.glob("*.json"))
REGISTRIES = [
    ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("deb", "debian", "org"), ("npmjs", "org"))
]


def make(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = repository / "scripts" / "make_tables.py"
    return subprocess.run(
        [sys.executable, str(script), *arguments], capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of the script, its facts and the tables, with nothing beside it."""
    shutil.copytree(REPOSITORY / "scripts", tmp_path / "scripts")
    shutil.copytree(DATA, tmp_path / "cudadoctor" / "compat" / "data")
    return tmp_path


def test_the_tables_are_those_of_the_facts(clone: Path) -> None:
    done = make(clone, "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_changed_fact_is_named_and_nothing_is_written(clone: Path) -> None:
    path = clone / "scripts" / "facts" / "drivers.json"
    path.write_text(path.read_text().replace('"418.39"', '"418.40"', 1))
    before = (clone / "cudadoctor/compat/data/drivers.json").read_bytes()
    done = make(clone, "--check")
    assert done.returncode == 1
    assert done.stdout.startswith("drivers.json: ")
    assert done.stdout.count("\n") == 1
    assert (clone / "cudadoctor/compat/data/drivers.json").read_bytes() == before


def test_made_twice_gives_the_same_bytes(clone: Path) -> None:
    data = clone / "cudadoctor/compat/data"
    shutil.rmtree(data)
    assert make(clone).returncode == 0
    for name in TABLES:
        assert (data / f"{name}.json").read_bytes() == (DATA / f"{name}.json").read_bytes(), name


def test_a_table_that_nothing_makes_is_named(clone: Path) -> None:
    (clone / "cudadoctor/compat/data/stray.json").write_text("{}")
    done = make(clone, "--check")
    assert done.returncode == 1
    assert "stray.json" in done.stdout


@pytest.mark.parametrize("path", [*sorted(DATA.iterdir()), *sorted(FACTS.iterdir())], ids=lambda path: path.name)
def test_no_file_names_a_package_registry(path: Path) -> None:
    text = path.read_text(encoding="utf-8").lower()
    for host in REGISTRIES:
        assert host not in text
    assert not re.search(r"(?<![\w.])/(?:work|root|home|tmp)/", text)


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_sourced(name: str) -> None:
    parts = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))["sources"]
    assert parts
    for part in parts:
        found = _tables.source(name, part)
        assert isinstance(found, Source)
        assert found.title
        assert found.url.startswith("https://")
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", found.read_on)


def test_tables_are_loaded_at_their_first_use() -> None:
    program = (
        "from cudadoctor.compat import _tables, arch, drivers, gpus, torch_builds, conda, indexes, apt, installers\n"
        "assert not _tables._loaded, _tables._loaded\n"
        "gpus.by_pci_id('10de:1b06')\n"
        "assert list(_tables._loaded) == ['gpus'], list(_tables._loaded)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_source_is_one_type() -> None:
    from cudadoctor.checks.engine.base import Source as InChecks

    assert InChecks is Source


def test_compat_imports_only_versions() -> None:
    for path in sorted((REPOSITORY / "cudadoctor" / "compat").glob("*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            match = re.match(r"\s*(?:from|import) (cudadoctor[\w.]*|os|subprocess|pathlib)\b", line)
            if match:
                assert match[1].startswith(("cudadoctor.compat", "cudadoctor.versions")), f"{path.name}: {line}"
