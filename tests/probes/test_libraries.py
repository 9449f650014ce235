"""What the script says of the loader's search becomes facts: versions, torch's own copies, gaps."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from cudadoctor.facts.envs import EnvFacts, Package, TorchFacts
from cudadoctor.facts.libraries import ResolvedLibrary
from cudadoctor.facts.seen import Seen
from cudadoctor.host.base import HELPER_PYTHON, TimedOut
from cudadoctor.probes import libraries
from cudadoctor.probes.base import Clock, Found, Request
from cudadoctor.versions import RuntimeVersion
from tests.probes.fake import FakeHost, Program, ended

SITE = "/data/v/lib/python3.11/site-packages"
TORCH = TorchFacts(
    version="2.5.1+cu124", cuda=RuntimeVersion(12, 4), location=f"{SITE}/torch", seen=Seen(where="x", text="y")
)
ENV = EnvFacts(
    kind="venv",
    name="v",
    prefix="/data/v",
    python="/data/v/bin/python",
    active=True,
    torch=TORCH,
    site_packages=SITE,
    packages={
        "nvidia-nvjitlink-cu12": Package(name="nvidia-nvjitlink-cu12", version="12.4.127"),
        "nvidia-cudnn-cu12": Package(name="nvidia-cudnn-cu12", version="9.1.0.70"),
    },
)
JIT = f"{SITE}/nvidia/nvjitlink/lib/libnvJitLink.so.12"
ROW = {
    "step": "library",
    "soname": "libnvJitLink.so.12",
    "path": "/usr/local/cuda/lib64/libnvJitLink.so.12",
    "real": "/usr/local/cuda-12.1/lib64/libnvJitLink.so.12.1.105",
    "size": 10,
    "how": "LD_LIBRARY_PATH",
    "by": f"{SITE}/nvidia/cusparse/lib/libcusparse.so.12",
    "own": JIT,
    "own_real": JIT,
    "own_size": 11,
}


def lines(*rows: object) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in ({"step": "start"}, *rows, {"step": "end"}))


def ask(program: Program, env: EnvFacts = ENV, request: Request | None = None) -> Found[tuple[EnvFacts, ...]]:
    host = FakeHost(programs={HELPER_PYTHON: program})
    return libraries.probe(host, request or Request(), Clock(60), (env,))


def one(*rows: object) -> ResolvedLibrary:
    found = ask(ended(lines(*rows)))
    assert found.value is not None
    assert found.gaps == ()
    (library,) = found.value[0].libraries or ()
    return library


def test_a_toolkits_copy_has_the_version_of_its_file_and_torchs_own_that_of_its_wheel() -> None:
    library = one(ROW)
    assert (library.version, library.own_version, library.same) == ("12.1.105", "12.4.127", False)
    assert library.how == "LD_LIBRARY_PATH"
    assert library.needed_by == ROW["by"]


def test_the_same_file_and_one_of_the_same_size_are_the_same() -> None:
    assert one({**ROW, "real": JIT, "path": JIT}).same is True
    assert one({**ROW, "size": 11}).same is True


def test_all_parts_of_cudnn_have_the_version_of_their_wheel() -> None:
    path = f"{SITE}/nvidia/cudnn/lib/libcudnn_ops.so.9"
    assert one({**ROW, "soname": "libcudnn_ops.so.9", "path": path, "real": path}).version == "9.1.0.70"


def test_a_name_that_is_all_of_the_files_name_is_no_version() -> None:
    path = "/usr/local/cuda/lib64/libcudart.so.11.0"
    assert one({**ROW, "soname": "libcudart.so.11.0", "path": path, "real": path, "own": None}).version is None


def test_without_a_copy_of_its_own_nothing_is_compared() -> None:
    library = one({**ROW, "own": None, "own_real": None})
    assert (library.own, library.own_version, library.same) == (None, None, None)


def test_what_is_missing_has_no_path() -> None:
    library = one({"step": "library", "soname": "libcudnn.so.9", "path": None, "how": "missing", "by": "/x"})
    assert (library.path, library.same, library.how) == (None, None, "missing")


@pytest.mark.parametrize(
    "program",
    [
        ended("", status=1, stderr="Traceback\nValueError: no 64-bit ELF file\n"),
        ended("nonsense"),
        ended(lines(ROW).replace('{"step": "end"}\n', "")),
        TimedOut(HELPER_PYTHON),
    ],
    ids=["dies", "nonsense", "half", "late"],
)
def test_what_did_not_come_to_its_end_is_a_gap(program: Program) -> None:
    found = ask(program)
    assert found.value is not None
    assert found.value[0].libraries is None
    (gap,) = found.gaps
    assert gap.fact == "envs.libraries"
    assert "/data/v" in gap.reason


@pytest.mark.parametrize("row", [{**ROW, "how": "magic"}, {**ROW, "soname": 7}, {**ROW, "how": None}, [], "x"])
def test_rows_that_make_no_sense_are_left_out(row: object) -> None:
    found = ask(ended(lines(row)))
    assert found.value is not None
    assert found.value[0].libraries == ()


@pytest.mark.parametrize(
    "env",
    [
        replace(ENV, torch=None),
        replace(ENV, active=False),
        replace(ENV, torch=replace(TORCH, cuda=None, build="cpu")),
        replace(ENV, torch=replace(TORCH, cuda=None, hip="6.4")),
        replace(ENV, python=None),
    ],
    ids=["no torch", "not active", "cpu", "rocm", "no interpreter"],
)
def test_who_is_not_asked(env: EnvFacts) -> None:
    found = ask(ended(lines(ROW)), env)
    assert found.value == (env,)
    assert found.gaps == ()


def test_another_environment_is_asked_where_all_are() -> None:
    found = ask(ended(lines(ROW)), replace(ENV, active=False), Request(all_envs=True))
    assert found.value is not None
    assert found.value[0].libraries
