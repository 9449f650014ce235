"""The loader's search as the script follows it, against what glibc's own loader maps, over libraries built here."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cudadoctor.probes import child

SCRIPT = Path(child.__path__[0]) / "loader_report.py"
pytestmark = pytest.mark.skipif(
    shutil.which("gcc") is None or sys.platform != "linux", reason="builds shared objects and asks glibc"
)
TORCH = """
import ctypes, glob, os, sys
here = os.path.dirname(os.path.abspath(__file__))
def _preload_cuda_deps():
    libs = [("cuda_runtime", "libcudart.so.*[0-9]"), ("nvjitlink", "libnvJitLink.so.*[0-9]")]
    for folder, name in libs:
        for path in sys.path:
            found = glob.glob(os.path.join(path, "nvidia", folder, "lib", name))
            if found:
                ctypes.CDLL(found[0])
                break
        else:
            raise ValueError(name)
def _load_global_deps():
    path = os.path.join(here, "lib", "libtorch_global_deps.so")
    try:
        ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
        %s
    except OSError as err:
        if "libcudart" not in str(err):
            raise
        _preload_cuda_deps()
        ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
_load_global_deps()
ctypes.CDLL(os.path.join(here, "_C.abi3.so"))
"""
AFTER = """
        with open("/proc/self/maps") as f:
            _maps = f.read()
        if "libcudart.so" not in _maps:
            raise SystemExit
        try:
            _preload_cuda_deps()
        except Exception:
            pass
