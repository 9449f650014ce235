"""A fleet of snapshots: equal nodes, and odd ones among them, each odd in its own way."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from cudadoctor.host.recording import RecordingHost
from cudadoctor.probes.base import Request
from cudadoctor.probes.collect import collect
from tests.machines.builder import build
from tests.machines.catalogue import CATALOGUE

USUAL = "ubuntu2204-h100x8-570open-torch27-nvswitch"
Change = Callable[[str], str]


def swap(old: str, new: str) -> Change:
    return lambda text: text.replace(old, new)


def recorded(machine: str) -> str:
    """The answers of a planted machine, as JSON text."""
    host = RecordingHost(build(CATALOGUE[machine].machine))
    collect(host, Request())
    return json.dumps(host.recording.data())


def odd(usual: str) -> dict[str, str]:
    """Twelve nodes that differ: what is odd about each, and its snapshot."""
    kernel = re.search(r"\d+\.\d+\.\d+-\d+-generic", usual)
    driver = re.search(r"570\.\d+(?:\.\d+)?", usual)
    assert kernel is not None
    assert driver is not None
    nofabric = recorded("ubuntu2204-h100x8-570open-nofabric")
    return {
        "kernel a": usual.replace(kernel[0], "5.15.0-60-generic"),
        "kernel b": usual.replace(kernel[0], "5.15.0-61-generic"),
        "driver a": usual.replace(driver[0], "570.86.10"),
        "driver b": usual.replace(driver[0], "570.99.01"),
        "driver c": usual.replace(driver[0], "570.100"),
        "torch a": usual.replace("2.7.1", "2.7.0"),
        "torch b": usual.replace("2.7.1", "2.8.0"),
        "python": usual.replace("3.10.12", "3.10.13"),
        "fabric a": nofabric,
        "fabric b": nofabric,
        "home a": usual.replace("/home/ada/work", "/home/ada/other"),
        "home b": usual.replace("/home/ada/work", "/srv/ada/work"),
    }


def fleet(folder: Path, count: int) -> dict[str, str]:
    """Writes `count` snapshots; gives the names of the odd ones with what is odd about each."""
    usual = recorded(USUAL)
    strange = odd(usual)
    step = max(1, count // (len(strange) + 1))
    places = {f"gpu{(number + 1) * step:04}": what for number, what in enumerate(strange)}
    packed = {what: gzip.compress(text.encode(), 1) for what, text in {**strange, "usual": usual}.items()}
    for name in names(count):
        (folder / f"{name}.json.gz").write_bytes(packed[places.get(name, "usual")])
    return places


def names(count: int) -> Iterator[str]:
    return (f"gpu{number:04}" for number in range(count))
