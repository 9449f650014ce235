"""Many machines: asked, examined and compared."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from cudadoctor.api import examine as api
from cudadoctor.errors import CudaDoctorError
from cudadoctor.fleet import collect, compare, nodes
from cudadoctor.fleet.compare import Comparison, Found, Node
from cudadoctor.host.base import Host, Refusal

__all__ = ["Comparison", "Node", "ask", "fold", "launcher", "stored", "whole"]

FEW = 24
"""Snapshots up to which a second process would cost more than it saves."""

fold = nodes.fold


def launcher(
    given: str | None, *, slurm: bool, partition: str | None, reservation: str | None, options: str | None
) -> str:
    """The command that leads to a node, with a place for its name."""
    if slurm:
        if given is not None:
            raise CudaDoctorError("--slurm and --launcher exclude each other")
        return collect.srun(partition, reservation, options)
    if partition or reservation or options:
        raise CudaDoctorError("--partition, --reservation and --srun-options belong to --slurm")
    if given is not None:
        collect.command(given, "node")
    return given or collect.SSH


def whole(sets: Sequence[str], *, slurm: bool, partition: str | None) -> tuple[str, ...]:
    """The nodes that were named; with --slurm and none named, those of the partition. Raises CudaDoctorError."""
    if sets:
        return tuple(dict.fromkeys(node for one in sets for node in nodes.expand(one)))
    if not slurm:
        raise CudaDoctorError("name the nodes: cudadoctor fleet 'gpu[001-128]', or --slurm, or --from DIR")
    command = ["sinfo", "--noheader", "--Node", "--format=%N", *([f"--partition={partition}"] if partition else [])]
    try:
        done = api.local_host().run(command, timeout=30)
    except Refusal as error:
        raise CudaDoctorError(f"{error}; name the nodes instead") from error
    names = done.stdout.decode("utf-8", "replace").split()
    if done.returncode != 0 or not names:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it lists no node"]
        raise CudaDoctorError(f"{' '.join(command)}: {said[0]}; name the nodes instead")
    return tuple(dict.fromkeys(names))


def ask(
    names: Sequence[str],
    launch: str,
    request: api.Request,
    *,
    fanout: int,
    save: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Comparison:
    """Ask each node through its command, at most `fanout` at once, and compare. `save`: a folder for snapshots."""
    if save is not None:
        _folder(save)

    def one(name: str) -> Node:
        host = api.far_host(collect.command(launch, name), request)
        if save is not None:
            api.snapshot(host, request, os.path.join(save, f"{_safe(name)}.json.gz"))
        return examined(name, host, request)

    found: list[Node] = []
    for name, answer in collect.each(names, one, fanout):
        found.append(answer if isinstance(answer, Node) else Node(name=name, error=_reason(str(answer))))
        if progress is not None:
            silent = sum(one.error is not None for one in found)
            progress(f"{len(found)} of {len(names)} nodes" + (f", {silent} without an answer" if silent else ""))
    return compare.compare(found)


def stored(folder: str, request: api.Request, *, progress: Callable[[str], None] | None = None) -> Comparison:
    """Compare the snapshots in a folder; each is called by its file's name. Raises CudaDoctorError for none."""
    here = os.path.abspath(folder)
    paths = sorted(path for ending in ("json", "json.gz") for path in glob.glob(f"{glob.escape(here)}/*.{ending}"))
    if not paths:
        raise CudaDoctorError(f"--from {folder}: no snapshot is there (*.json, *.json.gz); `snapshot -o` makes one")
    found: list[Node] = []
    for node in _examined(paths, request):
        found.append(node)
        if progress is not None:
            progress(f"{len(found)} of {len(paths)} snapshots")
    return compare.compare(found)


def _examined(paths: Sequence[str], request: api.Request) -> Iterator[Node]:
    workers = len(os.sched_getaffinity(0))
    if len(paths) <= FEW or workers < 2:
        yield from (_of_file(path, request) for path in paths)
        return
    from concurrent.futures import ProcessPoolExecutor
    from itertools import repeat

    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(_of_file, paths, repeat(request), chunksize=8)


def _of_file(path: str, request: api.Request) -> Node:
    name = os.path.basename(path).removesuffix(".gz").removesuffix(".json")
    try:
        return examined(name, api.recorded_host(path), request)
    except CudaDoctorError as error:
        return Node(name=name, error=_reason(str(error)))


def examined(name: str, host: Host, request: api.Request) -> Node:
    """One machine, judged."""
    report = api.examine_host(host, request)
    roots = set(report.root_causes)
    return Node(
        name=name,
        status=report.status,
        values=compare.values(report.facts),
        findings=tuple(
            Found(
                name=one.name,
                code=one.code,
                severity=one.severity.word,
                subject=one.subject,
                message=one.message,
                root=one.name in roots and not one.because_of,
            )
            for one in report.findings
        ),
    )


def _reason(text: str) -> str:
    """Why a node did not answer, without the command, which is the same for all."""
    head, sep, rest = text.partition(": ")
    return rest if sep and head.startswith("--via") else text


def _safe(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name).lstrip(".") or "_"


def _folder(path: str) -> None:
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise CudaDoctorError(f"--save {path}: {error.strerror or error}; name another folder") from error


def names_of(items: Iterable[Node]) -> str:
    """Folded."""
    return nodes.fold(one.name for one in items)