"""


@dataclass(frozen=True, kw_only=True)
class Lib:
    """A shared object: where it lies below the scene, what it needs, and its search path."""

    path: str
    needs: tuple[str, ...] = ()
    """Paths of others below the scene: linked by their SONAME."""
    rpath: str | None = None
    old: bool = False
    """DT_RPATH rather than DT_RUNPATH."""

    @property
    def soname(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Libraries, and the variables of the process."""

    why: str
    libs: tuple[Lib, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    after: bool = False
    cwd: str = "."
    other_machine: tuple[str, ...] = ()
    """Paths whose ELF header is changed to that of another machine at the end."""
    removed: tuple[str, ...] = ()
    taken: Mapping[str, str | None]
    """SONAME → the path below the scene that must be mapped."""


ART, JIT, SPARSE = "libcudart.so.12", "libnvJitLink.so.12", "libcusparse.so.12"
W = "site/nvidia"
RUNTIME, WHEEL_JIT = f"{W}/cuda_runtime/lib/{ART}", f"{W}/nvjitlink/lib/{JIT}"
RPATHS = "$ORIGIN/../../nvidia/cuda_runtime/lib:$ORIGIN/../../nvidia/cusparse/lib:$ORIGIN"


def wheel(
    *, old: bool, rpath: str | None = RPATHS, sparse: str | None = "$ORIGIN/../../nvjitlink/lib"
) -> tuple[Lib, ...]:
    """torch as its wheels are: RPATH or RUNPATH on torch's own, RUNPATH (or none) on cuSPARSE."""
    return (
        Lib(path=RUNTIME),
        Lib(path=WHEEL_JIT),
        Lib(path=f"{W}/cusparse/lib/{SPARSE}", needs=(WHEEL_JIT,), rpath=sparse),
        Lib(path="site/torch/lib/libtorch_global_deps.so", needs=(RUNTIME,), rpath=rpath, old=old),
        Lib(path="site/torch/lib/libtorch_cuda.so", needs=(f"{W}/cusparse/lib/{SPARSE}",), rpath=rpath, old=old),
        Lib(path="site/torch/_C.abi3.so", needs=("site/torch/lib/libtorch_cuda.so",), rpath="$ORIGIN/lib", old=old),
        Lib(path=f"toolkit/{ART}"),
        Lib(path=f"toolkit/{JIT}"),
    )


TOOLKIT = {"LD_LIBRARY_PATH": "{root}/toolkit"}
SCENES = (
    Scene(
        why="RUNPATH gives way to LD_LIBRARY_PATH",
        libs=wheel(old=False),
        env=TOOLKIT,
        taken={ART: f"toolkit/{ART}", JIT: f"toolkit/{JIT}"},
    ),
    Scene(
        why="RPATH goes before LD_LIBRARY_PATH, and the RUNPATH of a library that it leads to does not",
        libs=wheel(old=True),
        env=TOOLKIT,
        taken={ART: RUNTIME, JIT: f"toolkit/{JIT}"},
    ),
    Scene(
        why="the RPATH of what loaded it supports a library that has none",
        libs=wheel(old=True, rpath=f"{RPATHS}:$ORIGIN/../../nvidia/nvjitlink/lib", sparse=None),
        env=TOOLKIT,
        taken={ART: RUNTIME, JIT: WHEEL_JIT},
    ),
    Scene(
        why="and serves none that has a RUNPATH of its own",
        libs=wheel(old=True, rpath=f"{RPATHS}:$ORIGIN/../../nvidia/nvjitlink/lib", sparse="$ORIGIN"),
        env=TOOLKIT,
        taken={ART: RUNTIME, JIT: f"toolkit/{JIT}"},
    ),
    Scene(
        why="a later torch loads the wheel's copy first",
        libs=wheel(old=True),
        env=TOOLKIT,
        after=True,
        taken={ART: RUNTIME, JIT: WHEEL_JIT},
    ),
    Scene(
        why="without search paths torch loads by path what the loader does not find",
        libs=wheel(old=True, rpath="$ORIGIN:$ORIGIN/../../nvidia/cusparse/lib"),
        taken={ART: RUNTIME, JIT: WHEEL_JIT},
    ),
    Scene(why="no variable", libs=wheel(old=False), taken={ART: RUNTIME, JIT: WHEEL_JIT}),
    Scene(
        why="an empty element is the current directory",
        libs=wheel(old=True),
        env={"LD_LIBRARY_PATH": "/nonexistent::"},
        cwd="toolkit",
        taken={JIT: f"toolkit/{JIT}"},
    ),
    Scene(
        why="semicolons divide, too",
        libs=wheel(old=True),
        env={"LD_LIBRARY_PATH": "/nonexistent;{root}/toolkit"},
        taken={JIT: f"toolkit/{JIT}"},
    ),
    Scene(
        why="what is preloaded is there already",
        libs=wheel(old=True),
        env={"LD_PRELOAD": "{root}/toolkit/" + ART},
        taken={ART: f"toolkit/{ART}", JIT: WHEEL_JIT},
    ),
    Scene(
        why="a file for another machine is passed over",
        libs=wheel(old=True),
        env=TOOLKIT,
        other_machine=(f"toolkit/{JIT}",),
        taken={JIT: WHEEL_JIT},
    ),
    Scene(
        why="nothing provides it",
        libs=wheel(old=True),
        removed=(WHEEL_JIT, f"toolkit/{JIT}"),
        taken={JIT: None},
    ),
)


def build(root: Path, scene: Scene) -> None:
    """Compile the scene."""
    for lib in scene.libs:
        out = root / lib.path
        out.parent.mkdir(parents=True, exist_ok=True)
        command = ["gcc", "-shared", "-o", str(out), "-xc", "/dev/null", f"-Wl,-soname,{lib.soname}"]
        command += ["-Wl,--no-as-needed", "-Wl,--unresolved-symbols=ignore-all", "-Wl,--allow-shlib-undefined"]
        command += ["-xnone", *(str(root / one) for one in lib.needs)]
        if lib.rpath:
            command += [f"-Wl,-rpath,{lib.rpath}", f"-Wl,--{'disable' if lib.old else 'enable'}-new-dtags"]
        subprocess.run(command, check=True, capture_output=True)
    for path in scene.other_machine:
        data = bytearray((root / path).read_bytes())
        data[18:20] = (183 if data[18] == 62 else 62).to_bytes(2, "little")
        (root / path).write_bytes(data)
    for path in scene.removed:
        (root / path).unlink()
    (root / "site/torch/__init__.py").write_text(TORCH % (AFTER if scene.after else "pass"))


def environment(root: Path, scene: Scene) -> dict[str, str]:
    """The variables of the process."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("LD_", "PYTHON"))}
    return {**kept, **{key: value.replace("{root}", str(root)) for key, value in scene.env.items()}}


def mapped(root: Path, scene: Scene) -> dict[str, str]:
    """What glibc maps when that torch is imported: name → path below the scene."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "try:\n import torch\nexcept OSError: pass\n"
        "with open('/proc/self/maps') as maps: print(maps.read())"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, str(root / "site")],
        env=environment(root, scene),
        cwd=root / scene.cwd,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = {line.split()[-1] for line in done.stdout.splitlines() if str(root) in line}
    return {path.rpartition("/")[2]: os.path.relpath(path, root) for path in paths}


