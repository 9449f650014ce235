"""torch: releases, companions, Pythons, builds, what each was compiled for."""

from __future__ import annotations

import pytest

from cudadoctor.compat import arch, conda, drivers, indexes, torch, torch_builds
from cudadoctor.compat._tables import numbers, table
from cudadoctor.versions import ComputeCapability, CudaVersion, DriverVersion


def cuda(text: str) -> CudaVersion:
    found = CudaVersion.parse(text)
    assert found is not None
    return found


def cc(text: str) -> ComputeCapability:
    found = ComputeCapability.parse(text)
    assert found is not None
    return found


# Typed from the page of previous versions.
@pytest.mark.parametrize(
    ("version", "vision", "audio"),
    [
        ("1.0.1", "0.2.2", None),
        ("1.4.0", "0.5.0", "0.4.0"),
        ("1.5.1", "0.6.1", "0.5.1"),
        ("1.7.1", "0.8.2", "0.7.2"),
        ("1.8.1", "0.9.1", "0.8.1"),
        ("1.8.2", "0.9.2", "0.8.2"),
        ("1.12.1", "0.13.1", "0.12.1"),
        ("1.13.1", "0.14.1", "0.13.1"),
        ("2.0.1", "0.15.2", "2.0.2"),
        ("2.4.1", "0.19.1", "2.4.1"),
        ("2.5.1", "0.20.1", "2.5.1"),
        ("2.7.0+cu128", "0.22.0", "2.7.0"),
        ("2.9.1", "0.24.1", "2.9.1"),
        ("2.10.0", "0.25.0", "2.10.0"),
        ("2.13.0", "0.28.0", None),
    ],
)
def test_companions(version: str, vision: str | None, audio: str | None) -> None:
    found = torch.companions(version)
    assert found is not None
    assert (found.torchvision, found.torchaudio) == (vision, audio)


def test_torchaudio_ends() -> None:
    last = torch.companions("2.11.0")
    after = torch.companions("2.12.0")
    assert last is not None
    assert after is not None
    assert (last.torchaudio, after.torchaudio, after.torchaudio_that_works) == ("2.11.0", None, "2.11.1")


def test_unknown_releases() -> None:
    assert torch.release("9.9") is None
    assert torch.companions("9.9.0") is None
    assert torch.pypi_default("9.9.0") is None
    assert torch.python_supported("9.9.0", "3.12") is None
    assert torch.numpy2_ready("9.9.0") is None
    assert torch.glibc_needed("9.9.0") is None
    assert torch_builds.builds("9.9.0") == ()
    assert torch_builds.built_arch_list("9.9.0", cuda("13.0")) is None
    assert torch_builds.suffix_exists("9.9.0", "cu130") is None
    assert torch.nearest("9.9")[-1] == torch.newest().torch
    assert torch.nearest("1.7.5") == ("1.7.0", "1.7.1", "1.8.0")


def test_resolve() -> None:
    assert torch.resolve("latest") is torch.newest()
    for asked, found in (("1.7", "1.7.1"), ("1.4.0", "1.4.0"), ("2.0.1+cu118", "2.0.1"), ("1.1", "1.1.0")):
        release = torch.resolve(asked)
        assert release is not None
        assert release.torch == found
    assert torch.resolve("9.9") is None
    assert torch.resolve("banana") is None


def test_releases_are_in_order_and_dated() -> None:
    versions = [numbers(one.torch) for one in torch.releases()]
    assert versions == sorted(set(versions))
    # By minor release: an LTS comes after later ones, and dates of patches are only known to the month.
    dates = [one.date[:7] for one in torch.releases() if one.date and one.torch.endswith(".0")]
    assert dates == sorted(dates)


def test_every_release_has_a_torchvision_where_one_exists() -> None:
    for one in torch.releases():
        if numbers(one.torch) >= (0, 3):
            assert one.torchvision, one.torch
        if (1, 1) <= numbers(one.torch) <= (2, 11, 0):
            assert one.torchaudio, one.torch


def test_companions_exist_as_files() -> None:
    for one in torch.releases():
        if numbers(one.torch) < (1, 2) or one.torch == "1.8.2":
            continue
        assert torch.companion_pythons("torchvision", str(one.torchvision)), one.torch
        if one.torchaudio:
            assert torch.companion_pythons("torchaudio", one.torchaudio), one.torch


