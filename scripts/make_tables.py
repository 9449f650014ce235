"""Make the tables in cudadoctor/compat/data from the facts in scripts/facts.

    python scripts/make_tables.py            write them
    python scripts/make_tables.py --check    write nothing; one line for each file says what changed; exit 1 if any did

Needs the standard library only (Python 3.11; before that, tomli). The same facts give the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

tomllib: Any = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
HERE = Path(__file__).resolve().parent
FACTS = HERE / "facts"
DATA = HERE.parent / "cudadoctor" / "compat" / "data"
# Names of package registries: the tables name vendors' own download addresses only.
FORBIDDEN = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("deb", "debian", "org"),
        ("registry", "npmjs", "org"),
    )
)

Table = dict[str, Any]


def read_json(name: str) -> Any:
    return json.loads((FACTS / name).read_text(encoding="utf-8"))


def read_toml(name: str) -> Any:
    return tomllib.loads((FACTS / name).read_text(encoding="utf-8"))


def read_csv(name: str) -> list[dict[str, str]]:
    with (FACTS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sources(*names: str) -> Table:
    known = read_toml("sources.toml")
    return {name: [known[name]["title"], known[name]["url"], known[name]["read_on"]] for name in names}


def key(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def short(version: str) -> str:
    """`11.0.2` -> `11.0`."""
    return ".".join(version.split(".")[:2])


def cuda_tag(cuda: str) -> str:
    return "cu" + "".join(cuda.split(".")[:2])


def cuda_of_tag(tag: str) -> str | None:
    """`cu101` -> `10.1`, `cpu` -> None."""
    return f"{tag[2:-1]}.{tag[-1]}" if tag.startswith("cu") else None


def python_of(tag: str) -> str:
    """`cp313t` -> `3.13t`, `cp27` -> `2.7`."""
    match = re.fullmatch(r"(?:cp|py)(\d)(\d*)(t?)", tag)
    assert match, tag
    return f"{match[1]}.{match[2]}{match[3]}" if match[2] else match[1]


def python_key(python: str) -> tuple[tuple[int, ...], bool]:
    return key(python), python.endswith("t")


# --- drivers


def drivers() -> Table:
    facts = read_json("drivers.json")
    lowest: dict[str, tuple[str, str | None]] = {}
    bundled: list[list[str | None]] = []
    for row in facts["native"]["rows"]:
        cuda = short(row["version"])
        bundled.append([row["toolkit"].split(" ")[0], cuda, row["linux"], row["windows"]])
        if cuda not in lowest or key(row["linux"]) < key(lowest[cuda][0]):
            lowest[cuda] = (row["linux"], row["windows"])
    native = [[cuda, *lowest[cuda]] for cuda in sorted(lowest, key=key)]
    architectures = []
    first_driver = {cuda: linux for cuda, linux, _ in native}
    for row in facts["architecture"]["rows"]:
        for capability in row["cc"]:
            first = row["first_cuda"].split(" ")[0]
            first = {"8.6": "11.1"}.get(capability, first)
            architectures.append(
                {
                    "cc": capability,
                    "architecture": row["arch"],
                    "first_cuda": first,
                    "last_cuda": row.get("last_cuda"),
                    "first_driver": first_driver.get(first),
                    "last_branch": row.get("last_driver_branch"),
                    "last_driver": row.get("last_driver"),
                }
            )
    module = facts["open_module"]
    return {
        "sources": sources(
            "driver_floor",
            "driver_minor",
            "driver_branches",
            "driver_lifecycle",
            "driver_architectures",
            "open_module",
            "forward_compatibility",
        ),
        "native": native,
        "minor": [[row["major"], row["linux"], row["windows"]] for row in facts["minor_version"]["rows"]],
        "branches": [[row["branch"], row["cuda"]] for row in facts["driver_branch_max_cuda"]["rows"]],
        "lifecycle": [
            [row[name] for name in ("branch", "kind", "eol", "max_cuda_major")] for row in facts["lifecycle"]["rows"]
        ],
        "architectures": sorted(architectures, key=lambda row: key(row["cc"])),
        "open_module": {name: module[name] for name in sorted(module) if name != "source"},
    }


# --- GPUs


def gpus() -> Table:
    facts = read_json("gpus.json")
    chips: dict[str, list[str]] = {}
    pci: dict[str, list[str]] = {}
    for row in read_csv("gpu_pci.csv"):
        chips[row["chip"]] = [row["compute_capability"], row["architecture"]]
        device = row["pci_id"].split(":")[1]
        assert device not in pci, row
        pci[device] = [row["chip"], row["name"]]
    return {
        "sources": sources("gpu_names", "gpu_pci"),
        "chips": dict(sorted(chips.items())),
        "pci": dict(sorted(pci.items())),
        "names": {cc: sorted(facts["official_names"][cc]) for cc in sorted(facts["official_names"], key=key)},
        "ambiguous": dict(sorted(facts["ambiguous_names"].items())),
    }


# --- toolkits


def toolkits() -> Table:
    facts = read_json("cuda_toolkits.json")
    capabilities = []
    for row in facts["compute_capability"]["rows"]:
        listed = [f"{number[:-1]}.{number[-1]}" for number in row["sm"].split()]
        capabilities.append([row["first"], row["last"], listed])
    compilers = []
    for row in facts["host_compiler"]["rows"]:
        gcc = int(str(row["gcc_max"]).split(".")[0])
        clang = None if row["clang_max"] is None else int(re.findall(r"\d+", row["clang_max"].split("-")[-1])[0])
        compilers.append([row["first"], row["last"], gcc, clang])
    columns = ("version", "runfile", "bundled_driver", "sha256")
    runfiles = [[row[name] for name in columns] for row in facts["runfiles"]["rows"]]
    return {
        "sources": sources("toolkit_capabilities", "host_compilers", "glibc_traps", "runfiles"),
        "capabilities": capabilities,
        "host_compilers": compilers,
        "glibc": [
            [row[name] for name in ("glibc_from", "toolkit_to", "symptom", "confidence")]
            for row in facts["glibc"]["rows"]
        ],
        "runfiles": sorted(runfiles, key=lambda row: key(row[0])),
        "never_released": ["12.7"],
        "newest": max((re.findall(r"\d+\.\d+", text)[0] for text in facts["newest"]["toolkits"]), key=key),
    }


# --- torch


def index_files() -> dict[str, dict[str, dict[str, list[str]]]]:
    """package -> version -> platform tag -> Pythons, from the file list of the default index."""
    found: dict[str, dict[str, dict[str, list[str]]]] = {}
    for row in read_csv("default_index_wheels.csv"):
        pythons = sorted((python_of(tag) for tag in row["pythons"].split()), key=python_key)
        found.setdefault(row["package"], {}).setdefault(row["version"], {})[row["platform_tag"]] = pythons
    return found


def platform_of(tag: str) -> str | None:
    """The platform in the words of the command line."""
    for ending, name in (
        ("linux_x86_64", "linux-x86_64"),
        ("linux_aarch64", "linux-aarch64"),
        ("win_amd64", "win-amd64"),
    ):
        if tag.endswith(ending):
            return name
    if tag.startswith("manylinux"):
        return "linux-aarch64" if tag.endswith("aarch64") else "linux-x86_64"
    if tag.startswith("macosx"):
        return "macos-arm64" if tag.endswith("arm64") else "macos-x86_64"
    return None


def pythons_by_platform(tags: dict[str, list[str]]) -> dict[str, list[str]]:
    merged: dict[str, set[str]] = {}
    for tag, pythons in tags.items():
        platform = platform_of(tag)
        if platform:
            merged.setdefault(platform, set()).update(pythons)
    return {name: sorted(found, key=python_key) for name, found in sorted(merged.items())}


def old_wheels() -> dict[str, dict[str, dict[str, Any]]]:
    """torch up to 1.8.0 -> platform -> tag -> [Pythons, local suffix], from torch_stable.html."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in read_csv("wheels_upto_1_8_0.csv"):
        platform = platform_of(row["platform_tag"])
        if row["package"] != "torch" or platform is None or row["index_dir"].startswith("rocm") or not row["index_dir"]:
            continue
        version = row["version"].split(".post")[0]
        tag = row["index_dir"]
        if platform.startswith("macos") and tag != "cpu":
            continue
        # Each directory also repeats files of the others: only the file with this directory's own suffix counts.
        if row["local"] not in ("", tag):
            continue
        builds = found.setdefault(version, {}).setdefault(platform, {})
        entry = builds.setdefault(tag, {"": set(), "+": set()})
        entry["+" if row["local"] else ""].add(python_of(row["python"]))
    result: dict[str, dict[str, dict[str, Any]]] = {}
    for version in sorted(found, key=key):
        for platform, builds in sorted(found[version].items()):
            for tag, entry in sorted(builds.items()):
                suffixed = bool(entry["+"])
                pythons = entry["+"] or entry[""]
                made = [sorted(pythons, key=python_key), f"+{tag}" if suffixed else ""]
                result.setdefault(version, {}).setdefault(platform, {})[tag] = made
    return result


