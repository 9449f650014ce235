"""`nvidia-smi -q -x`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from cudadoctor.parsers import smi_xml
from tests.parsers.samples import Card, second, xml

CARD = Card()
TWO = xml([CARD, second(CARD)])


def test_the_values() -> None:
    read = smi_xml.parse(TWO)
    assert read is not None
    assert (str(read.version), str(read.cuda_version), read.dtd, read.attached) == ("570.10.01", "12.8", "v12", 2)
    assert read.complete
    one, two = read.gpus
    assert (one.index, one.bus_id, two.index, two.bus_id) == (0, "0000:0a:00.0", 1, "0009:c1:00.0")
    assert (one.name, one.architecture, one.uuid) == ("NVIDIA Sample 9000", "Sample", CARD.uuid)
    assert (one.memory_total_mib, one.memory_used_mib, one.ecc_uncorrected) == (24576, 123, 3)
    assert (one.persistence_mode, one.row_remap_pending, one.row_remap_failure) == (True, True, False)
    assert (one.virtualization, one.license_status, one.mig_mode) == ("None", "Unlicensed (Restricted)", "N/A")
    assert one.compute_capability is None
    assert (one.error, one.lost, one.mig_devices) == (None, False, 0)


@pytest.mark.parametrize("dtd", [f"v{number}" for number in range(4, 14)])
def test_every_dtd_is_named(dtd: str) -> None:
    read = smi_xml.parse(xml([CARD], dtd=dtd, cuda=None))
    assert read is not None
    assert (read.dtd, read.cuda_version, read.cuda_version_text) == (dtd, None, None)


def test_mig_devices_are_counted_and_not_mistaken_for_the_gpu() -> None:
    read = smi_xml.parse(xml([replace(CARD, mig="Enabled"), second(CARD)], migs=4))
    assert read is not None
    assert [(gpu.mig_devices, gpu.memory_total_mib) for gpu in read.gpus] == [(4, 24576), (4, 24576)]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "$ nvidia-smi -q -x\n" + text + "$ echo <done>\n",
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "".join(f"> {line}\n" for line in text.splitlines()),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace('<?xml version="1.0" ?>', '<?xml version="1.0" encoding="UTF-16"?>'),
        lambda text: text.replace("Sample 9000", "Sample 9000\x00\x07"),
        lambda text: "\n".join(line for line in text.splitlines() if not line.startswith(("<?", "<!"))),
        lambda text: text.replace("<gpu id", "\ud800<gpu id"),
    ],
)
def test_what_surrounds_or_spoils_it(spoil: Callable[[str], str | bytes]) -> None:
    read = smi_xml.parse(spoil(TWO))
    assert read is not None
    assert read.complete
    assert [(gpu.name, gpu.uuid) for gpu in read.gpus] == [(CARD.name, CARD.uuid), (CARD.name, second(CARD).uuid)]


def test_cut_anywhere_keeps_what_was_closed() -> None:
    whole = smi_xml.parse(TWO)
    assert whole is not None
    end = len(TWO.rstrip())
    for cut in range(0, end, 7):
        read = smi_xml.parse(TWO[:cut])
        if read is None:
            assert "<nvidia_smi_log>" not in TWO[:cut]
            continue
        assert not read.complete
        for gpu, full in zip(read.gpus, whole.gpus, strict=False):
            for field in ("name", "uuid", "memory_total_mib", "memory_used_mib", "mig_mode", "license_status"):
                assert getattr(gpu, field) in {None, getattr(full, field)}
    half = smi_xml.parse(TWO[: TWO.index("</gpu>") + 8])
    assert half is not None
    assert (half.gpus, half.attached) == (whole.gpus[:1], 2)


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE nvidia_smi_log [<!ENTITY a "b">]>',
        '<!DOCTYPE nvidia_smi_log [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>',
        '<!DOCTYPE nvidia_smi_log [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE nvidia_smi_log [<!ENTITY % a SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_entities_are_refused(doctype: str) -> None:
    start = TWO.index("<nvidia_smi_log>")
    assert smi_xml.parse(doctype + TWO[start:].replace("Sample 9000", "&a;")) is None


def test_an_inline_dtd_is_read_over() -> None:
    inner = "<!-- nvsmi_device_v7.dtd --><!ELEMENT nvidia_smi_log (gpu*)><!ATTLIST gpu id CDATA #REQUIRED>"
    text = f"<!DOCTYPE nvidia_smi_log [{inner}]>" + TWO[TWO.index("<nvidia_smi_log>") :]
    read = smi_xml.parse(text)
    assert read is not None
    assert (read.dtd, read.complete, len(read.gpus)) == ("v7", True, 2)


def test_610_prefers_the_new_names() -> None:
    text = TWO.replace(
        "<driver_version>570.10.01</driver_version>",
        "<driver_version>610.10 [Deprecated; use the other]</driver_version><kmd_version>610.11</kmd_version>",
    ).replace(
        "<cuda_version>12.8</cuda_version>",
        "<cuda_version>13.2 [x]</cuda_version><cuda_umd_version>13.3</cuda_umd_version>",
    )
    read = smi_xml.parse(text)
    assert read is not None
    assert (str(read.version), str(read.cuda_version)) == ("610.11", "13.3")


@pytest.mark.parametrize(
    ("said", "lost"), [("GPU is lost", True), ("Unknown Error", False), ("[Unknown Error]", False)]
)
def test_errors_in_place_of_values(said: str, lost: bool) -> None:
    text = xml([replace(CARD, name=said, uuid=said), second(CARD)]).replace("24576 MiB", said, 1)
    read = smi_xml.parse(text)
    assert read is not None
    one, two = read.gpus
    assert (one.name, one.uuid, one.memory_total_mib, one.lost, one.error) == (None, None, None, lost, said.strip("[]"))
    assert (two.name, two.lost, two.error) == (CARD.name, False, None)


def test_a_gpu_without_values() -> None:
    empty = '<gpu id="00000000:3B:00.0"></gpu>'
    read = smi_xml.parse(f"<nvidia_smi_log>{empty}<gpu>Unable to reach it: GPU is lost</gpu></nvidia_smi_log>")
    assert read is not None
    assert [(gpu.bus_id, gpu.name, gpu.lost) for gpu in read.gpus] == [
        ("0000:3b:00.0", None, False),
        (None, None, True),
    ]


def test_a_value_that_cannot_be_read_and_does_not_matter() -> None:
    read = smi_xml.parse(
        TWO.replace("<compute_mode>", "<addressing_mode>Unknown Error</addressing_mode><compute_mode>")
    )
    assert read is not None
    assert [gpu.error for gpu in read.gpus] == [None, None]


@pytest.mark.parametrize("text", ["", "<html><gpu id='1'></gpu></html>", "No devices were found", "<nvidia_smi_lo"])
def test_what_is_no_such_document(text: str) -> None:
    assert smi_xml.parse(text) is None


def test_a_document_that_only_goes_down_is_refused() -> None:
    assert smi_xml.parse("<nvidia_smi_log>" + "<a>" * 100_000) is None