@pytest.mark.parametrize(
    ("version", "python", "platform", "supported"),
    [
        ("1.4.0", "3.7", "linux-x86_64", True),
        ("1.4.0", "3.7.16", "linux-x86_64", True),
        ("1.4.0", "3.9", "linux-x86_64", False),
        ("1.7.1", "3.9", "linux-x86_64", True),
        ("1.8.1", "3.10", "linux-x86_64", False),
        ("1.13.1", "3.7", "linux-x86_64", True),
        ("2.0.0", "3.7", "linux-x86_64", False),
        ("2.4.1", "3.8", "linux-x86_64", True),
        ("2.5.0", "3.8", "linux-x86_64", False),
        ("2.8.0", "3.9", "linux-x86_64", True),
        ("2.9.0", "3.9", "linux-x86_64", False),
        ("2.9.0", "3.14", "linux-x86_64", True),
        ("2.14.1", "3.10", "linux-x86_64", True),
        ("2.15.0", "3.10", "linux-x86_64", False),
        ("2.15.0", "3.15", "linux-x86_64", True),
        ("2.7.0", "3.13t", "linux-x86_64", True),
        ("2.5.1", "3.13t", "linux-x86_64", False),
        ("2.3.0", "3.12", "macos-x86_64", False),
        ("2.2.2", "3.12", "macos-x86_64", True),
    ],
)
def test_pythons(version: str, python: str, platform: str, supported: bool) -> None:
    assert torch.python_supported(version, python, platform) is supported


@pytest.mark.parametrize(
    ("version", "linux", "aarch64", "windows"),
    [
        ("1.4.0", "cu101", None, None),
        ("1.7.1", "cu102", None, "cpu"),
        ("1.13.1", "cu117", "cpu", "cpu"),
        ("2.2.0", "cu121", "cpu", "cpu"),
        ("2.6.0", "cu124", "cpu", "cpu"),
        ("2.7.1", "cu126", "cpu", "cpu"),
        ("2.10.0", "cu128", "cpu", "cpu"),
        ("2.11.0", "cu130", "cu130", "cpu"),
        ("2.14.1", "cu130", "cu130", "cpu"),
        ("2.15.0", "cu132", "cu132", "cpu"),
    ],
)
def test_default_build(version: str, linux: str, aarch64: str | None, windows: str | None) -> None:
    assert torch.pypi_default(version) == linux
    assert torch.pypi_default(version, "linux-aarch64") == aarch64
    assert torch.pypi_default(version, "win-amd64") == windows


@pytest.mark.parametrize(
    ("version", "machine", "build", "glibc"),
    [
        ("2.6.0", "x86_64", None, (2, 5)),
        ("2.6.0", "x86_64", "cu126", (2, 28)),
        ("2.7.0", "x86_64", None, (2, 28)),
        ("2.6.0", "aarch64", None, (2, 28)),
        ("2.5.1", "aarch64", None, (2, 17)),
        ("2.15.0", "x86_64", None, (2, 28)),
    ],
)
def test_glibc(version: str, machine: str, build: str | None, glibc: tuple[int, int]) -> None:
    assert torch.glibc_needed(version, machine, build) == glibc


def test_numpy_2() -> None:
    assert [torch.numpy2_ready(one) for one in ("1.13.1", "2.2.2", "2.3.0", "2.15.0")] == [False, False, True, True]
    assert torch.numpy2_ready("2.4.0", windows=True) is False
    assert torch.numpy2_ready("2.4.1", windows=True) is True


@pytest.mark.parametrize(
    ("version", "tag", "exists"),
    [
        ("1.4.0", "cu101", False),
        ("1.4.0", "cu100", True),
        ("1.4.0", "cu92", True),
        ("1.3.1", "cu101", False),
        ("1.2.0", "cu100", False),
        ("1.7.1", "cu102", False),
        ("1.7.1", "cu101", True),
        ("1.7.1", "cu110", True),
        ("1.8.0", "cu102", False),
        ("1.8.1", "cu102", True),
        ("1.8.1", "cu101", True),
        ("1.9.0", "cu101", False),
        ("2.8.0", "cu118", False),
        ("2.7.1", "cu118", True),
        ("2.12.0", "cu128", False),
        ("2.14.0", "cu126", True),
        ("2.15.0", "cu126", False),
        ("1.1.0", "cu100", False),
    ],
)
def test_local_versions(version: str, tag: str, exists: bool) -> None:
    assert torch_builds.suffix_exists(version, tag) is exists


