"""Reports made by hand: what the renderers are tested on."""

from __future__ import annotations

from msgspec.structs import replace

from cudadoctor.checks.engine.base import Confidence, Severity, Source
from cudadoctor.checks.engine.outcome import Crashed, Finding, Skipped
from cudadoctor.facts.base import Facts, Gap, Seen
from cudadoctor.facts.driver import DeviceNode, DriverFacts, LibcudaFacts, PciDevice, PciFacts, SmiFacts
from cudadoctor.facts.envs import CondaFacts, EnvFacts, Package, TorchFacts, TorchLive
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.shell import LoaderEntry, LoaderFacts, PathEntry, RcLine, ShellFacts
from cudadoctor.facts.system import OsFacts
from cudadoctor.facts.toolkit import CompilerFacts, ToolkitFacts, ToolkitInventory, ToolkitLink
from cudadoctor.recommend.model import Reason, Recommendation, Request
from cudadoctor.remedies.plan import Action, PlanStep, Remedy, Run, Tell, WriteFile
from cudadoctor.report.model import Report, SetUp
from cudadoctor.versions import ComputeCapability, CudaDriverVersion, DriverVersion, RuntimeVersion, ToolkitVersion

DRIVER = DriverVersion.parse("418.39")
SEEN = Seen(where="/proc/driver/nvidia/version", text="NVRM version: 418.39")
TORCH_SEEN = Seen(where="/opt/env/lib/python3.11/site-packages/torch/version.py", text="cuda = '12.1'")
SOURCE = Source(
    title="CUDA compatibility", url="https://docs.nvidia.com/deploy/cuda-compatibility/", read_on="2026-11-23"
)

RECOMMENDATION = Recommendation(
    request=Request(),
    verdict="ok",
    command="python -m pip install torch==1.8.1+cu101",
    commands=("python -m pip install torch==1.8.1+cu101",),
    reasons=(Reason(rule="newest", text="torch 1.8.1 with CUDA 10.1: the newest that fits"),),
)

FACTS = Facts(
    os=OsFacts(id="ubuntu", version_id="18.04", kernel="5.4.0", arch="x86_64", glibc="2.27", uid=1000),
    pci=PciFacts(gpus=(PciDevice(bus_id="0000:01:00.0", device_id="10de:1b06", driver="nvidia"),), seen=SEEN),
    driver=DriverFacts(
        loaded=True, version=DRIVER, cuda_version=CudaDriverVersion(10, 1), module="proprietary", seen=SEEN
    ),
    smi=SmiFacts(outcome="ok", path="/usr/bin/nvidia-smi", exit_code=0, version=DRIVER, seconds=0.2),
    libcuda=LibcudaFacts(
        outcome="ok", path="/usr/lib/libcuda.so.418.39", cuinit=0, cuda_version=CudaDriverVersion(10, 1), device_count=2
    ),
    nodes=(DeviceNode(path="/dev/nvidia0", mode=0o666, uid=0, gid=0, errno=0),),
    gpus=(
        GpuFacts(
            index=0, name="GeForce GTX 1080 Ti", compute_capability=ComputeCapability(6, 1), memory_total_mib=11178
        ),
        GpuFacts(
            index=1, name="GeForce GTX 1080 Ti", compute_capability=ComputeCapability(6, 1), memory_total_mib=11178
        ),
    ),
    toolkit=ToolkitInventory(
        toolkits=(
            ToolkitFacts(
                root="/usr/local/cuda-10.1",
                real_root="/usr/local/cuda-10.1",
                version=ToolkitVersion(10, 1, 243),
                nvcc="/usr/local/cuda-10.1/bin/nvcc",
                gcc_max=8,
                seen=SEEN,
            ),
        ),
        links=(ToolkitLink(path="/usr/local/cuda", target="cuda-10.1", resolved="/usr/local/cuda-10.1"),),
    ),
    compiler=CompilerFacts(path="/usr/bin/g++", kind="gcc", major=7, version="7.5.0", seen=SEEN),
    shell=ShellFacts(
        shell="bash",
        variables={"PATH": "/usr/bin", "CUDA_HOME": "/usr/local/cuda"},
        entries=(PathEntry(variable="PATH", index=0, text="/usr/bin", exists=True),),
        rc_lines=(
            RcLine(
                file="/home/u/.bashrc",
                line=12,
                text="export CUDA_HOME=/usr/local/cuda",
                variable="CUDA_HOME",
                value="/usr/local/cuda",
                exported=True,
            ),
        ),
    ),
    loader=LoaderFacts(cache=(LoaderEntry(soname="libcuda.so.1", path="/usr/lib/libcuda.so.1"),)),
    envs=(
        EnvFacts(
            kind="conda",
            name="env",
            prefix="/opt/env",
            python="/opt/env/bin/python",
            python_version="3.11.7",
            active=True,
            active_because="CONDA_PREFIX",
            torch=TorchFacts(
                version="2.1.0",
                cuda=RuntimeVersion(12, 1),
                cudnn="8.9.2",
                build="cu121",
                arch_list=("sm_50", "sm_60"),
                location="/opt/env/lib/python3.11/site-packages/torch",
                live=TorchLive(outcome="ok", is_available=False, warning="too old", device_count=0),
                seen=TORCH_SEEN,
            ),
            packages={"numpy": Package(name="numpy", version="1.26.0", build="py311_0", channel="defaults")},
        ),
    ),
    conda=CondaFacts(roots=("/opt/conda",), version="23.9.0", channels=("defaults",)),
    gaps=(Gap(fact="smi.gpus", reason="compute capability: this nvidia-smi does not print it"),),
)

