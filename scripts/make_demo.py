#!/usr/bin/env python3
"""Records the machines of `cudadoctor demo` from those of the tests.

    scripts/make_demo.py           write cudadoctor/demo/*.json.gz
    scripts/make_demo.py --check   exit 1 where one is not what the probes would record today

Compared is what is packed, not the packed bytes: another zlib packs differently.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "cudadoctor" / "demo"
PLANTED = {
    "healthy": "ubuntu2404-rtx5090-580open-torch28",
    "reference": "ubuntu1804-gtx1080ti-418-torch14-conda",
    "no-driver": "ubuntu2204-rtx3090-nodriver",
    "driver-too-old": "ubuntu2204-rtx3090-470-torch23",
    "upgraded": "ubuntu2204-rtx3090-535-upgraded",
    "secure-boot": "ubuntu2204-rtx3090-535-secureboot",
    "blackwell-old-torch": "ubuntu2404-rtx5090-580open-torch25",
    "cpu-only-torch": "ubuntu2404-rtx5090-580open-torchcpu",
    "fabric-manager": "ubuntu2204-h100x8-570open-nofabric",
    "container": "docker-l40s-nogpuaccess",
    "wsl": "wsl2-rtx3060laptop-shadowed",
    "several-environments": "ubuntu2204-rtx3090-580-five-envs-active-cpu",
}
"""Name of the demo → name of the machine in tests/machines."""


def recorded(machine: str) -> bytes:
    """The answers of a planted machine, redacted as `snapshot` does."""
    from cudadoctor.facts.redact import redact
    from cudadoctor.host.recording import RecordingHost
    from cudadoctor.probes.base import Request
    from cudadoctor.probes.collect import collect
    from tests.machines.builder import build
    from tests.machines.catalogue import CATALOGUE

    host = RecordingHost(build(CATALOGUE[machine].machine))
    collect(host, Request())
    text = json.dumps(redact(host.recording.data()), ensure_ascii=True, indent=1, sort_keys=True)
    return text.encode() + b"\n"


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true")
    check: bool = parser.parse_args().check
    sys.path.insert(0, str(ROOT))
    from cudadoctor.demo import MACHINES

    if list(PLANTED) != list(MACHINES):
        sys.exit("make_demo: cudadoctor/demo/__init__.py and this script list different machines")
    code = 0
    for name, machine in PLANTED.items():
        path = FOLDER / f"{name}.json.gz"
        new = recorded(machine)
        if path.is_file() and gzip.decompress(path.read_bytes()) == new:
            continue
        if check:
            print(f"{path.relative_to(ROOT)} is out of date: run scripts/make_demo.py")
            code = 1
        else:
            path.write_bytes(gzip.compress(new, mtime=0))
    for path in FOLDER.glob("*.json.gz"):
        if path.name.removesuffix(".json.gz") not in PLANTED:
            if check:
                print(f"{path.relative_to(ROOT)} is no longer listed: run scripts/make_demo.py")
                code = 1
            else:
                path.unlink()
    return code


if __name__ == "__main__":
    sys.exit(main())
