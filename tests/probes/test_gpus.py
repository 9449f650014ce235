"""The merge of what nvidia-smi, libcuda and the PCI bus saw."""

from __future__ import annotations

import pytest

from cudadoctor.facts.driver import (
    CudaDevice,
    DriverFacts,
    LibcudaFacts,
    LibcudaOutcome,
    PciDevice,
    PciFacts,
    SmiFacts,
    SmiGpu,
    SmiOutcome,
)
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.system import OsFacts
from cudadoctor.readings import gpus
from cudadoctor.versions import ComputeCapability, CudaDriverVersion, DriverVersion

V550 = DriverVersion.parse("550.54.14")
V535 = DriverVersion.parse("535.183.01")
GTX_1080_TI = "10de:1b06"


def bus(*devices: tuple[str, str]) -> PciFacts:
    listed = tuple(PciDevice(bus_id=bus_id, device_id=number, driver="nvidia") for bus_id, number in devices)
    return PciFacts(gpus=listed, seen=Seen(where="/sys", text=""))


def smi(*listed: SmiGpu, outcome: SmiOutcome = "ok", cuda: CudaDriverVersion | None = None) -> SmiFacts:
    return SmiFacts(outcome=outcome, gpus=listed, version=V550 if outcome == "ok" else None, cuda_version=cuda)


def cuda(
    *devices: CudaDevice, outcome: LibcudaOutcome = "ok", version: CudaDriverVersion | None = None
) -> LibcudaFacts:
    return LibcudaFacts(outcome=outcome, devices=devices, cuda_version=version)


def merged(
    pci: PciFacts | None = None,
    said: SmiFacts | None = None,
    asked: LibcudaFacts | None = None,
    os: OsFacts | None = None,
) -> tuple[GpuFacts, ...] | None:
    return gpus.merge(pci, said, asked, os, None)[0]


def test_one_gpu_that_three_places_saw() -> None:
    found = merged(
        bus(("0000:01:00.0", GTX_1080_TI)),
        smi(SmiGpu(index=0, name="NVIDIA GeForce GTX 1080 Ti", bus_id="0000:01:00.0", memory_total_mib=11264)),
        cuda(
            CudaDevice(
                ordinal=0,
                name="NVIDIA GeForce GTX 1080 Ti",
                compute_capability=ComputeCapability(6, 1),
                bus_id="0000:01:00.0",
            )
        ),
        OsFacts(),
    )
    assert found == (
        GpuFacts(
            index=0,
            name="NVIDIA GeForce GTX 1080 Ti",
            pci_bus_id="0000:01:00.0",
            compute_capability=ComputeCapability(6, 1),
            capability_from="libcuda",
            memory_total_mib=11264,
        ),
    )


def test_nvidia_smi_tells_the_capability_before_all_others() -> None:
    found = merged(
        bus(("0000:01:00.0", GTX_1080_TI)),
        smi(SmiGpu(index=0, name="X", bus_id="0000:01:00.0", compute_capability=ComputeCapability(9, 0))),
        cuda(CudaDevice(ordinal=0, name="X", compute_capability=ComputeCapability(8, 0), bus_id="0000:01:00.0")),
    )
    assert found is not None
    assert (found[0].compute_capability, found[0].capability_from) == (ComputeCapability(9, 0), "nvidia-smi")


def test_a_gpu_without_a_driver_is_known_by_its_pci_id() -> None:
    found = merged(bus(("0000:01:00.0", GTX_1080_TI)), smi(outcome="missing"), cuda(outcome="missing"), OsFacts())
    assert found is not None
    assert (found[0].compute_capability, found[0].capability_from) == (ComputeCapability(6, 1), "PCI id")
    assert "1080 Ti" in (found[0].name or "")


def test_a_name_tells_the_capability_where_nothing_else_does() -> None:
    found = merged(None, smi(SmiGpu(index=0, name="NVIDIA GeForce RTX 3090")), None, OsFacts(wsl=2))
    assert found is not None
    assert (found[0].compute_capability, found[0].capability_from) == (ComputeCapability(8, 6), "name")