CAUSE = Finding(
    code="TR001",
    name="driver-too-old-for-runtime",
    severity=Severity.ERROR,
    confidence=Confidence.CERTAIN,
    subject="env:/opt/env",
    message="torch 2.1.0 needs a driver from 525.60.13 on for CUDA 12.1, and this machine has 418.39",
    evidence=(SEEN, TORCH_SEEN),
    source=SOURCE,
)
EFFECT = Finding(
    code="TR002",
    name="torch-cuda-unavailable",
    severity=Severity.ERROR,
    confidence=Confidence.LIKELY,
    subject="env:/opt/env",
    message="torch.cuda.is_available() is False",
    evidence=(),
    source=None,
    because_of=(CAUSE.id,),
)
HINT = Finding(
    code="ENV004",
    name="path-duplicates",
    severity=Severity.INFO,
    confidence=Confidence.POSSIBLE,
    subject="var:PATH",
    message="PATH holds /usr/bin twice",
    evidence=(Seen(where="PATH", text="/usr/bin:/usr/bin"),),
    source=None,
)


def cure_steps(*actions: Action) -> tuple[PlanStep, ...]:
    return tuple(PlanStep(id=f"s-{at}", title="", why="", action=one) for at, one in enumerate(actions, 1))


BROKEN = Report(
    status="broken",
    verdict="torch 2.1.0 needs a driver from 525.60.13 on. Update the driver, then reboot.",
    root_causes=("driver-too-old-for-runtime",),
    findings=(CAUSE, HINT, EFFECT),
    remedies={
        CAUSE.id: Remedy(
            summary="Update the driver, then reboot",
            steps=cure_steps(
                Run(
                    argv=(
                        "apt-get",
                        "install",
                        "--yes",
                        "nvidia-driver-580=580.65.06-0ubuntu1",
                        "linux-headers-generic-hwe-18.04",
                    ),
                    why="Install the driver of the newest branch that supports this GPU",
                    safety="system",
                    needs_root=True,
                ),
                WriteFile(path="~/.bashrc", text="# CUDA\nexport PATH=/usr/local/cuda/bin:$PATH\n", why="for nvcc"),
                Tell(text="Reboot."),
            ),
        ),
        EFFECT.id: Remedy(summary="Nothing of its own"),
    },
    skipped=(Skipped(code="HW005", name="pcie-link-narrow", reason="link width: not known", subject="gpu:0"),),
    crashed=(),
    set_up=SetUp(
        shell=("export PATH=/usr/local/cuda-10.1/bin:$PATH",),
        toolkit="/usr/local/cuda-10.1",
        install=RECOMMENDATION,
    ),
    facts=FACTS,
    timings={"smi": 0.21, "pci": 0.0012},
    checks_run=5,
    passed=("DRV001", "TK001"),
)

EMPTY = Report(
    status="unknown",
    verdict="Nothing wrong was found, but not everything could be examined: os: not known",
    root_causes=(),
    findings=(),
    remedies={},
    skipped=(),
    crashed=(Crashed(code="TK001", name="nvcc-not-on-path", error="KeyError: 'x'"),),
    set_up=SetUp(),
    facts=Facts(),
)

NO_GPU = replace(
    EMPTY,
    status="no-gpu",
    verdict="There is no NVIDIA GPU in this machine; nothing is wrong.",
    crashed=(),
    checks_run=30,
    facts=Facts(
        os=OsFacts(id="debian", uid=0),
        gpus=(),
        pci=PciFacts(gpus=(), seen=SEEN),
        driver=DriverFacts(loaded=False, installed=False),
        libcuda=LibcudaFacts(outcome="missing"),
        toolkit=ToolkitInventory(),
        shell=ShellFacts(shell="zsh"),
        envs=(),
        conda=CondaFacts(),
    ),
)

HEALTHY = replace(
    EMPTY,
    status="healthy",
    verdict="Healthy: GeForce GTX 1080 Ti on driver 418.39.",
    crashed=(),
    checks_run=30,
    facts=replace(FACTS, envs=()),
)

_EVIL = "/opt/[bold]env[/bold]\x1b[31m\x1b]0;title\x07\u202e\x9b\udc80\nnew"
_EVIL_FINDING = replace(
    CAUSE,
    subject=f"env:{_EVIL}",
    message=f"message {_EVIL}",
    evidence=(Seen(where=_EVIL, text=_EVIL),),
)
HOSTILE = replace(
    BROKEN,
    verdict=f"verdict {_EVIL}",
    findings=(_EVIL_FINDING,),
    remedies={
        _EVIL_FINDING.id: Remedy(
            summary=f"summary {_EVIL}",
            steps=cure_steps(
                Run(argv=("rm", _EVIL), why=_EVIL, safety="system"),
                WriteFile(path=_EVIL, text=_EVIL, why=_EVIL),
                Tell(text=_EVIL),
            ),
        )
    },
    skipped=(Skipped(code="HW005", name="x", reason=_EVIL, subject=_EVIL),),
    crashed=(Crashed(code="HW005", name="x", error=_EVIL),),
    set_up=SetUp(
        shell=(_EVIL,),
        install=replace(RECOMMENDATION, commands=(_EVIL,), reasons=(Reason(rule="gpu", text=_EVIL),)),
    ),
    facts=replace(
        FACTS,
        shell=ShellFacts(shell=_EVIL, variables={"CUDA_HOME": _EVIL}),
        gpus=(GpuFacts(index=0, name=_EVIL),),
        gaps=(Gap(fact="x", reason=_EVIL),),
    ),
)

ALL = {"broken": BROKEN, "unknown": EMPTY, "no-gpu": NO_GPU, "healthy": HEALTHY, "hostile": HOSTILE}