def glibc_tag(tags: dict[str, list[str]], machine: str) -> str | None:
    """The manylinux tag of a release for one machine: the oldest that it has."""
    order = ("manylinux1", "manylinux2010", "manylinux2014", "manylinux_2_28")
    return next((name for name in order if f"{name}_{machine}" in tags), None)


def torch() -> Table:
    facts = read_json("torch_versions.json")
    matrix = read_json("release_matrix.json")
    index = read_toml("pip_index.toml")
    published = read_toml("published.toml")
    files = index_files()
    local = {row["torch"]: row for row in index["local_versions"]}
    listed = {row["torch"]: row for row in published["rows"]}
    default = matrix["pypi_default"]["linux_x86_64"]
    releases = []
    for row in sorted(facts["versions"], key=lambda row: key(row["torch"])):
        version = row["torch"]
        tags = files["torch"].get(version, {})
        release: Table = {
            "torch": version,
            "date": row["date"],
            "torchvision": row["torchvision"],
            "torchaudio": row.get("torchaudio"),
            "torchcodec": row.get("torchcodec"),
            "cuda": sorted(row["cuda"], key=key),
            "default": row.get("pypi_default_linux_x86_64") or default.get(version),
            "conda": bool(row.get("official_conda_channel")),
            "pythons": pythons_by_platform(tags),
            "glibc": {machine: tag for machine in ("aarch64", "x86_64") if (tag := glibc_tag(tags, machine))},
        }
        if version in local:
            builds = [name for name in local[version]["builds"] if "(" not in name]
            release["local"] = sorted(builds, key=lambda name: (name != "cpu", len(name), name))
        if version in listed:
            release["published"] = {name: value for name, value in sorted(listed[version].items()) if name != "torch"}
        for name in ("note", "confidence"):
            if row.get(name):
                release[name] = row[name]
        if row.get("python_wheels_seen") and not release["pythons"]:
            release["pythons"] = {"linux-x86_64": [python_of(tag) for tag in row["python_wheels_seen"]]}
        releases.append({name: value for name, value in release.items() if value not in (None, {}, [])})
    companions = {
        package: {version: pythons_by_platform(files[package][version]) for version in sorted(files[package], key=key)}
        for package in ("torchaudio", "torchvision")
    }
    return {
        "sources": sources("torch_releases", "torch_published", "torch_files", "torch_old_files", "torch_local"),
        "releases": releases,
        "companion_pythons": companions,
        "published_eras": published["eras"],
        "published_windows": published["windows"],
        "published_left_out": published["left_out"]["torch"],
        "aarch64_index": {row["torch"]: row["builds"] for row in published["aarch64"]},
        "flag_eras": index["flag_eras"]["rows"],
        "index": {name: index["index"][name] for name in ("base", "flat_page", "lts", "nightly", "test")},
        "aarch64_default_cuda_from": "2.11.0",
    }


