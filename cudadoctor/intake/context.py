"""Who speaks in a text, and from where: read before anything is judged."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cudadoctor.compat import cloud
from cudadoctor.facts.context import Attempt, CloudInstance, ContextFacts, Scheduler, Tried
from cudadoctor.facts.runtime import ContainerStart
from cudadoctor.facts.seen import Seen
from cudadoctor.intake.lazy import Lazy
from cudadoctor.intake.paste import Paste

_LONGEST = 2000

# Containers. The first pattern that a line has names the engine; a command goes before a word.
_APPTAINER = Lazy(
    r"(?:^|[\s$#>;&|`'\"/])(?:singularity|apptainer)(?P<options> (?:-\S{1,20} ){0,4})"
    r"(?:exec|run|shell|instance (?:start|run)|test)\b(?P<rest>[^\n]{0,400})",
    words="singularity|apptainer",
)
_PYXIS = Lazy(r"\bsrun\b[^\n]{0,300}--container-image|\benroot (?:start|exec|import)\b", words="enroot|container-image")
_KUBERNETES = Lazy(
    r"\bkubectl (?:-\S{1,40} )?(?:exec|run|logs|describe pods?|debug)\b|\bkubepods\b|"
    r"\b(?:in|inside|within|from) (?:the|a|my|our|this) (?:\w{1,12} )?pods?\b|"
    r"^ {0,8}kind: {1,4}(?:Pod|Deployment|Job|DaemonSet)\b",
    re.IGNORECASE | re.MULTILINE,
    words="kubectl|pod|kind:",
)
_KUBERNETES_GPU = Lazy(r"nvidia\.com/(?:gpu|mig-[\w.]{3,20})\"?: *[\"']?[1-9]", words="nvidia.com/")
_DOCKER = Lazy(
    r"(?:^|[\s$#>`])(?P<engine>docker|podman|nerdctl|docker-compose)(?: compose| container)? "
    r"(?:run|exec|create|start|up|logs|compose)\b",
    words="docker|podman|nerdctl",
)
_CONTAINER = Lazy(
    r"\b(?:in|inside|within|from) (?:the|a|my|our|this|any) (?:(?P<engine>docker|podman|lxc|lxd|incus) )?(?:\w{1,12} )?"
    r"containers?\b|\binside (?:docker|podman)\b",
    re.IGNORECASE,
    words="container|docker|podman",
)

# Batch systems.
_JOB_WORDS: tuple[tuple[Scheduler, Lazy], ...] = (
    (
        "slurm",
        Lazy(
            r"^[ \t]{0,4}#SBATCH\b|(?:^|[\s$#>`])(?:srun|salloc)\s{1,3}(?!--version)[-./\w]|"
            r"\bSLURM_(?:JOB_?ID|STEP_ID|PROCID|(?:JOB|STEP)_GPUS|GPUS_ON_NODE)\s?=",
            re.MULTILINE,
            words="sbatch|srun|salloc|slurm",
        ),
    ),
    (
        "pbs",
        Lazy(r"^[ \t]{0,4}#PBS\b|\bPBS_JOBID\s?=|(?:^|[$#>`] ?)qsub -I\b", re.MULTILINE, words="pbs|qsub"),
    ),
    ("lsf", Lazy(r"^[ \t]{0,4}#BSUB\b|\bLSB_JOBID\s?=|(?:^|[$#>`] ?)bsub ", re.MULTILINE, words="bsub|lsb_")),
    ("sge", Lazy(r"^[ \t]{0,4}#\$ -|(?:^|[$#>`] ?)(?:qrsh|qlogin)\b", re.MULTILINE, words="#$ -|qrsh|qlogin")),
)
_JOB_SAID = Lazy(
    r"\b(?:in|inside|within|from) (?:the|a|my|an) (?:\w{1,12} )?(?:slurm |pbs |lsf )?(?:batch |interactive )?job\b"
    r"|\bon (?:the|a) compute nodes?\b",
    re.IGNORECASE,
    words="job|compute node",
)
_LOGIN = Lazy(
    r"\b(?:log-?in|head|front-?end|submit|bastion)[ -]node\b|^[ \t]{0,4}(?:\([\w.-]{1,40}\) ?)?\[?[\w.-]{1,32}@"
    r"[\w-]{0,20}login[\w-]{0,10}(?:[.: ]|$)",
    re.IGNORECASE | re.MULTILINE,
    words="login|log-in|head node|head-node|front|submit|bastion",
)
_JOB_GPU = Lazy(
    r"--gres[= ](?:\w{1,20},)?gpu|--gpus(?:-per-\w{1,8})?[= ]\S|(?:srun|sbatch|salloc|#SBATCH)[^\n]{0,200} -G ?\d|"
    r"\b(?:SLURM_(?:JOB|STEP)_GPUS|SLURM_GPUS(?:_ON_NODE)?)=[^\s0]|\bSLURM_(?:JOB|STEP)_GPUS=0|"
    r"\b(?:ngpus|gpus)=[1-9]|-gpu [\"']?num=|\bgpus?_per_node=[1-9]|TRES=[^\n]{0,200}gres/gpu",
    words="gpu",
)

# What answers elsewhere.
_ANSWERS = r"(?:works?|runs?|shows?|lists?|sees?|reports?|displays?|is (?:fine|ok(?:ay)?)|fine|ok(?:ay)?|detects?)\b"
_ELSEWHERE = Lazy(
    r"\b(?:(?:on|from) (?:the|our|my|that) (?:\w{1,16} )?(?:host|node|hypervisor)\b|"
    r"(?:outside|not in) (?:of )?(?:the |a |any )?(?:container|docker|pod)\b|^[ \t>*-]{0,6}(?:host|node) ?:)"
    rf"[^\n.]{{0,60}}?(?:nvidia-smi(?: -L)?|GPUs?)\b[`'\"]?,? (?:\w{{1,12}} ){{0,3}}?{_ANSWERS}"
    rf"|nvidia-smi(?: -L)?[`'\"]? (?:\w{{1,12}} ){{0,3}}?{_ANSWERS}[^\n.]{{0,40}}?(?:on|from) the (?:host|node)\b"
    r"|(?:outside|on) (?:of )?(?:the )?(?:container|host),? (?:everything|it|cuda|torch)\w{0,8} (?:\w{1,8} )?works",
    re.IGNORECASE | re.MULTILINE,
    words="host|node|outside|container|hypervisor",
)
_AS_ROOT = Lazy(
    rf"\b(?:root|sudo|administrator)\b[^\n.]{{0,40}}?\b(?:nvidia-smi|GPUs?|it|CUDA|everything)\b[^\n.]{{0,30}}?{_ANSWERS}"
    r"|\b(?:root|another user|other users) (?:\w{1,10} ){0,3}(?:sees?|gets?|lists?|uses?|can use|has) [^\n.]{0,20}GPU"
    r"|\bworks? (?:\w{1,10} ){0,3}(?:with sudo|as root|for root)\b|\bonly works? (?:with|as|under) (?:sudo|root)\b",
    re.IGNORECASE,
    words="root|sudo|administrator|user",
)
_NEGATED = re.compile(
    r"\b(?:not|no|never|fails?|failed|cannot|can't|n't|nothing|neither|if|whether|unless|until|should)\b|n[\u2019']t\b",
    re.IGNORECASE,
)

_VIRTUAL = Lazy(
    r"\b(?P<kind>Proxmox|VMware|ESXi|VirtualBox|Hyper-V|QEMU|KVM|XCP-ng|XenServer|Nutanix)\b|"
    r"\b(?:in|inside|within) (?:the|a|my) (?:\w{1,12} )?(?:VM|virtual machine|guest)\b",
    words="proxmox|vmware|esxi|virtualbox|hyper-v|qemu|kvm|xcp|xen|nutanix| vm|virtual machine|guest",
    flags=re.IGNORECASE,
)

# What was tried.
_REBOOTED = Lazy(
    r"\b(?:re-?booted|re-?started (?:the |my |our )?(?:machine|computer|server|system|pc|host|node|laptop)"
    r"|(?:after|since|before|despite|following|survives?|even with) (?:\w{1,10} ){0,3}re-?boot(?:s|ing)?"
    r"|re-?boot(?:s|ing)? (?:\w{1,10} ){0,2}(?:did|does|do|made|makes|changes?|changed)"
    r"(?:n['\u2019]?t| not| no)?(?: \w{1,10})? (?:help|fix|change|difference|nothing|work|solve)"
    r"|(?:tried|multiple|several|many|two|three) (?:\w{1,10} )?re-?boot(?:s|ing)?)\b",
    re.IGNORECASE,
    words="reboot|re-boot|restarted|re-started",
)
_NOT_REBOOTED = re.compile(
    r"\b(?:not|n['\u2019]t|never|without|until|unless|before I|should|will|would|need(?:s|ed)? to|must|please|if|"
    r"pending|requires?|and not|be)\b[^.\n]{0,24}\Z",
    re.IGNORECASE,
)
_THEN_WORKS = re.compile(
    r"\A[^.\n;]{0,40}?\b(?:works?(?: again| fine)?|fixes|fixed|solve[sd]?|is back|comes back|helps)\b", re.IGNORECASE
)
_REINSTALLED: tuple[tuple[Tried, Lazy], ...] = (
    (
        "reinstall-driver",
        Lazy(
            r"\b(?:re-?install(?:ed|ing)|purged?|removed and installed)\b[^.\n]{0,60}"
            r"\b(?:driver|nvidia-driver|cuda-drivers)\w{0,3}",
            re.IGNORECASE,
            words="install|purge",
        ),
    ),
    (
        "reinstall-torch",
        Lazy(r"\bre-?install(?:ed|ing)\b[^.\n]{0,60}\b(?:py)?torch\b", re.IGNORECASE, words="install"),
    ),
)
_LOAD_FAILED = Lazy(
    r"modprobe: (?:ERROR|FATAL): [^\n]{0,160}\bnvidia\b|insmod: ERROR: could not insert module [^\n]{0,160}nvidia"
    r"|modprobe: can't load module nvidia",
    words="modprobe|insmod",
)


def context(paste: Paste, starts: tuple[ContainerStart, ...] = ()) -> ContextFacts | None:
    """Where the text comes from; None where it says nothing about that."""
    found: dict[str, object] = {}
    _container(paste, starts, found)
    _scheduler(paste, found)
    _elsewhere(paste, found)
    if match := _VIRTUAL.search(paste.text, paste.lowered):
        found["virtual_machine"] = (match["kind"] or "vm").lower()
    instance = _instance(paste)
    if instance is not None:
        found["instance"] = instance
    tried = tuple(_tried(paste))
    if tried:
        found["tried"] = tried
    return ContextFacts(**found) if found else None  # type: ignore[arg-type]


def _seen(paste: Paste, start: int) -> Seen:
    return paste.seen(paste.text.count("\n", 0, start))


def _at(paste: Paste, match: re.Match[str]) -> Seen:
    text = match.group()
    return _seen(paste, match.start() + len(text) - len(text.lstrip()))


def _container(paste: Paste, starts: tuple[ContainerStart, ...], found: dict[str, object]) -> None:
    text, lowered = paste.text, paste.lowered
    if match := _APPTAINER.search(text, lowered):
        flags = f" {match['options']} {match['rest']}".split()
        by_variable = re.search(r"\b(?:SINGULARITY|APPTAINER)_NV(?:CCLI)?=", text)
        found["container"] = "apptainer"
        found["container_gpu"] = any(one in ("--nv", "--nvccli", "--rocm") for one in flags) or by_variable is not None
        found["container_seen"] = _at(paste, match)
    elif match := _PYXIS.search(text, lowered):
        found["container"], found["container_seen"] = "enroot", _at(paste, match)
    elif match := _KUBERNETES.search(text, lowered):
        found["container"], found["container_seen"] = "kubernetes", _at(paste, match)
        if _KUBERNETES_GPU.search(text, lowered):
            found["container_gpu"] = True
    elif starts:
        found["container"] = {"podman": "podman"}.get(starts[0].engine, "docker")
        found["container_gpu"] = any(one.asks_for_gpu or one.privileged for one in starts)
        found["container_seen"] = starts[0].seen
    elif match := _DOCKER.search(text, lowered):
        found["container"] = "podman" if match["engine"] == "podman" else "docker"
        found["container_seen"] = _at(paste, match)
    elif match := _CONTAINER.search(text, lowered):
        engine = (match["engine"] or "").lower()
        found["container"] = {"": "container", "lxd": "lxc", "incus": "lxc"}.get(engine, engine)
        found["container_seen"] = _at(paste, match)


def _scheduler(paste: Paste, found: dict[str, object]) -> None:
    text, lowered = paste.text, paste.lowered
    for name, pattern in _JOB_WORDS:
        if match := pattern.search(text, lowered):
            # The script or command is shown: what it does not ask for was not asked for.
            found.update(scheduler=name, step="job", scheduler_seen=_at(paste, match), job_gpu=False)
            break
    else:
        login, job = _LOGIN.search(text, lowered), _JOB_SAID.search(text, lowered)
        cluster = next((one for one in ("slurm", "pbs", "lsf") if re.search(rf"\b{one}\b", lowered)), None)
        one = login or job
        if one is None or (job is not None and cluster is None and login is None and "node" not in job.group().lower()):
            return
        if cluster is not None:
            found["scheduler"] = cluster
        if login is None or job is None:
            found["step"] = "login-node" if login is not None else "job"
        found["scheduler_seen"] = _at(paste, one)
    if _JOB_GPU.search(text, lowered):
        found["job_gpu"] = True


def _elsewhere(paste: Paste, found: dict[str, object]) -> None:
    for pattern, name in ((_ELSEWHERE, "host"), (_AS_ROOT, "root")):
        for match in pattern.finditer(paste.text, paste.lowered):
            if _NEGATED.search(match.group()):
                continue
            found["gpus_elsewhere"] = name
            found["elsewhere_seen"] = _at(paste, match)
            return


def _instance(paste: Paste) -> CloudInstance | None:
    found = cloud.find(paste.text[:200_000])
    if found is None:
        return None
    match, has = found
    return CloudInstance(
        type=match.group(), provider=has.provider, maker=has.maker, gpu=has.gpu, seen=_seen(paste, match.start())
    )


def _tried(paste: Paste) -> Iterator[Attempt]:
    text, lowered = paste.text, paste.lowered
    for match in _REBOOTED.finditer(text, lowered):
        line_start = text.rfind("\n", 0, match.start()) + 1
        before = text[max(line_start, match.start() - 60) : match.start()]
        if _NOT_REBOOTED.search(before) or _THEN_WORKS.match(text[match.end() : match.end() + 80]):
            continue
        yield Attempt(what="reboot", seen=_at(paste, match))
        break
    failed = _LOAD_FAILED.search(text, lowered)
    if failed is not None:
        yield Attempt(what="load-module", seen=_at(paste, failed))
    for what, pattern in _REINSTALLED:
        for match in pattern.finditer(text, lowered):
            line_start = text.rfind("\n", 0, match.start()) + 1
            before = text[max(line_start, match.start() - 40) : match.start()]
            if _NOT_REBOOTED.search(before) or _THEN_WORKS.match(text[match.end() : match.end() + 60]):
                continue
            yield Attempt(what=what, seen=_at(paste, match))
            break
