"""The specs of the emitted conda commands, solved for real in a channel with the builds of the time.

The channel holds GPU and CPU builds of each release, as upstream's did. The published line is solved too: it yields the
CPU builds, which is why the verdict on it is `outdated`.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from tests.recommend.ask import ask, conda_specs

rattler = pytest.importorskip("rattler", reason="py-rattler is not installed: no solver")

# torch, torchvision, torchaudio, Pythons, CUDA versions with their text in the build string (as seen in logs).
RELEASES = [
    ("1.4.0", "0.5.0", None, ["3.6", "3.7", "3.8"], {"9.2": "9.2.148", "10.1": "10.1.243"}),
    (
        "1.7.1",
        "0.8.2",
        "0.7.2",
        ["3.6", "3.7", "3.8", "3.9"],
        {"10.1": "10.1.243", "10.2": "10.2.89", "11.0": "11.0.221"},
    ),
    ("1.8.0", "0.9.0", "0.8.0", ["3.7", "3.8", "3.9"], {"10.1": "10.1", "10.2": "10.2", "11.1": "11.1"}),
    ("1.8.1", "0.9.1", "0.8.1", ["3.7", "3.8", "3.9"], {"10.1": "10.1", "10.2": "10.2", "11.1": "11.1"}),
    ("1.12.1", "0.13.1", "0.12.1", ["3.8", "3.9", "3.10"], {"10.2": "10.2", "11.3": "11.3", "11.6": "11.6"}),
]
LATE = [("2.5.1", "0.20.1", "2.5.1", ["3.10", "3.11", "3.12"], ["11.8", "12.1", "12.4"])]


def record(name: str, version: str, build: str, depends: list[str], **more: object) -> tuple[str, dict[str, object]]:
    number = int(build.rpartition("_")[2]) if build.rpartition("_")[2].isdigit() else 0
    row = {"name": name, "version": version, "build": build, "build_number": number, "depends": depends,
           "subdir": "linux-64", "md5": "0" * 32, "sha256": "0" * 64, "size": 1, "timestamp": 1600000000000,
           **more}  # fmt: skip
    return f"{name}-{version}-{build}.tar.bz2", row


def channel_rows() -> dict[str, dict[str, object]]:
    rows = [record("python", f"{minor}.10", "0", []) for minor in ("3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12")]
    rows += [record("mkl", version, "0", []) for version in ("2020.2", "2023.1.0", "2024.0.0", "2024.2.0")]
    rows += [record("numpy", version, "0", []) for version in ("1.19.5", "1.24.3", "1.26.4", "2.1.0")]
    rows += [
        record("cudatoolkit", version, "0", [])
        for version in ("9.2", "10.1.243", "10.2.89", "11.0.3", "11.0.210", "11.1.1", "11.3.1", "11.6.2")
    ]
    rows.append(record("cpuonly", "1.0", "0", [], track_features="cpuonly"))
    rows += [record("pytorch-cuda", version, "h1", []) for version in ("11.8", "12.1", "12.4")]
    for torch, vision, audio, pythons, cudas in RELEASES:
        for python in pythons:
            rows += of_release(torch, vision, audio, python, cudas)
    for torch, vision, audio, pythons, late in LATE:
        for python in pythons:
            rows += of_late_release(torch, vision, audio, python, late)
    return dict(rows)


def of_release(
    torch: str, vision: str, audio: str | None, python: str, cudas: dict[str, str]
) -> list[tuple[str, dict[str, object]]]:
    short = python.replace(".", "")
    base = [f"python >={python},<{python[:2]}{int(python[2:]) + 1}.0a0", "mkl >=2018", "numpy >=1.11"]
    rows = [
        record("pytorch", torch, f"py{python}_cpu_0", [*base, "cpuonly"], features="cpuonly"),
        record("torchvision", vision, f"py{short}_cpu", [base[0], f"pytorch =={torch}", "cpuonly"], features="cpuonly"),
    ]
    if audio is not None:
        builds = [f"py{short}"] if torch < "1.10" and torch != "1.12.1" else [f"py{short}_{tag(one)}" for one in cudas]
        rows += [record("torchaudio", audio, build, [base[0], f"pytorch =={torch}"]) for build in builds]
    for cuda, full in cudas.items():
        kit = f"cudatoolkit >={cuda},<{cuda.split('.')[0]}.{int(cuda.split('.')[1]) + 1}"
        rows.append(record("pytorch", torch, f"py{python}_cuda{full}_cudnn7.6.3_0", [*base, kit]))
        rows.append(record("torchvision", vision, f"py{short}_{tag(cuda)}", [base[0], f"pytorch =={torch}", kit]))
    return rows


def of_late_release(
    torch: str, vision: str, audio: str, python: str, cudas: list[str]
) -> list[tuple[str, dict[str, object]]]:
    short = python.replace(".", "")
    base = [f"python >={python},<{python[:2]}{int(python[2:]) + 1}.0a0", "mkl >=2018", "numpy >=1.11"]
    rows = [record("pytorch", torch, f"py{python}_cpu_0", [*base, "cpuonly"])]
    rows.append(record("torchvision", vision, f"py{short}_cpu", [base[0], f"pytorch =={torch}", "cpuonly"]))
    for cuda in cudas:
        rows.append(record("pytorch", torch, f"py{python}_cuda{cuda}_cudnn9.1.0_0", [*base, f"pytorch-cuda {cuda}.*"]))
        rows.append(record("torchvision", vision, f"py{short}_{tag(cuda)}", [base[0], f"pytorch =={torch}"]))
        rows.append(record("torchaudio", audio, f"py{short}_{tag(cuda)}", [base[0], f"pytorch =={torch}"]))
    return rows


def tag(cuda: str) -> str:
    return "cu" + cuda.replace(".", "")


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("channel")
    for subdir, packages in (("linux-64", channel_rows()), ("noarch", {})):
        (folder / subdir).mkdir()
        text = {"info": {"subdir": subdir}, "packages": packages, "packages.conda": {}, "repodata_version": 1}
        (folder / subdir / "repodata.json").write_text(json.dumps(text))
    return Path(folder).as_uri()


def solved(channel: str, specs: list[str]) -> dict[str, str]:
    """Builds by name."""
    platforms: Any = ["linux-64", "noarch"]
    wanted = [rattler.MatchSpec(spec) for spec in specs]  # as the programs read a command line: not strict
    answer: Any = rattler.solve([channel], wanted, platforms=platforms, virtual_packages=[])
    records = asyncio.run(whole(answer)) if inspect.isawaitable(answer) else answer
    return {one.name.normalized: f"{one.version} {one.build}" for one in records}


async def whole(answer: Any) -> Any:
    return await answer


@pytest.mark.parametrize(
    ("words", "torch", "vision"),
    [
        ({"cuda": "10.1"}, "1.7.1 py3.8_cuda10.1.243_cudnn7.6.3_0", "0.8.2 py38_cu101"),
        (
            {"torch": "1.4.0", "cuda": "10.1", "python": "3.7"},
            "1.4.0 py3.7_cuda10.1.243_cudnn7.6.3_0",
            "0.5.0 py37_cu101",
        ),
        ({"torch": "1.8.1", "cuda": "10.1"}, "1.8.1 py3.8_cuda10.1_cudnn7.6.3_0", "0.9.1 py38_cu101"),
        ({"torch": "1.7.1", "cuda": "11.0"}, "1.7.1 py3.8_cuda11.0.221_cudnn7.6.3_0", "0.8.2 py38_cu110"),
        ({"torch": "1.12.1", "cuda": "11.3"}, "1.12.1 py3.9_cuda11.3_cudnn7.6.3_0", "0.13.1 py39_cu113"),
        ({"torch": "2.5.1", "cuda": "12.1"}, "2.5.1 py3.11_cuda12.1_cudnn9.1.0_0", "0.20.1 py311_cu121"),
        ({"torch": "1.4.0", "cuda": "cpu", "python": "3.7"}, "1.4.0 py3.7_cpu_0", "0.5.0 py37_cpu"),
    ],
)
def test_the_emitted_specs_give_the_build_that_is_named(
    channel: str, words: dict[str, object], torch: str, vision: str
) -> None:
    found = ask(manager="conda", **words)
    assert found.command is not None
    specs, _ = conda_specs(found.command)
    builds = solved(channel, specs)
    assert (builds["pytorch"], builds["torchvision"]) == (torch, vision)
    if str(words.get("torch", "1.7.1")) < "2.4" and words["cuda"] != "12.1":
        assert builds["mkl"].startswith("2024.0")
        assert builds["numpy"].startswith("1.")


def test_the_published_line_gives_cpu_builds_today(channel: str) -> None:
    line = ask(manager="conda", cuda="10.1", style="published").command
    assert line is not None
    specs, channels = conda_specs(line)
    assert (specs, channels) == (["pytorch", "torchvision", "cudatoolkit=10.1"], ["pytorch"])
    builds = solved(channel, [*specs, "python=3.8"])
    assert "cuda" not in builds["pytorch"], builds["pytorch"]
    assert builds["cudatoolkit"].startswith("10.1")


def test_pinning_torch_alone_leaves_torchvision_on_the_cpu(channel: str) -> None:
    builds = solved(channel, ["python=3.8", "pytorch=1.7.1=*cuda10.1*", "torchvision=0.8.2", "cudatoolkit=10.1"])
    assert "cuda10.1" in builds["pytorch"]
    assert builds["torchvision"] == "0.8.2 py38_cpu"