def torch_old() -> Table:
    return {"sources": sources("torch_old_files"), "wheels": old_wheels()}


def arch() -> Table:
    facts = read_json("wheel_arch.json")
    lists: dict[str, int] = {}
    notes: dict[str, int] = {}
    rows = []
    for row in facts["rows"]:
        arch_list = " ".join(
            [
                *(f"sm_{cc.replace('.', '')}" for cc in sorted(row["sm"], key=key)),
                *(f"compute_{cc.replace('.', '')}" for cc in sorted(row["ptx"], key=key)),
            ]
        )
        note = row.get("note") or ""
        # A build script's list is no proof that the build was published.
        listed = not note.startswith("in the build script but NOT")
        rows.append(
            [
                row["torch"],
                row["cuda"],
                row["manager"],
                f"{row['os']}-{row['machine']}",
                lists.setdefault(arch_list, len(lists)),
                row["confidence"],
                notes.setdefault(note, len(notes)),
                listed,
            ]
        )
    rows.sort(key=lambda row: (key(row[0]), key(row[1]), row[2], row[3]))
    return {
        "sources": sources("torch_arch", "binary_compatibility"),
        "lists": list(lists),
        "notes": list(notes),
        "rows": rows,
    }


# --- conda, uv, apt, installers, pitfalls


def conda() -> Table:
    facts = read_toml("conda.toml")
    return {
        "sources": sources("conda"),
        "eras": facts["eras"]["rows"],
        "channels": facts["channels"]["rules"],
        "extra_channels": facts["extra_channels"],
        "constraints": facts["constraints"]["rows"],
        "run_dependencies": [
            {"verified": True, **{name: value for name, value in row.items() if name != "source"}}
            for row in facts["run_dependencies"]
        ],
        "only_in_defaults": facts["only_in_defaults"],
        "cudatoolkit": {name: facts["cudatoolkit"][name] for name in ("conda_forge", "defaults", "nvidia")},
        "builds": [{name: row[name] for name in ("torch", "cuda", "build", "kind")} for row in facts["builds"]],
        "pytorch_cuda": facts["pytorch_cuda"]["versions"],
        "end": {name: facts["end"][name] for name in ("last_version", "announced", "text")},
        "conda_forge": {name: value for name, value in sorted(facts["conda_forge"].items()) if name != "source"},
        "reference_case": {name: value for name, value in facts["reference_case"].items() if name != "source"},
    }


