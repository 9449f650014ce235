"""Whatever the machine: what is recommended runs on it, by the tables asked anew here; and nothing is hidden."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cudadoctor.compat import arch, drivers, torch, torch_builds
from cudadoctor.recommend.answer import recommend
from cudadoctor.recommend.model import MANAGERS, Recommendation
from cudadoctor.recommend.request import Words, build
from cudadoctor.versions import ComputeCapability, CudaVersion, DriverVersion

CAPABILITIES = [
    "3.0",
    "3.5",
    "3.7",
    "5.0",
    "5.2",
    "6.0",
    "6.1",
    "7.0",
    "7.5",
    "8.0",
    "8.6",
    "8.9",
    "9.0",
    "10.0",
    "12.0",
    "12.1",
]
PYTHONS = ["2.7", "3.5", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15", "3.13t"]
DRIVERS = [
    "384.81", "390.46", "396.26", "410.48", "418.38", "418.39", "440.33", "450.36.06", "450.80.02", "470.82.01",
    "525.60.12", "525.60.13", "535.54.03", "550.54.14", "570.86.10", "580.65.06", "595.45.04", "700.10",
]  # fmt: skip
CUDAS = [
    "8.0",
    "9.0",
    "9.2",
    "10.0",
    "10.1",
    "10.2",
    "11.0",
    "11.1",
    "11.3",
    "11.8",
    "12.1",
    "12.4",
    "12.6",
    "12.8",
    "13.0",
    "13.2",
]
TORCHES = [one.torch for one in torch.releases() if not one.torch.startswith("0.1")]
PLATFORMS = ["linux-x86_64", "linux-aarch64", "win-amd64"]

MACHINES = st.fixed_dictionaries(
    {
        "archs": st.lists(st.sampled_from(CAPABILITIES), min_size=1, max_size=3, unique=True),
        "driver": st.sampled_from(DRIVERS),
        "manager": st.sampled_from(MANAGERS),
        "platform": st.sampled_from(PLATFORMS),
    },
    optional={
        "python": st.sampled_from(PYTHONS),
        "glibc": st.sampled_from(["2.17", "2.27", "2.28", "2.31", "2.39"]),
        "cuda": st.sampled_from(CUDAS),
        "torch": st.sampled_from(TORCHES),
        "style": st.sampled_from(["working", "published"]),
    },
)


def runs_there(found: Recommendation, words: dict[str, object]) -> None:
    """Every rule again, straight from the tables."""
    choice = found.choice
    assert choice is not None
    assert choice.cuda is not None, "the CPU build was not asked for"
    cuda = CudaVersion.parse(choice.cuda)
    assert cuda is not None
    driver = DriverVersion.parse(str(words["driver"]))
    floor = drivers.floor(cuda, windows=words["platform"] == "win-amd64")
    assert driver is not None
    assert floor is not None
    assert driver >= floor.version
    manager = (
        "pip"
        if words["manager"] in ("pip", "uv") or "pip install" in (found.command or "")
        else ("conda" if choice.channels[0] != "conda-forge" else "conda-forge")
    )
    system, _, machine = str(words["platform"]).replace("win-amd64", "windows-x86_64").partition("-")
    if manager == "conda":
        system = "linux"  # the list of the Windows builds is that of the same script
    built = torch_builds.built_arch_list(choice.torch, cuda, manager, system, machine)  # type: ignore[arg-type]
    assert built is not None
    for text in words["archs"]:  # type: ignore[attr-defined]
        capability = ComputeCapability.parse(text)
        assert capability is not None
        assert arch.runs(capability, built) in ("binary", "ptx-jit"), (choice, text)
        assert drivers.dropped(capability, driver) is not True
        first = drivers.first_driver_for(capability)
        assert first is None or driver.branch >= first.branch
    if "python" in words and manager == "pip":
        build = torch_builds.build(choice.torch, str(choice.build), "pip", words["platform"])  # type: ignore[arg-type]
        assert build is not None
        assert words["python"] in (build.pythons or ("3.6", "3.7", "3.8"))  # without: the LTS
        for name, version in (("torchvision", choice.torchvision), ("torchaudio", choice.torchaudio)):
            known = torch.companion_pythons(name, version, str(words["platform"])) if version else None
            assert not known or "3" in known or words["python"] in known, (name, version)
        assert choice.python == words["python"]
    if "glibc" in words and manager == "pip" and str(words["platform"]).startswith("linux"):
        needed = torch.glibc_needed(choice.torch, machine, choice.build)
        assert needed is None or tuple(int(part) for part in str(words["glibc"]).split(".")) >= needed
    if "torch" in words:
        assert choice.torch == words["torch"]
    if "cuda" in words:
        assert choice.cuda == words["cuda"]


@pytest.mark.slow
@settings(max_examples=250, deadline=None)
@given(MACHINES)
def test_random_machines(words: dict[str, object]) -> None:
    found = recommend(build(Words(**words)))  # type: ignore[arg-type]
    assert found == recommend(build(Words(**words)))  # type: ignore[arg-type]
    assert found.reasons
    if found.choice is not None:
        runs_there(found, words)
        assert found.verdict in ("ok", "outdated")
        assert found.command
    else:
        assert found.verdict in ("impossible", "unknown") or words.get("style") == "published"
        assert found.command is None or words.get("style") == "published"
    if found.commands:
        assert found.command in found.commands


@settings(max_examples=100, deadline=None)
@given(MACHINES)
def test_alternatives_are_whole_commands(words: dict[str, object]) -> None:
    found = recommend(build(Words(**words)))  # type: ignore[arg-type]
    for one in found.alternatives:
        assert one.text
        if one.command is not None:
            assert one.command.split()[0] in {"python", "uv", "conda", "mamba", "micromamba", "pixi", "pip", "pip3"}
            assert "None" not in one.command
            assert "cpu" not in one.command.split("--index-url")[-1] or "CPU" in one.text


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CAPABILITIES), st.sampled_from(["linux-x86_64", "win-amd64"]))
def test_a_newer_driver_never_gives_less_until_it_drops_the_gpu(capability: str, platform: str) -> None:
    best: tuple[int, ...] = ()
    for driver in DRIVERS:
        version = DriverVersion.parse(driver)
        parsed = ComputeCapability.parse(capability)
        assert version is not None
        assert parsed is not None
        found = recommend(build(Words(archs=(capability,), driver=driver, platform=platform)))
        if drivers.dropped(parsed, version):
            assert found.choice is None
            break
        now = tuple(map(int, found.choice.torch.split("."))) if found.choice is not None else ()
        assert now >= best, (driver, found.choice)
        best = now