def followed(root: Path, scene: Scene) -> list[dict[str, Any]]:
    """What the script says."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-", "loader_report/1", sys.executable, str(root / "site/torch")],
        input=SCRIPT.read_bytes(),
        env=environment(root, scene),
        cwd=root / scene.cwd,
        capture_output=True,
        check=True,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows[0] == {"step": "start"}
    assert rows[-1] == {"step": "end"}, done.stderr
    return rows[1:-1]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.why)
def test_takes_what_glibc_takes(scene: Scene, tmp_path: Path) -> None:
    root = tmp_path.resolve()
    build(root, scene)
    rows = {row["soname"]: row for row in followed(root, scene) if row["soname"] in (ART, JIT, SPARSE)}
    said = {name: row["path"] and os.path.relpath(row["real"], root) for name, row in rows.items()}
    truth = mapped(root, scene)
    for name, path in scene.taken.items():
        assert truth.get(name) == path, "the scene is not what it claims to be"
        assert said[name] == path, rows[name]


def test_says_which_copy_came_with_torch(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    scene = SCENES[1]
    build(root, scene)
    (row,) = [row for row in followed(root, scene) if row["soname"] == JIT]
    assert (row["how"], row["where"]) == ("LD_LIBRARY_PATH", str(root / "toolkit"))
    assert row["own"] == str(root / WHEEL_JIT)
    assert row["by"].endswith(SPARSE)


@pytest.fixture(name="script")
def fixture_script() -> Any:
    spec = importlib.util.spec_from_file_location("loader_report", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_reads_the_cache_of_this_machine(script: Any) -> None:
    path = Path("/etc/ld.so.cache")
    if not path.exists():
        pytest.skip("no cache here")
    machine = script.Elf(os.path.realpath(sys.executable)).machine
    entries = script.cache_entries(path.read_bytes(), machine)
    done = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True)
    assert "libc.so.6 (libc6" in done.stdout
    assert f"=> {entries['libc.so.6']}" in done.stdout


@pytest.mark.parametrize("size", [0, 3, 63, 64, 100, 200, 400])
def test_half_an_elf_file_is_no_crash(size: int, script: Any, tmp_path: Path) -> None:
    data = Path(os.path.realpath(sys.executable)).read_bytes()[:4000]
    part = tmp_path / "part.so"
    part.write_bytes(data[:size] + bytes(300 if size > 64 else 0))
    loader = script.Loader(os.path.realpath(sys.executable), {})
    loader.fits(str(part))


def test_a_damaged_cache_is_an_empty_one(script: Any) -> None:
    head = b"glibc-ld.so.cache1.1" + (5).to_bytes(4, "little") + bytes(24)
    assert script.cache_entries(b"", 62) == {}
    with pytest.raises(Exception, match="buffer"):
        script.cache_entries(head, 62)
