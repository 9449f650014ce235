"""The emitted conda commands, solved by a real solver in channels that require what the real packages require.

The published line is solved too: it gives CPU builds, and without `defaults` nothing at all for some releases.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest

from cudadoctor.compat import torch
from cudadoctor.recommend.candidates import of_release
from cudadoctor.recommend.model import Recommendation
from tests.recommend import conda_channels
from tests.recommend.ask import ask, conda_specs

rattler = pytest.importorskip("rattler", reason="py-rattler is not installed: no solver")


@pytest.fixture(scope="module")
def channels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return conda_channels.write(tmp_path_factory.mktemp("channels"))


def solved(channels: dict[str, str], specs: list[str], names: list[str], *, cuda: str | None = None) -> dict[str, str]:
    """Builds by name."""
    platforms: Any = ["linux-64", "noarch"]
    wanted = [rattler.MatchSpec(spec) for spec in specs]  # as the programs read a command line: not strict
    virtual = [virtual_cuda(cuda)] if cuda else []
    answer: Any = rattler.solve(
        [channels[name] for name in names], wanted, platforms=platforms, virtual_packages=virtual
    )
    records = asyncio.run(whole(answer)) if inspect.isawaitable(answer) else answer
    return {one.name.normalized: f"{one.version} {one.build}" for one in records}


def virtual_cuda(version: str) -> Any:
    """What conda says of the driver."""
    build: Any = rattler.package.build_string.BuildString("0") if hasattr(rattler.package, "build_string") else "0"
    return rattler.GenericVirtualPackage(rattler.PackageName("__cuda"), rattler.Version(version), build)


async def whole(answer: Any) -> Any:
    return await answer


def solve_command(channels: dict[str, str], command: str, *, cuda: str | None = None) -> dict[str, str]:
    specs, names = conda_specs(command)
    assert "--override-channels" in command
    return solved(channels, specs, names, cuda=cuda)


def official() -> list[tuple[str, str | None]]:
    """Every release of upstream's channel with each CUDA that it was built for, and the CPU."""
    found: list[tuple[str, str | None]] = []
    for release in torch.releases():
        if release.conda and tuple(map(int, release.torch.split("."))) >= (1, 0):
            builds = of_release(release.torch, "conda", "linux-x86_64")
            found += [(release.torch, one.cuda.release if one.cuda is not None else None) for one in builds]
    return found


def texts(found: Recommendation) -> str:
    return " ".join(one.text for one in found.reasons)


@pytest.mark.parametrize(("release", "cuda"), official())
def test_every_conda_command_gives_the_builds_that_it_names(
    channels: dict[str, str], release: str, cuda: str | None
) -> None:
    found = ask(manager="conda", torch=release, cuda=cuda or "cpu")
    assert found.command is not None
    assert found.choice is not None
    names = conda_specs(found.command)[1]
    builds = solve_command(channels, found.command)
    companions = torch.companions(release)
    assert companions is not None
    old_cpu = cuda is None and release in ("1.0.0", "1.0.1", "1.1.0")
    mine = builds["pytorch-cpu" if old_cpu else "pytorch"]
    assert mine.startswith(f"{release} ")
    assert f"cuda{cuda}" in mine if cuda else "cpu" in mine
    vision = builds["torchvision-cpu" if old_cpu else "torchvision"]
    assert vision.startswith(f"{companions.torchvision} ")
    if not vision.startswith("0.2."):
        tag = f"cu{cuda.replace('.', '')}" if cuda else "cpu"
        assert tag in vision.replace(".", "") or (old_cpu and "cuNone" in vision)
    assert builds["mkl"] < "2024.1"
    if torch.numpy2_ready(release) is False:
        assert builds["numpy"].startswith("1.")
    if "defaults" in names:
        assert "conda-forge" not in names
        assert "defaults" in texts(found)
    else:
        assert names[-1] == "conda-forge"


def test_most_releases_need_no_channel_with_terms() -> None:
    with_defaults = {
        release
        for release, cuda in official()
        if "-c defaults"
        in (ask(manager="conda", torch=release, cuda=cuda or "cpu", packages="torchvision").command or "")
    }
    assert {"1.7.1", "1.8.1", "1.9.1"} <= with_defaults
    assert not {"1.4.0", "1.6.0", "1.10.1", "1.13.1", "2.5.1"} & with_defaults


