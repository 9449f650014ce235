"""A library planted in the current directory: loaded after the widespread three lines, and not after ours."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from cudadoctor.shells import dialects
from cudadoctor.shells.paths import wanted

LOOSE = 'export LD_LIBRARY_PATH={root}/lib64:"$LD_LIBRARY_PATH:/usr/loacl/cuda/lib64:{root}/extras/CUPTI/lib64"\n'


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A program that needs libplanted.so; a toolkit that has a good one; a directory with another one."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    base = tmp_path_factory.mktemp("loader")
    toolkit, elsewhere = base / "cuda", base / "downloads"
    for folder in (toolkit / "bin", toolkit / "lib64", elsewhere):
        folder.mkdir(parents=True)
    source = base / "lib.c"
    # The good one is in the toolkit under another name, so that only the planted one could be found.
    source.write_text("int who(void) { return 66; }\n")
    library = elsewhere / "libplanted.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(source)], check=True, timeout=60)
    main = base / "main.c"
    main.write_text('#include <stdio.h>\nint who(void);\nint main(void) { printf("%d", who()); return 0; }\n')
    program = base / "program"
    command = [compiler, "-o", str(program), str(main), f"-L{elsewhere}", "-lplanted"]
    subprocess.run(command, check=True, timeout=60)
    return program, toolkit, elsewhere


def started(lines: str, program: Path, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", f"{lines}\nexec {program}"], cwd=cwd, env={"PATH": "/usr/bin:/bin", **env},
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip


@pytest.mark.parametrize("env", [{}, {"LD_LIBRARY_PATH": ""}, {"LD_LIBRARY_PATH": "/opt/lib:"}])
def test_planted_library(planted: tuple[Path, Path, Path], env: dict[str, str]) -> None:
    program, toolkit, elsewhere = planted
    loose = started(LOOSE.format(root=toolkit), program, elsewhere, env)
    assert (loose.returncode, loose.stdout) == (0, "66"), "the plant must work, or the next lines prove nothing"
    ours = "\n".join(dialects.posix(wanted(str(toolkit), ld_library_path=True)))
    strict = started(ours, program, elsewhere, env)
    assert strict.returncode == 127
    assert "libplanted.so" in strict.stderr
    after = started(LOOSE.format(root=toolkit) + ours, program, elsewhere, env)
    assert after.returncode == 127, "our lines take out the empty entry that others made"
