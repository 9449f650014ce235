"""PCI ids and names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cudadoctor.compat import gpus
from cudadoctor.compat._tables import table
from cudadoctor.versions import ComputeCapability


@pytest.mark.parametrize(
    ("device", "name", "chip", "capability", "family"),
    [
        ("10de:1b06", "GeForce GTX 1080 Ti", "GP102", "6.1", "Pascal"),
        ("10de:2204", "GeForce RTX 3090", "GA102", "8.6", "Ampere"),
        ("10DE:2684", "GeForce RTX 4090", "AD102", "8.9", "Ada"),
        ("0x10de:0x1eb8", "Tesla T4", "TU104", "7.5", "Turing"),
        ("20b0", "A100 SXM4 40GB", "GA100", "8.0", "Ampere"),
        ("10de:2b85", "GeForce RTX 5090", "GB202", "12.0", "Blackwell"),
    ],
)
def test_by_pci_id(device: str, name: str, chip: str, capability: str, family: str) -> None:
    found = gpus.by_pci_id(device)
    assert found is not None
    assert (found.name, found.chip, str(found.compute_capability), found.architecture) == (
        name,
        chip,
        capability,
        family,
    )


@pytest.mark.parametrize("device", ["10de:ffff", "8086:1b06", "1002:73bf", "", ":", "zz", "10de:"])
def test_unknown_pci_id(device: str) -> None:
    assert gpus.by_pci_id(device) is None


@pytest.mark.parametrize(
    ("name", "capability"),
    [
        ("NVIDIA GeForce RTX 4090", "8.9"),
        ("GeForce RTX 4090", "8.9"),
        ("RTX 4090", "8.9"),
        ("NVIDIA GeForce RTX 3060 Laptop GPU", "8.6"),
        ("GeForce GTX 1080 Ti", "6.1"),
        ("GTX 1080 Ti", "6.1"),
        ("GeForce GTX 108...", "6.1"),
        ("GeForce RTX 208...", "7.5"),
        ("NVIDIA A100-SXM4-80GB", "8.0"),
        ("NVIDIA A100-SXM...", "8.0"),
        ("NVIDIA A100-SXM4-40GB MIG 1g.5gb", "8.0"),
        ("Tesla V100-SXM2-16GB", "7.0"),
        ("Tesla P100-PCIE-16GB", "6.0"),
        ("Tesla K80", "3.7"),
        ("Tesla T4", "7.5"),
        ("NVIDIA H100 80GB HBM3", "9.0"),
        ("NVIDIA GH200 480GB", "9.0"),
        ("NVIDIA L40S", "8.9"),
        ("NVIDIA L40S-2Q", "8.9"),
        ("GRID T4-16Q", "7.5"),
        ("Quadro RTX 6000", "7.5"),
        ("Quadro RTX 8000", "7.5"),
        ("NVIDIA RTX 6000 Ada Generation", "8.9"),
        ("NVIDIA RTX A6000", "8.6"),
        ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", "12.0"),
        ("NVIDIA B200", "10.0"),
        ("NVIDIA GB10", "12.1"),
        ("Orin (nvgpu)", "8.7"),
        ("NVIDIA TITAN V", "7.0"),
        ("NVIDIA A2", "8.6"),
        ("NVIDIA A16", "8.6"),
    ],
)
def test_capability_by_name(name: str, capability: str) -> None:
    assert str(gpus.capability_by_name(name)) == capability


@pytest.mark.parametrize(
    ("name", "capabilities"),
    [
        ("GeForce GT 730", ["2.1", "3.0", "3.5"]),
        ("GeForce GTX 860M", ["3.0", "5.0"]),
        ("GeForce GTX 750 Ti", ["3.0", "5.0"]),
        ("GeForce GT 1030", ["3.0", "6.1"]),
    ],
)
def test_ambiguous_names_stay_ambiguous(name: str, capabilities: list[str]) -> None:
    assert [str(one) for one in gpus.capabilities_by_name(name)] == capabilities
    assert gpus.capability_by_name(name) is None


@pytest.mark.parametrize(
    "name", ["GeForce RTX 7090", "NVIDIA X900", "", "NVIDIA GeForce ...", "...", "RTX", "Radeon VII", "a" * 5000]
)
def test_unknown_names(name: str) -> None:
    assert gpus.capability_by_name(name) is None


@given(st.text(max_size=120))
def test_any_name_is_survived(name: str) -> None:
    gpus.capabilities_by_name(name)
    gpus.is_datacenter(name)
    gpus.is_geforce(name)


@pytest.mark.parametrize(
    ("name", "datacenter", "geforce"),
    [
        ("NVIDIA A100-SXM4-40GB", True, False),
        ("Tesla T4", True, False),
        ("NVIDIA L4", True, False),
        ("NVIDIA GeForce RTX 4090", False, True),
        ("RTX 4090", False, True),
        ("GeForce GTX 1080", False, True),
        ("Quadro RTX 6000", False, False),
        ("NVIDIA RTX 6000 Ada Generation", False, False),
        ("NVIDIA X900", None, None),
    ],
)
def test_kinds(name: str, datacenter: bool | None, geforce: bool | None) -> None:
    assert gpus.is_datacenter(name) is datacenter
    assert gpus.is_geforce(name) is geforce


def test_architectures_agree_with_the_list() -> None:
    for chip, (capability, family) in table("gpus")["chips"].items():
        parsed = ComputeCapability.parse(capability)
        assert parsed is not None
        assert gpus.architecture(parsed) == family.split(" ")[0], chip
    assert gpus.architecture(ComputeCapability(15, 0)) is None
    assert gpus.architecture(ComputeCapability(7, 2)) == "Volta"


def test_every_row_has_a_chip_and_a_readable_id() -> None:
    rows = table("gpus")["pci"]
    assert len(rows) > 900
    for device, (chip, _) in rows.items():
        assert len(device) == 4
        assert int(device, 16) >= 0
        assert chip in table("gpus")["chips"]
        assert gpus.by_pci_id(f"10de:{device}") is not None


def test_each_model_of_the_list_is_found_by_its_name() -> None:
    for device in table("gpus")["pci"]:
        model = gpus.by_pci_id(device)
        assert model is not None
        name = model.name
        if name and any(letter.isdigit() for letter in name) and "/" not in name:
            assert model.compute_capability in gpus.capabilities_by_name(name), name


def test_sources() -> None:
    assert gpus.name_source().url.startswith("https://developer.nvidia.com/")
    assert gpus.pci_source().read_on


@pytest.mark.parametrize(
    ("name", "capabilities"),
    [
        ("RTX PRO 6000", ["12.0"]),
        ("RTX PRO 5000", ["12.0"]),
        ("RTX PRO 4000", ["12.0"]),
        ("RTX PRO 500 Blackwell", ["12.0"]),
        ("Jetson Orin", ["8.7"]),
        ("Orin Nano", ["8.7"]),
        ("AGX Thor", ["11.0"]),
        ("DGX Spark", ["12.1"]),
        ("RTX5090", ["12.0"]),
        ("gtx1080ti", ["6.1"]),
        ("A6000", ["8.6"]),
        ("4090", ["8.9"]),
        ("RTX 6000", ["7.5", "8.9"]),  # Quadro RTX 6000, RTX 6000 Ada
        ("GT 710", ["2.1", "3.5"]),
        ("GT 730", ["2.1", "3.0", "3.5"]),
    ],
)
def test_names_as_people_shorten_them(name: str, capabilities: list[str]) -> None:
    assert [str(one) for one in gpus.capabilities_by_name(name)] == capabilities


@pytest.mark.parametrize(
    "name", ["RTX 5090 Ti", "RTX 9090", "RTX", "GeForce GTX", "RTX PRO 6000 Rubin", "GPU 0", "Device"]
)
def test_a_name_is_never_guessed_from_a_part_of_it(name: str) -> None:
    assert gpus.capabilities_by_name(name) == ()