@pytest.mark.parametrize("words", [{"cuda": "10.1"}, {"cuda": "10.1", "archs": ["7.5"], "driver": "418.39"}])
def test_the_reference_case_is_answered_without_defaults(channels: dict[str, str], words: dict[str, object]) -> None:
    found = ask(manager="conda", **words)
    assert found.command is not None
    assert conda_specs(found.command)[1] == ["pytorch", "conda-forge"]
    builds = solve_command(channels, found.command)
    assert (builds["pytorch"].split("_")[1], builds["torchvision"].rpartition("_")[2]) == ("cuda10.1.243", "cu101")
    with_defaults = [one for one in found.alternatives if "-c defaults" in (one.command or "")]
    assert with_defaults
    assert "terms" in with_defaults[0].text
    assert "1.7.1" in solve_command(channels, with_defaults[0].command or "")["pytorch"]


@pytest.mark.parametrize("release", ["1.7.1", "1.8.1", "1.9.0"])
def test_torchvision_of_these_releases_cannot_be_solved_with_conda_forge_alone(
    channels: dict[str, str], release: str
) -> None:
    found = ask(manager="conda", torch=release, cuda="10.2")
    assert found.command is not None
    specs, _ = conda_specs(found.command)
    with pytest.raises(Exception, match="jpeg"):
        solved(channels, specs, ["pytorch", "conda-forge"])
    alone = ask(manager="conda", torch=release, cuda="10.2", packages="none")
    assert alone.command is not None
    assert conda_specs(alone.command)[1] == ["pytorch", "conda-forge"]
    assert "cuda10.2" in solve_command(channels, alone.command)["pytorch"]


def test_the_published_line_gives_cpu_builds_today(channels: dict[str, str]) -> None:
    line = ask(manager="conda", cuda="10.1", style="published").command
    assert line is not None
    specs, names = conda_specs(line)
    assert (specs, names) == (["pytorch", "torchvision", "cudatoolkit=10.1"], ["pytorch"])
    builds = solved(channels, [*specs, "python=3.8"], [*names, "defaults"])
    assert "cuda" not in builds["pytorch"], builds["pytorch"]
    assert builds["cudatoolkit"].startswith("10.1")


def test_the_published_line_of_1_7_1_has_no_solution_where_defaults_is_missing(channels: dict[str, str]) -> None:
    line = ask(manager="conda", torch="1.7.1", cuda="10.1", style="published").command
    assert line is not None
    specs, names = conda_specs(line)
    with pytest.raises(Exception, match="jpeg"):
        solved(channels, [*(one.replace("==", "=") for one in specs), "python=3.8"], [*names, "conda-forge"])


def test_pinning_torch_alone_leaves_torchvision_on_the_cpu(channels: dict[str, str]) -> None:
    specs = ["python=3.7", "pytorch=1.6.0=*cuda10.1*", "torchvision=0.7.0", "cudatoolkit=10.1"]
    builds = solved(channels, specs, ["pytorch", "conda-forge"])
    assert "cuda10.1" in builds["pytorch"]
    assert builds["torchvision"] == "0.7.0 py37_cpu"


@pytest.mark.parametrize("cuda", ["12.9", "13.0"])
def test_conda_forge_gives_its_gpu_build(channels: dict[str, str], cuda: str) -> None:
    found = ask(manager="conda", cuda=cuda)
    assert found.command is not None
    builds = solve_command(channels, found.command, cuda=cuda)
    assert builds["pytorch"].split()[1].startswith(f"cuda{cuda.replace('.', '')}")
    assert "cuda" in builds["torchvision"]


@pytest.mark.parametrize("words", [{"cuda": "12.6"}, {"torch": "2.7.1", "cuda": "12.8"}, {"torch": "2.14.0"}])
def test_where_conda_has_nothing_its_environment_gets_python_and_pip(
    channels: dict[str, str], words: dict[str, object]
) -> None:
    found = ask(manager="conda", **words)
    assert found.verdict == "ok"
    builds = solve_command(channels, found.commands[0])
    assert {"python", "pip"} <= set(builds)
    assert found.command == found.commands[1]
    assert "python -m pip install torch==" in found.command
    assert found.commands[2].startswith("conda activate ")
    assert found.choice is not None
    assert builds["python"].startswith(f"{found.choice.python}.")
    assert "conda provides Python and pip" in texts(found)