def test_last_build_for_cuda_10_1() -> None:
    assert (
        max((one.torch for one in torch.releases() if torch_builds.build(one.torch, "cu101")), key=numbers) == "1.8.1"
    )
    assert conda.last_torch_with_build(cuda("10.1")) == ("1.8.1", "low")
    listed = [
        one.torch for one in torch.releases() if one.published and cuda("10.1") in [v.cuda for v in one.published.conda]
    ]
    assert listed[-1] == "1.7.1"


def test_windows_and_mac() -> None:
    assert torch_builds.build("1.12.1", "cu102", platform="win-amd64") is None
    assert torch_builds.build("1.12.1", "cu102") is not None
    assert [one.tag for one in torch_builds.builds("2.9.1", platform="macos-arm64")] == ["cpu"]
    assert [one.tag for one in torch_builds.builds("2.10.0", platform="linux-aarch64")] == ["cpu", "cu128"]
    assert torch_builds.builds("2.6.0", "conda") == ()


def test_one_build_at_most_is_the_default() -> None:
    for one in torch.releases():
        for platform in ("linux-x86_64", "linux-aarch64", "win-amd64", "macos-arm64"):
            found = torch_builds.builds(one.torch, "pip", platform)
            assert sum(build.default for build in found) <= 1
            assert len({build.tag for build in found}) == len(found)


def test_built_cuda_is_one_that_the_release_names() -> None:
    for one in torch.releases():
        if numbers(one.torch) < (1, 0):
            continue
        for build in torch_builds.builds(one.torch):
            assert build.cuda is None or build.cuda.cuda in [version.cuda for version in one.cuda], build


# Typed from RELEASE.md, torch's own warnings, and the measured wheels.
@pytest.mark.parametrize(
    ("version", "runtime", "manager", "built"),
    [
        ("1.6.0", "10.2", "conda", "sm_37 sm_50 sm_60 sm_61 sm_70 sm_75 compute_37"),
        ("1.8.1", "11.1", "pip", "sm_37 sm_50 sm_60 sm_70 sm_75 sm_80 sm_86"),
        ("1.13.1", "11.7", "pip", "sm_37 sm_50 sm_60 sm_70 sm_75 sm_80 sm_86"),
        ("2.4.1+cu121", "12.1", "pip", "sm_50 sm_60 sm_70 sm_75 sm_80 sm_86 sm_90"),
        ("2.13.0", "12.6", "pip", "sm_50 sm_60 sm_70 sm_75 sm_80 sm_86 sm_90"),
        ("2.14.1", "13.0", "pip", "sm_75 sm_80 sm_86 sm_90 sm_100 sm_120"),
        ("2.15.0", "13.2", "pip", "sm_75 sm_80 sm_86 sm_90 sm_100 sm_120"),
    ],
)
def test_arch_lists(version: str, runtime: str, manager: str, built: str) -> None:
    found = torch_builds.built_arch_list(version, cuda(runtime), manager)  # type: ignore[arg-type]
    assert found == tuple(built.split())


def test_doubtful_arch_lists_say_so() -> None:
    doubtful = torch_builds.built_arch("1.8.0", cuda("11.1"))
    assert doubtful is not None
    assert (doubtful.confidence, doubtful.listed) == ("low", True)
    unlisted = torch_builds.built_arch("2.10.0", cuda("12.9"))
    assert unlisted is not None
    assert not unlisted.listed
    measured = torch_builds.built_arch("2.15.0", cuda("13.2"), machine="aarch64")
    assert measured is not None
    assert measured.confidence == "high"
    assert measured.arch_list == ("sm_80", "sm_90", "sm_100", "sm_110", "sm_120")


@pytest.mark.parametrize(
    ("gpu", "version", "runtime", "how"),
    [
        ("6.1", "2.14.1", "12.6", "binary"),
        ("6.1", "2.14.1", "13.0", "no"),
        ("7.0", "2.7.1", "12.8", "no"),
        ("7.0", "2.9.1", "12.8", "binary"),
        ("7.0", "2.11.0", "12.8", "no"),
        ("12.0", "2.6.0", "12.6", "no"),
        ("12.0", "2.7.0", "12.8", "binary"),
        ("8.6", "1.7.1", "10.1", "no"),
        ("8.6", "1.7.1", "11.0", "binary"),
        ("8.9", "1.13.1", "11.7", "binary"),
        ("9.0", "1.13.1", "11.7", "no"),
    ],
)
def test_gpus_on_builds(gpu: str, version: str, runtime: str, how: str) -> None:
    built = torch_builds.built_arch_list(version, cuda(runtime))
    assert built is not None
    assert arch.runs(cc(gpu), built) == how