def cudnn() -> Table:
    facts = read_toml("cudnn.toml")
    rows = []
    for row in read_json("release_matrix.json")["rows"]:
        rows += [[row["torch"], one["cuda"], one["cudnn"]] for one in row["stable_cuda"] + row["experimental_cuda"]]
    return {
        "sources": sources("torch_releases"),
        "read_on": facts["read_on"],
        "builds": sorted(rows, key=lambda row: (key(row[0]), key(row[1]))),
        "floors": [[row["first"], row["oldest"], row["source"].split(", ")[0]] for row in facts["floors"]],
        "conda_forge": [[row["cuda_major"], row["cudnn"]] for row in facts["conda_forge"]],
    }


def uv() -> Table:
    facts = read_json("uv_backends.json")
    return {
        "sources": sources("uv"),
        "linux": [[row["backend"], row["min_driver"]] for row in facts["linux"]],
        "windows": [[row["backend"], row["min_driver"]] for row in facts["windows"]],
        "packages": facts["packages_from_pytorch_index"],
        "semantics": facts["semantics"],
    }


def apt() -> Table:
    facts = read_toml("apt.toml")
    toolkit = read_json("cuda_toolkits.json")
    deb = [[row["version"], row["distro"], row["file"], row["url"]] for row in toolkit["local_deb"]["rows"]]
    return {
        "sources": sources("apt", "local_deb", "ubuntu_support"),
        "keys": facts["keys"]["rows"],
        "keyring": facts["keyring"]["rows"],
        "keyring_url": facts["keyring"]["url"],
        "errors": facts["errors"]["rows"],
        "local_deb": sorted(deb, key=lambda row: (key(row[0]), row[1])),
        "ubuntu": [[row["toolkit"], row["ubuntu"]] for row in toolkit["ubuntu_support"]["rows"]],
    }


def installers() -> Table:
    bases: dict[str, int] = {}
    rows: list[list[Any]] = []
    for row in read_csv("conda_installers.csv"):
        base, _, file = row["url"].rpartition("/")
        python = re.fullmatch(r"py(\d)(\d+)", row["base_python"])
        rows.append(
            [
                row["family"],
                row["version"] or "latest",
                row["machine"],
                bases.setdefault(base, len(bases)),
                file,
                row["hash"] or None,
                row["hash_kind"] or None,
                f"{python[1]}.{python[2]}" if python else None,
            ]
        )
    rows.sort(key=lambda row: (row[0], key(row[1]), row[1], row[4]))
    return {"sources": sources("installers"), "bases": list(bases), "rows": rows}


def pitfalls() -> Table:
    return {"sources": sources("pitfalls"), "rows": read_toml("pitfalls.toml")["rows"]}


TABLES: dict[str, Callable[[], Table]] = {
    "apt": apt,
    "arch": arch,
    "conda": conda,
    "cudnn": cudnn,
    "drivers": drivers,
    "gpus": gpus,
    "installers": installers,
    "pitfalls": pitfalls,
    "toolkits": toolkits,
    "torch": torch,
    "torch_old": torch_old,
    "uv": uv,
}


def written(value: Any, depth: int = 0) -> str:
    """JSON with one row a line: small to load, and readable as a difference."""
    if depth < 2 and isinstance(value, dict) and value:
        inside = ",\n".join(f"{json.dumps(name)}: {written(value[name], depth + 1)}" for name in value)
        return "{\n" + inside + "\n}"
    if depth < 2 and isinstance(value, list) and value and not isinstance(value[0], str):
        return "[\n" + ",\n".join(written(one, 2) for one in value) + "\n]"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def difference(old: str | None, new: str) -> str:
    if old is None:
        return "is missing"
    before, after = set(old.splitlines()), set(new.splitlines())
    return f"{len(after - before)} lines new or changed, {len(before - after)} gone"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; say what changed")
    check: bool = parser.parse_args(arguments).check
    changed = 0
    for name, make in TABLES.items():
        text = written(make()) + "\n"
        for host in FORBIDDEN:
            if host in text:
                print(f"{name}.json would name {host}", file=sys.stderr)
                return 2
        path = DATA / f"{name}.json"
        old = path.read_text(encoding="utf-8") if path.exists() else None
        if old == text:
            continue
        changed += 1
        print(f"{name}.json: {difference(old, text)}")
        if not check:
            DATA.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    for path in sorted(DATA.glob("*.json")):
        if path.stem not in TABLES:
            changed += 1
            print(f"{path.name}: no table makes it")
    return 1 if check and changed else 0


if __name__ == "__main__":
    raise SystemExit(main())
