"""nvidia-smi in every form, whole, cut, wrapped or failed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain

from msgspec.structs import replace

from cudadoctor.facts.driver import SmiFacts, SmiOutcome
from cudadoctor.intake import wrapped
from cudadoctor.intake.draft import Draft
from cudadoctor.parsers import smi_csv, smi_error, smi_list, smi_q, smi_table, smi_version, smi_xml
from cudadoctor.parsers.smi import SmiReading, SmiRow
from cudadoctor.readings import smi as readings

_FORMS: tuple[tuple[str, Callable[[str], SmiReading | None], tuple[str, ...]], ...] = (
    # form, its parser, a word that must be in the text
    ("xml", smi_xml.parse, ("<nvidia_smi_log", "<gpu id", "<driver_version>", "<product_name>")),
    ("log", smi_q.parse, ("nvsmi log", "attached gpus", "product name", "remapped rows", "gpu uuid")),
    ("table", smi_table.parse, ("nvidia-smi ", "mib /", "mib/")),
    ("csv", smi_csv.parse, ("[mib]", "pci.bus_id", "driver_version", "compute_cap", "name, ", "uuid, ", "index, ")),
    ("version", smi_version.parse, ("nvml version", "nvidia-smi version")),
    ("list", smi_list.parse, ("(uuid:", "(s/n:")),
)
_TABLE_HEAD = re.compile(r"NVIDIA-SMI\s+\d")
_INNER_LIST = re.compile(r"(?<=\))\s+(?=GPU \d{1,4}: )")
"""`nvidia-smi -L` whose lines an issue form has joined into one."""
_TABLES = 8
_SECTIONS = ("remapped rows", "vgpu software licensed product", "grid licensed product", "ecc errors", "fabric\n")
_HEAD = "==============NVSMI LOG==============\n\nAttached GPUs : 1\nGPU 00000000:00:00.0"


def recognise(draft: Draft) -> None:
    """The first output of each form; what one form does not tell is taken from the others."""
    found = list(_readings(draft)) or list(_fragment(draft))
    error_at, error = _error(draft)
    best = _together(draft, found)
    if best is None and error is None:
        return
    outcome: SmiOutcome = "ok"
    message = None
    if error is not None and error.kind not in ("bad-argument", "not-supported"):
        outcome = "missing" if error.kind == "not-installed" else "failed"
        message = error.message
    if best is not None and outcome == "ok" and not best.gpus and not _says_none(best):
        # Only its head: the driver answered, and which GPUs it listed was cut off.
        draft.put(draft.driver, "loaded", value=True)
        draft.put(draft.driver, "version", best.version)
        draft.put(draft.driver, "cuda_version", best.cuda_version)
        draft.put(draft.driver, "seen", draft.paste.seen(draft.paste.first("nvidia-smi", "driver version")))
        return
    if best is not None and outcome == "missing":
        outcome = "ok"  # somebody else's shell did not have it: here it answered
    draft.instances_told = any(one.complete and (one.mig_section or one.form in {"xml", "log"}) for one in found)
    words = ("nvidia-smi ", "<driver_version>", "driver version", "(uuid:", "gpu uuid", "product name", "name, ")
    at = error_at if outcome in ("failed", "missing") else draft.paste.first(*words)
    draft.smi = SmiFacts(
        outcome=outcome,
        message=message if outcome == "failed" else None,
        version=best.version if best else None,
        cuda_version=best.cuda_version if best else None,
        gpus=best.gpus if best else (),
        seen=draft.paste.seen(at),
    )
    if best is not None and best.version is not None:
        draft.put(draft.driver, "loaded", value=True)
        draft.put(
            draft.driver,
            "seen",
            draft.paste.seen(draft.paste.first("driver version", "<driver_version>", "nvidia-smi ")),
        )
    if error is not None and error.library_version is not None:
        draft.put(draft.driver, "library_version", error.library_version)
        draft.put(draft.driver, "library_seen", draft.paste.seen(draft.paste.first("nvml library version")))


def _fragment(draft: Draft) -> Iterator[SmiReading]:
    """A part of `nvidia-smi -q` without its head: sections and values of some GPU, whose bus id nobody told."""
    lowered = draft.paste.lowered
    at = next((at for word in _SECTIONS if (at := draft.paste.first(word)) >= 0), -1)
    if at < 0 or " : " not in lowered:
        return
    line = draft.paste.texts[at]
    indent = len(line) - len(line.lstrip())
    body = [" " * max(0, 4 - indent) + text for text in draft.paste.texts[at : at + 200]]
    reading = smi_q.parse("\n".join((_HEAD, *body)))
    if reading is not None and len(reading.gpus) == 1:
        yield replace(reading, gpus=(replace(reading.gpus[0], bus_id=None),), complete=False)


def _says_none(reading: SmiReading) -> bool:
    return reading.complete and reading.form in ("xml", "log") and reading.attached == 0


def _error(draft: Draft) -> tuple[int, smi_error.SmiError | None]:
    error = smi_error.parse(draft.paste.text)
    if error is None or not error.message:
        return -1, error
    return draft.paste.first(error.message.lower()[:200]), error


def _readings(draft: Draft) -> Iterator[SmiReading]:
    paste = draft.paste
    for form, parse, words in _FORMS:
        if not any(word in paste.lowered for word in words):
            continue
        if form == "csv" and not any(
            line.count(", ") and wrapped.is_column(line.split(",")[0]) for line in paste.texts
        ):
            continue
        for texts in _parts(draft, form):
            reading = _best(form, parse, texts)
            if reading is not None:
                yield reading


def _heads_csv(line: str) -> bool:
    return ", " in line and wrapped.is_column(line.split(",", maxsplit=1)[0])


def _parts(draft: Draft, form: str) -> Iterator[list[str]]:
    """The lines in which the parser looks for one output; of tables each from its head on."""
    texts = draft.paste.texts
    if form == "list":
        yield [part for line in texts for part in (_INNER_LIST.split(line) if line.count("GPU ") > 1 else (line,))]
    elif form == "table":
        heads = [at for at, line in enumerate(texts) if "NVIDIA-SMI" in line and _TABLE_HEAD.search(line)][:_TABLES]
        starts = heads or [0]
        for start, stop in zip(starts, [*starts[1:], len(texts)], strict=True):
            yield texts[start:stop]
    else:
        yield texts


def _best(form: str, parse: Callable[[str], SmiReading | None], texts: list[str]) -> SmiReading | None:
    """What tells most, of the lines as they are and as they were before they were broken."""
    reading = parse("\n".join(texts))
    broken = _broken(form, texts)
    if form == "list" or (reading is not None and _good(form, reading) and not broken):
        return reading
    chosen, most = reading, -1 if broken and form == "csv" else _tells(reading) - broken
    region = texts[:4000]
    ways = wrapped.variants(region) if form != "csv" else chain((wrapped.csv_rows(region),), wrapped.variants(region))
    for text in ways:
        other = parse(text)
        score = _tells(other)
        if score > most:
            chosen, most = other, score
    return chosen


def _broken(form: str, texts: list[str]) -> bool:
    """Whether lines of that form were broken: a line that begins at its left edge and is no line of the form's own."""
    inside = False
    for line in texts:
        if form == "csv":
            if _heads_csv(line):
                return line.rstrip().endswith(",")
        elif not inside:
            inside = "NVSMI LOG" in line or "<nvidia_smi_log" in line or "<gpu id" in line
        elif "</nvidia_smi_log" in line:
            return False
        elif (form == "xml" and line.strip() and not line.lstrip().startswith("<")) or (
            form == "log" and line[:1].strip() and " :" not in line and not line.startswith(("GPU ", "="))
        ):
            return True
    return False