def test_every_arch_list_can_be_read() -> None:
    tables = table("arch")
    for text in tables["lists"]:
        entries = text.split()
        assert len(arch.targets(entries)) == len(entries)
    keys = [tuple(row[:4]) for row in tables["rows"]]
    assert len(keys) == len(set(keys))
    for row in tables["rows"]:
        assert row[5] in ("high", "medium", "low")
        assert torch.resolve(row[0]) is not None
        assert drivers.floor(cuda(row[1])) is not None


def test_eras() -> None:
    names = [(one.first, one.name, one.last) for one in conda.eras()]
    assert names == [
        ("0.1", "feature-package", "1.0.0"),
        ("1.0.1", "cudatoolkit", "1.12.1"),
        ("1.13.0", "pytorch-cuda", "2.5.1"),
        ("2.6.0", "conda-forge", None),
    ]
    for version, name in (
        ("1.0.0", "feature-package"),
        ("1.4.0", "cudatoolkit"),
        ("1.12.1", "cudatoolkit"),
        ("2.5.1", "pytorch-cuda"),
        ("2.13.0", "conda-forge"),
    ):
        era = conda.era(version)
        assert era is not None
        assert era.name == name
    assert conda.era("banana") is None
    assert conda.reference_command() == "conda install pytorch torchvision cudatoolkit=10.1 -c pytorch"
    assert conda.last_official() == "2.5.1"
    assert conda.constraint(cuda("10.1")) == "cudatoolkit >=10.1,<10.2"
    assert conda.forge().cuda_linux[0].release == "12.9"
    assert [one.release for one in conda.pytorch_cuda_versions()] == ["11.6", "11.7", "11.8", "12.1", "12.4"]
    assert conda.channel_rules()


def test_indexes() -> None:
    assert indexes.index_url("cu126") == "https://download.pytorch.org/whl/cu126"
    assert indexes.flat_page() == "https://download.pytorch.org/whl/torch_stable.html"
    assert indexes.flat_page("cu111") == "https://download.pytorch.org/whl/cu111/torch_stable.html"
    assert indexes.lts_url("cu102") == "https://download.pytorch.org/whl/lts/1.8/cu102"
    for version, how in (
        ("1.1.0", "download"),
        ("1.4.0", "find-links"),
        ("1.13.1", "extra-index"),
        ("2.13.0", "index"),
    ):
        era = indexes.pip_era(version)
        assert era is not None
        assert era.how == how
    assert indexes.pip_era("0.4.1") is None
    printed = indexes.published_era("1.10.1")
    assert printed is not None
    assert (printed.how, printed.suffix, printed.audio) == ("find-links-platform", True, True)
    assert indexes.published_era("0.4.1") is None
    newest = indexes.published_era("2.13.0")
    assert newest is not None
    assert (newest.how, newest.suffix, newest.audio, newest.last) == ("index", False, False, None)


def test_uv() -> None:
    newest = DriverVersion.parse("580.65.06")
    old = DriverVersion.parse("418.39")
    ancient = DriverVersion.parse("340.108")
    assert newest is not None
    assert old is not None
    assert ancient is not None
    assert indexes.uv_auto(newest) == "cu132"
    assert indexes.uv_auto(old) == "cu101"
    assert indexes.uv_auto(ancient) == "cpu"
    assert "torch" in indexes.uv_packages()
    for windows in (False, True):
        for one in indexes.uv_backends(windows=windows):
            lowest = drivers.floor(cuda(f"{one.tag[2:-1]}.{one.tag[-1]}"), windows=windows)
            assert lowest is not None
            assert one.driver is not None
            assert one.driver.branch == lowest.version.branch or one.tag in ("cu80", "cu92"), one


def test_published_rows_name_real_companions() -> None:
    for one in torch.releases():
        if one.published:
            for name, _ in one.published.overrides:
                assert name.removeprefix("conda_").removeprefix("pip_") in ("torchvision", "torchaudio")
    wrong = torch.release("1.9.1")
    assert wrong is not None
    assert wrong.published is not None
    assert wrong.published.wrong
    assert torch.published_source().url == "https://pytorch.org/get-started/previous-versions/"
