"""What the forms of nvidia-smi's output have in common: one result, and which name each form gives to a value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from cudadoctor.facts.driver import SmiGpu
from cudadoctor.parsers import smi_health
from cudadoctor.parsers.smi_fields import FIELDS, UNCORRECTED
from cudadoctor.parsers.text import bus_id as normalised
from cudadoctor.parsers.text import failure, flag, known, mebibytes, plain
from cudadoctor.versions import ComputeCapability, CudaDriverVersion, DriverVersion

SmiForm = Literal["table", "xml", "log", "csv", "list", "version"]


class SmiRow(SmiGpu, frozen=True, kw_only=True):
    """One GPU, and how the form printed it; None where the form or the driver does not print the value."""

    name_shown: str | None = None
    """The name as the table shows it, `ERR!` included; None in the other forms."""
    mode_shown: str | None = None
    """The table's column after the name: On, Off or N/A (persistence), on Windows TCC, WDDM, MCDM."""
    ecc_shown: str | None = None
    """The table's "Volatile Uncorr. ECC" cell: a count, N/A, Off; On where MIG is enabled; ERR!."""
    driver_model: str | None = None
    """Windows: WDDM, TCC, MCDM; N/A elsewhere."""
    architecture: str | None = None
    """`Ampere`, where this nvidia-smi prints it (driver 470 and newer)."""
    fan: str | None = None
    """As printed: `30 %`, `38%`, `N/A`, `ERR!`."""
    gsp_firmware: str | None = None
    """Version of the GSP firmware that runs on it; `N/A` where none does."""


class SmiReading(Struct, frozen=True, kw_only=True):
    """One output of nvidia-smi."""

    form: SmiForm
    version: DriverVersion | None = None
    """Of the kernel driver ("Driver Version", from 610 on "KMD Version")."""
    cuda_version: CudaDriverVersion | None = None
    """The newest CUDA that the driver supports ("CUDA Version", from 610 on "CUDA UMD Version")."""
    cuda_version_text: str | None = None
    """As printed, `N/A` and `ERR!` included; None: this form or this driver prints none (before 410)."""
    smi_version: DriverVersion | None = None
    """Of nvidia-smi itself; under WSL it is another one than the driver's."""
    nvml_version: DriverVersion | None = None
    gpus: tuple[SmiRow, ...] = ()
    """In the order in which they are printed; one that was cut off has the values that were complete."""
    attached: int | None = None
    """"Attached GPUs": it may be more than are listed."""
    complete: bool = False
    """The output goes to its own end. False: it was cut, or its end cannot be told; there may be more GPUs."""
    mig_section: bool = False
    """The table or the list shows MIG devices."""
    dtd: str | None = None
    """xml: `v12`."""
    columns: int | None = None
    """csv: how many the header names."""
    ragged: bool = False
    """csv: a row has another number of values than the header."""
    message: str | None = None
    """xml: the error that nvidia-smi put into it."""


_SENSORS = frozenset(("fan", *smi_health.FIELDS))
"""Values that cannot be read on GPUs that are well."""


def chosen(form: Literal["xml", "log", "csv"], raw: Mapping[str, str]) -> dict[str, str]:
    """The values of one GPU by our names, from the names of the form."""
    column = ("xml", "log", "csv").index(form)
    found = {}
    for ours, names in (*FIELDS.items(), *smi_health.FIELDS.items()):
        for name in names[column]:
            if name in raw:
                found[ours] = raw[name]
                break
    for way in UNCORRECTED:
        counts = [int(raw[name]) for name in way if raw.get(name, "").isdecimal() and len(raw[name]) < 20]
        if counts:
            found["uncorrected"] = str(sum(counts))
            break
    return found


def gpu(
    values: Mapping[str, str], *, index: int, bus: str | None = None, mig_devices: int = 0, error: str | None = None
) -> SmiRow:
    """A GPU from its values by our names. `error` is what was seen in place of a value; it is looked for here too."""
    text = {key: plain(value) for key, value in values.items()}
    errors = [error] if error else []
    errors += [said for name, value in text.items() if name not in _SENSORS and (said := failure(value))]
    lost = next((said for said in errors if "is lost" in said.lower()), None)
    return SmiRow(
        index=int(text["index"]) if re.fullmatch(r"\d{1,4}", text.get("index", ""), re.ASCII) else index,
        name=known(text.get("name")),
        uuid=known(text.get("uuid")),
        bus_id=normalised(bus or "") or normalised(text.get("bus", "")),
        brand=known(text.get("brand")),
        architecture=known(text.get("architecture")),
        compute_capability=ComputeCapability.parse(text.get("capability", "")),
        memory_total_mib=mebibytes(text.get("total")),
        memory_used_mib=mebibytes(text.get("used")),
        mig_mode=text.get("mig"),
        mig_mode_pending=text.get("mig_pending"),
        mig_devices=mig_devices,
        persistence_mode=flag(text.get("persistence")),
        compute_mode=text.get("compute"),
        ecc_mode=text.get("ecc"),
        ecc_uncorrected=int(text["uncorrected"]) if "uncorrected" in text else None,
        virtualization=text.get("virtualization"),
        license_status=text.get("license"),
        row_remap_pending=flag(text.get("remap_pending")),
        row_remap_failure=flag(text.get("remap_failure")),
        driver_model=text.get("model"),
        gsp_firmware=text.get("gsp"),
        fabric_state=text.get("fabric"),
        fabric_status=text.get("fabric_status"),
        fan=text.get("fan"),
        recovery_action=text.get("recovery"),
        lost=lost is not None,
        error=lost or (errors[0] if errors else None),
        **smi_health.read(text),
    )


def first_word(text: str | None) -> str | None:
    """The value before the notes that newer drivers print after it ("610.62 [Deprecated; …]")."""
    words = (text or "").split(None, 1)
    return words[0] if words else None


def driver(text: str | None) -> DriverVersion | None:
    """The driver version at the beginning of the text."""
    return DriverVersion.parse(first_word(text) or "")


def cuda(text: str | None) -> CudaDriverVersion | None:
    """The CUDA version at the beginning of the text."""
    return CudaDriverVersion.parse(first_word(text) or "")
