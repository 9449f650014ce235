#!/usr/bin/env python3
"""Makes the index of known messages from their tables.

    scripts/make_messages.py           write cudadoctor/intake/messages/index.json
    scripts/make_messages.py --check   exit 1 where it is not what the tables give
    scripts/make_messages.py --weak    list the fragments that say least: what an innocent text may contain

A message in `text` is written as its program prints it, with `{name}` for what varies. The fragments that identify it
are worked out here: runs of words that no other kind of message has and that say enough. Any one of them, in any line
of a report, is enough by itself; a short line without one counts where all of it is there. A fragment that several
kinds share counts for the kind that all of them are `part_of`, where there is one.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

tomllib: Any = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "cudadoctor" / "intake" / "messages"

_ENOUGH = 4.0
_ENOUGH_AS_A_WHOLE = 2.0
_MOST_WORDS = 14
_LONG_NAME = 16
"""Letters from which the name of a function or a constant is one that no sentence has by chance."""
_COMMON_WORDS = """
a about above after again all also an and any are as at be because been before being below between both but by
can cannot change check could did do does doing don down due during each either else end enough even every few
find first following for found from further get give go had has have having here how however i if in into is
it its itself just last least less let like look made make many may me might more most much must my need needs
new next no nor not now of off on once one only or other our out over own please possible probably re run s
same see set several she should show since so some still such sure t take than that the their them then there
these they thing this those three through to too try two under until up use used using very via want was we
well were what when where whether which while who why will with within without would you your
"""
_FIELD_WORDS = """
adapter adapters after again allow allowed already api argument arguments available batch bin bios bootstrap
bug build building builds built bus bytes call called calls cannot card cards cause caused causes cgroup
client close code com command compatible compile compiled compiler compiling config configuration configure
configured connect connection container containerd count cpu create created creating cuda current currently
daemon debian debug default denied deny detected dev device devices different differs directory disabled
display dma docker docs download driver drivers editable egg_info enabled env environment error errors etc
exception executable execute executing existing exit fail failed failing fails failure fatal fedora file files
firmware flag flags fs function gcc generate generic github gnu gpu gpus graphics happens hardware header
headers hook hooks host html http https ib id incompatible index info init initialization initialize
initialized install installation installed installing instead invalid job jobs kernel kernel_lockdown
kubernetes later layer level lib lib64 libcublas libcuda libcudart libcudnn libnvidia library likely line
linux list load loaded loading log logs machine make match memory message metadata minute mismatch missing
mode module most mount mounted name namespace nccl net node nodes number nvidia nvidia_drm nvidia_modeset
nvidia_uvm nvml nvrm object oci often open operation option org origin originates output package packages page
pages parameter parameters path paths pci pcie permission permissions please pod podman pods preparing
prestart previous previously problem proc process product products program py pyproject python rank ranks read
readme reason recommend recommended release releases report requested required requirement requirements
requires resource resources response retry retrying returned rhel root run running runtime sbin screen second
seconds section sections server set setting settings setup sh shared shim size smi so socket software source
sources specification specified specify start started starting status step stop stopped string strongly
support supported symbol sys system task tasks time timed timeout toml torch torchvision trace traceback tree
tried try trying ubuntu unable undefined unknown unload unloading unsupported update user users uses usr value
var variable vendor version versions visit wait waiting warn warning web wheel work working write www x86_64
"""

_COMMON = frozenset(_COMMON_WORDS.split())
_FIELD = frozenset(_FIELD_WORDS.split())


def weight(word: str) -> float:
    """How much a word says: names of functions and constants most, words of every sentence least."""
    if word in _COMMON or word.isdigit() or len(word) == 1:
        return 0.3
    if word in _FIELD:
        return 0.5
    if "_" in word.strip("_"):
        return _ENOUGH if len(word) >= _LONG_NAME else _ENOUGH / 2
    return 1.0


def read() -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The entries of all tables, and kind → the kind that it is part of."""
    entries: list[dict[str, Any]] = []
    parents: dict[str, str] = {}
    for path in sorted((FOLDER / "tables").glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        for row in (*(table.get("message", ())), *(code_row(row) for row in table.get("code", ()))):
            entry = {
                "kind": row["kind"],
                "says": row["says"],
                "source": row.get("source") or table["source"],
                "table": path.stem,
            }
            if "part_of" in row:
                parents[row["kind"]] = row["part_of"]
            if "patterns" in row:
                entry["patterns"] = [[one["word"], one["pattern"]] for one in row["patterns"]]
            if "text" in row:
                entry["lines"] = [line.strip() for line in row["text"].strip().splitlines() if line.strip()]
            if "needs" in row:
                entry["needs"] = row["needs"]
            entries.append(entry)
    return entries, parents


# What may stand before a number for it to be CUDA's: "CUDA error 803", "CUDA driver error: 803", "cuInit(0) returned
# 803", "cuda runtime error (802)", "cudaGetDeviceCount returned 802", "Call to cuInit results in 100".
_BEFORE = (
    r"(?:\bcuda[ _-]?(?:driver |runtime |runtime api |init )?error(?: code)?|"
    r"\bcuInit(?:\(\w?\))?(?:,? (?:returned|returns|gave|results in|failed with|failed)(?: error)?(?: code)?)?|"
    r"\bcuda (?:failure|err|initialization failure with error)|\bcudaSuccess|"
    r"\bcuda driver library (?:init failure|failed to get device context)|"
    r"\bCudaAPIError: ?\[|\bcuda(?:GetDevice\w{0,12}|SetDevice|Malloc|Free)(?:\(\w{0,8}\))? returned|\bcudaError_t)"
)
_BETWEEN = r"[ \t]?[:=(#]{0,2}[ \t]?"


def code_row(row: dict[str, Any]) -> dict[str, Any]:
    """An error code of CUDA as a message: known by its number, its names and its sentence."""
    code: int = row["code"]
    patterns = [{"word": name.lower(), "pattern": rf"\b{name}\b"} for name in row["names"]]
    patterns += row.get("patterns", [])
    for number in (code, *row.get("older", ())):
        pattern = rf"{_BEFORE}{_BETWEEN}{number}\b(?![.:]\d)"
        if code in range(802, 809):  # "Error 803: system has …", "code=802(cudaErrorSystemNotReady)"
            pattern += rf"|\berror(?: code)?{_BETWEEN}{number}\b(?![.:]\d)"
            # In a person's words: "CUDA initialization fails with 802", "CUDA init: 802 system error".
            pattern += rf"|\bCUDA init\w{{0,12}}\b[^\n]{{0,20}}\b{number}\b(?![.:]\d)"
        patterns.append({"word": str(number), "pattern": pattern})
    return {**row, "kind": f"cuda-error-{code}", "patterns": patterns}


def stretches(line: str) -> list[list[str]]:
    """The words of a line between its places, without those that a place is part of."""
    without = re.sub(r"\w*\{\w*\}\w*", "{}", line)
    return [words for part in without.split("{}") if (words := re.sub(r"\W+", " ", part.lower()).split())]


def chain(kind: str, parents: dict[str, str]) -> list[str]:
    """The kind, and those that it is part of, from the special to the general."""
    found = [kind]
    while found[-1] in parents and parents[found[-1]] not in found:
        found.append(parents[found[-1]])
    return found


def owner(kinds: set[str], parents: dict[str, str]) -> str | None:
    """The one kind that all of these are, or are part of."""
    chains = [chain(kind, parents) for kind in kinds]
    return next((kind for kind in chains[0] if all(kind in other for other in chains[1:])), None)


def fragments(entries: list[dict[str, Any]], parents: dict[str, str]) -> list[tuple[str, int, int]]:
    """(fragment, message, line): the shortest runs of words that belong to one kind and say enough."""
    owners: dict[tuple[str, ...], set[str]] = defaultdict(set)
    places: list[tuple[int, int, list[str]]] = []
    for number, entry in enumerate(entries):
        for line_number, line in enumerate(entry.get("lines", ())):
            for words in stretches(line):
                places.append((number, line_number, words))
                for start in range(len(words)):
                    for stop in range(start + 1, min(len(words), start + _MOST_WORDS) + 1):
                        owners[tuple(words[start:stop])].add(entry["kind"])
    general = {entry["kind"]: number for number, entry in reversed(list(enumerate(entries)))}
    found: dict[tuple[str, str], tuple[str, int, int]] = {}
    for number, line_number, words in places:
        last: int | None = None
        for start in reversed(range(len(words))):
            for stop in range(start + 1, min(len(words), start + _MOST_WORDS) + 1):
                window = tuple(words[start:stop])
                if sum(map(weight, window)) < _ENOUGH:
                    continue
                kind = owner(owners[window], parents)
                if kind is None:
                    continue
                own = kind == entries[number]["kind"]
                if own and last is not None and stop >= last:
                    break  # a shorter one that ends there, or before, says the same
                target = (number, line_number) if own else (general[kind], -1)
                found.setdefault((" ".join(window), kind), (" ".join(window), *target))
                if own:
                    last = stop
                    break
    return list(found.values())


def wholes(
    entries: list[dict[str, Any]], found: list[tuple[str, int, int]], common: Counter[str]
) -> dict[str, list[tuple[int, int]]]:
    """Word → (message, line): lines without a fragment of their own, which are known only where all of one is there."""
    known = {(number, line) for _, number, line in found}
    anchors: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, entry in enumerate(entries):
        for line_number, line in enumerate(entry.get("lines", ())):
            words = [word for stretch in stretches(line) for word in stretch]
            if (number, line_number) in known or sum(map(weight, words)) < _ENOUGH_AS_A_WHOLE:
                continue
            rarest = max(words, key=lambda word: (weight(word), -common[word], len(word), word))
            anchors[rarest].append((number, line_number))
    return dict(sorted(anchors.items()))


def index() -> tuple[dict[str, Any], list[tuple[str, int, int]]]:
    """The index, and the fragments by themselves."""
    entries, parents = read()
    unknown = set(parents.values()) - {entry["kind"] for entry in entries}
    if unknown:
        raise SystemExit(f"part_of names kinds that no table has: {', '.join(sorted(unknown))}")
    found = fragments(entries, parents)
    common = Counter(word for fragment, _, _ in found for word in set(fragment.split()))
    anchors: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for fragment in found:
        anchors[min(fragment[0].split(), key=lambda word: (common[word], -len(word), word))].append(fragment)
    made = {
        "messages": entries,
        "anchors": dict(sorted(anchors.items())),
        "wholes": wholes(entries, found, common),
    }
    return made, found


def shown(made: dict[str, Any]) -> str:
    """JSON with one entry a line, so that changes can be read."""
    messages = ",\n".join(json.dumps(one, ensure_ascii=False) for one in made["messages"])
    anchors = ",\n".join(
        f"{json.dumps(word, ensure_ascii=False)}: {json.dumps(rows, ensure_ascii=False)}"
        for word, rows in made["anchors"].items()
    )
    whole = ",\n".join(
        f"{json.dumps(word, ensure_ascii=False)}: {json.dumps(rows)}" for word, rows in made["wholes"].items()
    )
    return f'{{"messages": [\n{messages}\n],\n"anchors": {{\n{anchors}\n}},\n"wholes": {{\n{whole}\n}}}}\n'


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--weak", action="store_true")
    chosen = parser.parse_args()
    made, found = index()
    if chosen.weak:
        for fragment, number, _ in sorted(found, key=lambda one: sum(map(weight, one[0].split()))):
            print(f"{sum(map(weight, fragment.split())):4.1f}  {made['messages'][number]['kind']:40} {fragment}")
        return 0
    path = FOLDER / "index.json"
    text = shown(made)
    if chosen.check:
        same = path.is_file() and path.read_text(encoding="utf-8") == text
        print("up to date" if same else "scripts/make_messages.py would change cudadoctor/intake/messages/index.json")
        return 0 if same else 1
    path.write_text(text, encoding="utf-8")
    print(f"{len(made['messages'])} messages, {len(found)} fragments")
    return 0


if __name__ == "__main__":
    sys.exit(main())