def _good(form: str, reading: SmiReading) -> bool:
    if form == "table":
        whole = all(gpu.bus_id and gpu.memory_total_mib and gpu.compute_mode for gpu in reading.gpus)
        return reading.complete and bool(reading.gpus) and whole and reading.version is not None
    return reading.complete and not reading.ragged


def _tells(reading: SmiReading | None) -> int:
    """How many values it has."""
    if reading is None:
        return -1
    if reading.form == "csv":
        return 0 if reading.ragged else (reading.columns or 0)
    gpus = sum(map(_gpu_tells, reading.gpus))
    head = sum(one is not None for one in (reading.version, reading.cuda_version_text, reading.smi_version))
    migs = sum(gpu.mig_devices for gpu in reading.gpus)
    return gpus + head + migs + 2 * reading.complete


_TELLING = (
    *("name", "bus_id", "memory_total_mib", "memory_used_mib", "compute_mode", "uuid", "mode_shown", "mig_mode"),
    *("virtualization", "compute_capability", "license_status", "fabric_state"),
)


def _gpu_tells(gpu: SmiRow) -> int:
    """How many values it has; those that a break went through count against it."""
    values = [getattr(gpu, name) for name in _TELLING]
    torn = sum(isinstance(value, str) and ("\n" in value or "- " in value) for value in values)
    return sum(value is not None for value in values) - 2 * gpu.name_cut - 3 * torn - 3 * (" " in (gpu.uuid or ""))


def _together(draft: Draft, found: list[SmiReading]) -> SmiReading | None:
    """One reading from all: the first with GPUs leads."""
    led = sorted(found, key=lambda reading: not reading.gpus)
    if not led:
        return None
    best = led[0]
    for other in led[1:]:
        if other.version and best.version and other.version != best.version:
            draft.gap(
                "driver.version",
                f"two outputs of nvidia-smi differ ({best.version}, {other.version}): the first was taken",
            )
            continue
        best = replace(
            best,
            version=best.version or other.version,
            cuda_version=best.cuda_version or other.cuda_version,
            gpus=readings.joined(best.gpus, other.gpus),
        )
    return best