def test_a_name_that_was_cut_gives_way() -> None:
    cut = SmiGpu(index=0, name="GeForce GTX 108...", name_cut=True, bus_id="0000:01:00.0")
    found = merged(bus(("0000:01:00.0", GTX_1080_TI)), smi(cut))
    assert found is not None
    assert "1080 Ti" in (found[0].name or "")
    only = merged(None, smi(SmiGpu(index=0, name="Foo Bar 12...", name_cut=True)))
    assert only is not None
    assert (only[0].name, only[0].compute_capability) == ("Foo Bar 12...", None)


def test_another_order_of_cuda_does_not_mix_gpus_up() -> None:
    found = merged(
        None,
        smi(SmiGpu(index=0, name="A", bus_id="0000:01:00.0"), SmiGpu(index=1, name="B", bus_id="0000:02:00.0")),
        cuda(
            CudaDevice(ordinal=0, name="B", compute_capability=ComputeCapability(9, 0), bus_id="0000:02:00.0"),
            CudaDevice(ordinal=1, name="A", compute_capability=ComputeCapability(7, 5), bus_id="0000:01:00.0"),
        ),
    )
    assert found is not None
    assert [(gpu.index, gpu.name, gpu.compute_capability) for gpu in found] == [
        (0, "A", ComputeCapability(7, 5)),
        (1, "B", ComputeCapability(9, 0)),
    ]


def test_without_bus_ids_names_join() -> None:
    found = merged(
        None,
        smi(SmiGpu(index=0, name="A"), SmiGpu(index=1, name="B")),
        cuda(CudaDevice(ordinal=0, name="B", compute_capability=ComputeCapability(9, 0))),
    )
    assert found is not None
    assert [gpu.compute_capability for gpu in found] == [None, ComputeCapability(9, 0)]


def test_gpus_that_nvidia_smi_does_not_list_follow() -> None:
    found = merged(
        bus(("0000:01:00.0", GTX_1080_TI), ("0000:02:00.0", GTX_1080_TI), ("0000:03:00.0", GTX_1080_TI)),
        smi(SmiGpu(index=1, name="A", bus_id="0000:02:00.0")),
        cuda(CudaDevice(ordinal=0, name="C", bus_id="0000:03:00.0")),
    )
    assert found is not None
    assert [(gpu.index, gpu.pci_bus_id) for gpu in found] == [
        (1, "0000:02:00.0"),
        (0, "0000:03:00.0"),
        (2, "0000:01:00.0"),
    ]


def test_libcuda_alone() -> None:
    device = CudaDevice(
        ordinal=0, name="NVIDIA A10", compute_capability=ComputeCapability(8, 6), memory_total_mib=22731
    )
    found = merged(None, smi(outcome="hangs"), cuda(device), OsFacts(wsl=2))
    assert found is not None
    assert [(gpu.index, gpu.name, gpu.memory_total_mib) for gpu in found] == [(0, "NVIDIA A10", 22731)]


def test_mig_instances_are_not_gpus() -> None:
    parts = [
        CudaDevice(
            ordinal=number,
            name="NVIDIA A100-SXM4-40GB MIG 1g.5gb",
            compute_capability=ComputeCapability(8, 0),
            bus_id="0000:01:00.0",
            memory_total_mib=4864,
        )
        for number in range(2)
    ]
    whole = SmiGpu(index=0, name="NVIDIA A100-SXM4-40GB", bus_id="0000:01:00.0", mig_mode="Enabled", mig_devices=2)
    for said in (smi(whole), None):
        found = merged(None, said, cuda(*parts))
        assert found is not None
        (gpu,) = found
        assert (gpu.name, gpu.compute_capability) == ("NVIDIA A100-SXM4-40GB", ComputeCapability(8, 0))
        assert gpu.memory_total_mib is None
        assert (gpu.mig_mode, gpu.mig_devices) == (("enabled", 2) if said else (None, None))


