"""Asks which of NVIDIA's services run."""

from __future__ import annotations

from cudadoctor.facts.base import Gap
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.services import FabricManager, ServiceFacts
from cudadoctor.host.base import Host, Refusal
from cudadoctor.probes.ask import found, one_line
from cudadoctor.probes.base import Clock, Found, Request
from cudadoctor.versions import DriverVersion

_NAMES = {
    "nv-fabricmanager": "fabric-manager",
    "nvidia-persistenced": "persistence",
    "nvidia-cuda-mps-control": "mps-control",
    "nvidia-cuda-mps-server": "mps-server",
    "nvidia-imex": "imex",
    "nvidia-gridd": "gridd",
}
_SHORT = {name[:15]: ours for name, ours in _NAMES.items() if name[:15] != "nvidia-cuda-mps"}
"""The kernel keeps fifteen characters of a name: those of the two MPS programs are then the same, and tell nothing."""
_MANAGERS = ("/usr/bin/nv-fabricmanager", "/usr/sbin/nv-fabricmanager", "/usr/local/bin/nv-fabricmanager")
_UNITS = "/etc/systemd/system/*.wants/nvidia-*.service"
_CHANNELS = "/dev/nvidia-caps-imex-channels/channel*"
_MPS = "/tmp/nvidia-mps"  # noqa: S108  the place that the MPS daemon and CUDA take unless told otherwise
_LIMIT = 3.0


def probe(host: Host, request: Request, clock: Clock) -> Found[ServiceFacts]:  # noqa: ARG001
    """Units that are enabled, the fabric manager's own version, where MPS and IMEX are reached, and who of them runs.

    Listing processes takes longer than all else here: it is left where nothing shows that one of them is used.
    """
    gaps: list[Gap] = []
    running: tuple[str, ...] | None = None
    # What does not depend on an answer is asked first: a far machine answers all of it in one round.
    units = found(host, _UNITS) or ()
    channels = found(host, _CHANNELS) or ()
    pipe = (host.env.get("CUDA_MPS_PIPE_DIRECTORY") or "").strip() or None
    there = bool(found(host, f"{pipe or _MPS}/control"))
    managers = [path for path in _MANAGERS if found(host, path)]
    manager = managers[0] if managers else None
    try:
        running = _running(host) if manager or pipe or there or channels else ()
    except Refusal as refusal:
        gaps.append(Gap(fact="services.running", reason=one_line(f"the processes could not be listed: {refusal}")))
    facts = ServiceFacts(
        running=running,
        enabled=tuple(sorted({path.rpartition("/")[2] for path in units})),
        fabric_manager=None if manager is None else _manager(host, clock, manager),
        mps_pipe=pipe or (_MPS if there else None),
        mps_pipe_there=there,
        imex_channels=len(channels),
    )
    return Found(value=facts, gaps=tuple(gaps))


def _running(host: Host) -> tuple[str, ...]:
    names = set()
    for process in host.processes():
        program = (process.argv[0] if process.argv else "").rpartition("/")[2]
        ours = _NAMES.get(program) or _NAMES.get(process.name) or _SHORT.get(process.name)
        if ours is not None:
            names.add(ours)
    return tuple(sorted(names))


def _manager(host: Host, clock: Clock, path: str) -> FabricManager:
    """`Fabric Manager version is : 570.86.15`."""
    try:
        done = host.run((path, "--version"), timeout=clock.limit(_LIMIT))
    except Refusal as refusal:
        return FabricManager(path=path, seen=Seen(where=path, text=one_line(str(refusal))))
    text = (done.stdout + b"\n" + done.stderr)[:4096].decode("utf-8", errors="replace")
    line = next((line for line in text.splitlines() if "version is" in line.lower()), "")
    version = DriverVersion.parse(line.rpartition(":")[2].strip())
    return FabricManager(path=path, version=version, seen=Seen(where=f"{path} --version", text=one_line(line)))
