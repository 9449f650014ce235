"""apt, installers, pitfalls."""

from __future__ import annotations

import re

import pytest

from cudadoctor.compat import apt, installers, pitfalls
from cudadoctor.versions import CudaVersion


def test_keys() -> None:
    found = {one.id.lower(): one for one in apt.signing_keys()}
    assert found["7fa2af80"].retired
    assert not found["3bf863cc"].retired
    assert found["3bf863cc"].fingerprint == "EB693B3035CD5710E231E123A4B469963BF863CC"
    for one in found.values():
        assert re.fullmatch(r"[0-9a-f]{8}", one.id.lower())
        if one.fingerprint:
            assert re.fullmatch(r"[0-9A-F]{40}", one.fingerprint)
            assert one.fingerprint.endswith(one.id.upper())


@pytest.mark.parametrize(
    ("os_id", "version", "name"),
    [
        ("ubuntu", "18.04", "ubuntu1804"),
        ("ubuntu", "26.04", "ubuntu2604"),
        ("debian", "13", "debian13"),
        ("rocky", "9.4", "rhel9"),
        ("fedora", "42", "fedora42"),
        ("arch", "", None),
        ("ubuntu", "rolling", None),
        ("gentoo", "2.15", None),
    ],
)
def test_repository_names(os_id: str, version: str, name: str | None) -> None:
    assert apt.repository_name(os_id, version) == name


def test_keyrings() -> None:
    old, new = apt.keyring("ubuntu1804"), apt.keyring("ubuntu2204", "aarch64")
    assert old is not None
    assert new is not None
    assert (
        old.url
        == "https://developer.download.nvidia.com/compute/cuda/repos/ubuntu1804/x86_64/cuda-keyring_1.0-1_all.deb"
    )
    assert (
        new.url == "https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2204/sbsa/cuda-keyring_1.1-1_all.deb"
    )
    assert apt.keyring("ubuntu3004") is None
    assert apt.keyring("ubuntu2204", "riscv64") is None


def test_local_repositories() -> None:
    (found,) = apt.local_debs(CudaVersion(10, 1, 243), "ubuntu1804")
    assert found.file == "cuda-repo-ubuntu1804-10-1-local-10.1.243-418.87.00_1.0-1_amd64.deb"
    assert found.key == "/var/cuda-repo-10-1-local-10.1.243-418.87.00/7fa2af80.pub"
    assert apt.local_debs(CudaVersion(10, 1), "ubuntu2004") == ()
    assert len(apt.local_debs(CudaVersion(10, 1))) == 3
    later = apt.local_debs(CudaVersion(12, 4, 1), "ubuntu2004")[0]
    assert later.key == "/var/cuda-repo-ubuntu2004-12-4-local/cuda-*-keyring.gpg"
    between = apt.local_debs(CudaVersion(11, 4, 1), "ubuntu2004")[0]
    assert between.key == "/var/cuda-repo-ubuntu2004-11-4-local/7fa2af80.pub"
    for one in apt.local_debs():
        assert one.url is None or (one.url.startswith("https://developer.") and one.url.endswith(one.file))
        assert one.distro in one.file


def test_ubuntu_releases() -> None:
    assert apt.ubuntu_releases(CudaVersion(10, 1)) == ("16.04", "18.04")
    assert apt.ubuntu_releases(CudaVersion(14, 0)) is None
    assert all(one.match and one.fix for one in apt.errors())


def test_reference_installer() -> None:
    found = installers.by_file("Anaconda3-2019.10-Linux-x86_64.sh")
    assert found is not None
    assert found.sha256 == "46d762284d252e51cd58a8ca6c8adc9da2eadc82c342927b2f66ed011d1d8b53"
    assert found.python == "3.7"
    assert found.url.endswith("/Anaconda3-2019.10-Linux-x86_64.sh")
    assert installers.by_file("Anaconda9.sh") is None


def test_installers() -> None:
    seen = set()
    for one in installers.every():
        assert one.url.startswith(
            ("https://repo.anaconda.com/", "https://repo.continuum.io/", "https://github.com/conda-forge/")
        )
        assert one.sha256 is None or re.fullmatch(r"[0-9a-f]{64}", one.sha256)
        assert one.md5 is None or re.fullmatch(r"[0-9a-f]{32}", one.md5)
        assert one.machine in ("x86_64", "aarch64")
        assert one.machine in one.file or (one.family == "anaconda" and "aarch64" not in one.file)
        assert bool(one.sha256 or one.md5) is ("latest" not in one.url.split("/") and "latest" not in one.file)
        assert one.url not in seen
        seen.add(one.url)
    assert len(seen) > 700


def test_newest_installers_come_first() -> None:
    found = installers.find("miniforge3")
    years = [int(one.version.split(".")[0]) for one in found if one.version != "latest"]
    assert years == sorted(years, reverse=True)
    moving = installers.latest("miniforge3", "aarch64")
    assert moving is not None
    assert moving.sha256 is None
    assert installers.find("miniforge9") == ()


def test_pitfalls() -> None:
    found = pitfalls.all_pitfalls()
    assert len({one.id for one in found}) == len(found)
    for name in ("mkl-ijit", "numpy2", "pillow7", "torchaudio-end"):
        one = pitfalls.by_id(name)
        assert one is not None
        assert re.search(r"#\d+", one.reference)
    assert pitfalls.by_id("nothing") is None