@pytest.mark.parametrize(
    ("mode", "shown"), [("Enabled", "enabled"), ("Disabled", "disabled"), ("N/A", None), (None, None)]
)
def test_mig_mode(mode: str | None, shown: str | None) -> None:
    found = merged(None, smi(SmiGpu(index=0, mig_mode=mode)))
    assert found is not None
    assert found[0].mig_mode == shown


def test_a_lost_gpu() -> None:
    found = merged(None, smi(SmiGpu(index=0, bus_id="0000:01:00.0", lost=True)))
    assert found is not None
    assert found[0].lost


def test_none_is_known_only_where_the_bus_was_read() -> None:
    assert merged(bus(), smi(outcome="missing"), cuda(outcome="missing"), OsFacts()) == ()
    assert merged(bus(), None, None, None) == ()


@pytest.mark.parametrize(
    ("pci", "os"),
    [(None, OsFacts()), (bus(), OsFacts(wsl=2)), (bus(), OsFacts(jetson="Jetson")), (None, None)],
)
def test_else_it_is_not_known(pci: PciFacts | None, os: OsFacts | None) -> None:
    found, _, gaps = gpus.merge(pci, smi(outcome="missing"), cuda(outcome="missing"), os, None)
    assert found is None
    assert [gap.fact for gap in gaps] == ["gpus"]


def test_a_capability_that_is_not_known_is_a_gap() -> None:
    found, _, gaps = gpus.merge(bus(("0000:01:00.0", "10de:ffff")), None, None, None, None)
    assert found is not None
    assert found[0].compute_capability is None
    assert [gap.fact for gap in gaps] == ["gpus.0.compute_capability"]


def driver(given: DriverFacts | None, said: SmiFacts | None, asked: LibcudaFacts | None) -> DriverFacts | None:
    return gpus.merge(None, said, asked, None, given)[1]


def test_the_cuda_version_is_libcudas_before_nvidia_smis() -> None:
    said = smi(cuda=CudaDriverVersion(12, 4))
    first = driver(DriverFacts(), said, cuda(version=CudaDriverVersion(12, 8)))
    second = driver(DriverFacts(), said, cuda(outcome="missing"))
    assert first is not None
    assert second is not None
    assert (first.cuda_version, second.cuda_version) == (CudaDriverVersion(12, 8), CudaDriverVersion(12, 4))


def test_the_running_module_is_believed_before_nvidia_smi() -> None:
    found = driver(DriverFacts(version=V535, loaded=True), smi(), None)
    assert found is not None
    assert found.version == V535
    under_wsl = driver(DriverFacts(loaded=True), smi(), None)
    assert under_wsl is not None
    assert under_wsl.version == V550


def test_a_driver_that_answers_is_loaded() -> None:
    found = driver(DriverFacts(loaded=False), smi(SmiGpu(index=0)), None)
    assert found is not None
    assert found.loaded is True
    by_cuda = driver(DriverFacts(loaded=None, uvm_loaded=False), None, cuda(CudaDevice(ordinal=0)))
    assert by_cuda is not None
    assert (by_cuda.loaded, by_cuda.uvm_loaded) == (True, True)


@pytest.mark.parametrize("said", [smi(outcome="failed"), smi(), None])
def test_one_that_does_not_answer_stays_as_it_was(said: SmiFacts | None) -> None:
    found = driver(DriverFacts(loaded=False, uvm_loaded=False), said, cuda(outcome="failed"))
    assert found is not None
    assert (found.loaded, found.uvm_loaded) == (False, False)


def test_without_anything_there_is_no_driver() -> None:
    assert driver(None, smi(outcome="missing"), cuda(outcome="missing")) is None
    told = driver(None, smi(SmiGpu(index=0)), None)
    assert told is not None
    assert (told.version, told.loaded) == (V550, True)
