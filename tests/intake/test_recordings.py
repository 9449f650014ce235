"""Other people's real outputs, pasted: every value that their list expects, bare and after what happens to a paste."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from cudadoctor.api import examine as api
from cudadoctor.checks.engine.base import Severity
from cudadoctor.facts.base import Facts
from cudadoctor.intake import read
from cudadoctor.parsers.text import decode
from tests.parsers.test_recordings import FOLDER, RECORDINGS, bus, mib, unbracketed

SMI = ("smi_table", "smi_xml", "smi_q", "smi_csv", "smi_list", "smi_version")


def bare(text: str) -> str:
    return text


def crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def quoted(text: str) -> str:
    return "".join(f"> {line}\n" for line in text.splitlines())


def quoted_twice(text: str) -> str:
    return "".join(f"> > {line}\n" for line in text.splitlines())


def trailing_spaces(text: str) -> str:
    return "".join(f"{line}   \n" for line in text.splitlines())


def wrapped(text: str) -> str:
    """As a mail program does it: between words where it can."""
    out: list[str] = []
    for line in text.splitlines():
        out += textwrap.wrap(line, 78, drop_whitespace=True, replace_whitespace=False, expand_tabs=False) or [""]
    return "\n".join(out) + "\n"


def folded(text: str) -> str:
    """As `fold -w 78`."""
    return "".join(
        "".join(f"{line[at : at + 78]}\n" for at in range(0, max(1, len(line)), 78)) for line in text.splitlines()
    )


def folded_and_stripped(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in folded(text).splitlines())


def in_an_issue(text: str) -> str:
    return (
        "### Describe the bug\n\nIt does not work on my machine since yesterday, and this very long sentence of prose "
        "goes on for a good while longer than any terminal is wide.\n\n"
        "<details><summary>Environment</summary>\n\n```shell\n$ cmd\n"
        f"{text}\n```\n\n</details>\n\n- [x] I have searched the issues\n\nThanks!\n"
    )


def in_html(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<p>Here it is:</p>\n<pre><code>{escaped}</code></pre>\n"


def coloured(text: str) -> str:
    return "".join(f"\x1b[0m{line}\x1b[K\n" for line in text.splitlines())


def numbered(text: str) -> str:
    return "".join(f"{number:6}\t{line}\n" for number, line in enumerate(text.splitlines(), 1))


HARMS: tuple[Callable[[str], str], ...] = (
    *(bare, crlf, quoted, quoted_twice, trailing_spaces, wrapped, folded, folded_and_stripped),
    *(in_an_issue, in_html, coloured, numbered),
)

GPU: dict[str, Callable[[Any, Any, Any], bool]] = {
    # the list's field: what it should be in the facts (merged, and as nvidia-smi printed it)
    "index": lambda want, gpu, smi: gpu.index == want,
    "name": lambda want, gpu, smi: gpu.name == want,
    "name_shown": lambda want, gpu, smi: want in {smi.name, "ERR!"} and smi.name_cut == want.endswith("..."),
    "bus_id": lambda want, gpu, smi: gpu.pci_bus_id == bus(want),
    "memory_total_mib": lambda want, gpu, smi: gpu.memory_total_mib == want,
    "memory_used_mib": lambda want, gpu, smi: smi.memory_used_mib == want,
    "memory_total": lambda want, gpu, smi: gpu.memory_total_mib == mib(want),
    "compute_mode": lambda want, gpu, smi: smi.compute_mode == want,
    "compute_cap": lambda want, gpu, smi: str(gpu.compute_capability) == want,
    "uuid": lambda want, gpu, smi: smi.uuid == want,
    "mig": lambda want, gpu, smi: smi.mig_mode == unbracketed(want),
    "mig_mode": lambda want, gpu, smi: smi.mig_mode == want,
    "mig_devices": lambda want, gpu, smi: smi.mig_devices == want,
    "license_status": lambda want, gpu, smi: smi.license_status == want,
    "virtualization": lambda want, gpu, smi: smi.virtualization == want,
    "fabric_state": lambda want, gpu, smi: smi.fabric_state == want,
}


def smi_wrong(expected: dict[str, Any], facts: Facts) -> list[str]:
    driver = facts.driver
    wrong = []
    version = expected.get("driver_version")
    if version and str(driver and driver.version) != version:
        wrong.append(f"driver {driver and driver.version}")
    cuda = expected.get("cuda_version")
    if cuda and cuda[0].isdigit() and (driver is None or str(driver.cuda_version) != cuda):
        wrong.append(f"cuda {driver and driver.cuda_version}")
    gpus = expected["gpus"]
    if gpus and len(facts.gpus or ()) != len(gpus):
        return [*wrong, f"{len(facts.gpus or ())} GPUs"]
    for want, gpu, printed in zip(gpus, facts.gpus or (), facts.smi.gpus if facts.smi else (), strict=False):
        wrong += [
            f"gpu {gpu.index}: {key}" for key, value in want.items() if key in GPU and not GPU[key](value, gpu, printed)
        ]
    return wrong


def collect_env_wrong(expected: dict[str, Any], facts: Facts) -> list[str]:
    env = (facts.envs or (None,))[0]
    torch = env.torch if env else None
    if torch is None:
        return ["no torch"]
    wrong = []
    if torch.version.partition("+")[0] != expected["torch"].partition("+")[0]:
        wrong.append(f"torch {torch.version}")
    want = expected["torch_cuda"]
    if (str(torch.cuda) if torch.cuda else None) != (want if want[0].isdigit() else None):
        wrong.append(f"torch cuda {torch.cuda}")
    if torch.live.is_available != {"Yes": True, "True": True, "No": False, "False": False}[expected["cuda_available"]]:
        wrong.append("is_available")
    if [(gpu.index, gpu.name) for gpu in facts.gpus or ()] != [(gpu["index"], gpu["name"]) for gpu in expected["gpus"]]:
        wrong.append("gpus")
    driver = expected["driver_version"]
    if driver[0].isdigit() and str(facts.driver and facts.driver.version) != driver:
        wrong.append("driver")
    runtime = expected.get("cuda_runtime") or ""
    if runtime[:1].isdigit() and (not facts.toolkit or str(facts.toolkit.toolkits[0].version) != runtime):
        wrong.append("cuda_runtime")
    return wrong


def wrong_in(recording: dict[str, Any], facts: Facts) -> list[str]:
    kind, expected = recording["kind"], recording["expected"]
    assert not [gap for gap in facts.gaps if "bug in cudadoctor" in gap.reason]
    if kind in SMI:
        return smi_wrong(expected, facts)
    if kind == "collect_env":
        return collect_env_wrong(expected, facts)
    if kind == "proc_version":
        driver = facts.driver
        good = driver is not None and str(driver.version) == expected["driver_version"]
        return [] if good and driver and (driver.module == "open") == expected["open_module"] else [f"{driver}"]
    if kind == "nvcc":
        toolkit = facts.toolkit.toolkits[0] if facts.toolkit else None
        version = toolkit.version if toolkit else None
        return [] if version and version.release == expected["cuda_release"] else [f"{toolkit}"]
    return []


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording["id"])
def test_recording(recording: dict[str, Any], harm: Callable[[str], str]) -> None:
    data = (FOLDER / recording["file"]).read_bytes()
    assert wrong_in(recording, read.facts(harm(decode(data)))) == []
    if harm is bare:
        assert wrong_in(recording, read.facts(data)) == []


@pytest.mark.slow
@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording["id"])
def test_cut_anywhere_nothing_is_invented(recording: dict[str, Any]) -> None:
    """Every value of what was left is a value of the whole, and no fault comes about."""
    lines = decode((FOLDER / recording["file"]).read_bytes()).splitlines(keepends=True)
    whole = read.facts("".join(lines))
    step = max(1, len(lines) // 12)
    for count in range(0, len(lines), step):
        part = read.facts("".join(lines[:count]))
        for gpu in part.gpus or ():
            same = [one for one in whole.gpus or () if one.index == gpu.index]
            assert same
            assert gpu.name in {None, same[0].name}
            assert gpu.pci_bus_id in {None, same[0].pci_bus_id}
            assert gpu.memory_total_mib in {None, same[0].memory_total_mib}
        if part.driver is not None and part.driver.version is not None:
            assert whole.driver is not None
            assert part.driver.version == whole.driver.version
        if part.envs:
            assert whole.envs
            assert part.envs[0].torch.version == whole.envs[0].torch.version  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "recording", [one for one in RECORDINGS if one["kind"] in SMI], ids=lambda recording: recording["id"]
)
def test_an_output_of_nvidia_smi_alone_is_no_fault_of_torch(recording: dict[str, Any]) -> None:
    report = api.diagnose((FOLDER / recording["file"]).read_bytes())
    assert not report.crashed
    named = {one.name for one in report.findings if one.severity is Severity.ERROR}
    assert not report.suspects
    assert named <= {"gpu-row-remap-pending", "mig-enabled-no-instances", "gpu-fallen-off-bus", "vgpu-unlicensed"}
