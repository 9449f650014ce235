"""Facts in the making: what recognisers found so far, each value with the line that it stood in.

What a paste does not show is not known: nothing here ever becomes "not there" because it is missing.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.facts.base import Facts, Gap
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.envs import UNNAMED, EnvFacts, Package, TorchFacts, TorchLive
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.runtime import RuntimeFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.shell import PathEntry, ShellFacts
from cudadoctor.facts.system import OsFacts
from cudadoctor.facts.toolkit import CompilerFacts, ToolkitFacts, ToolkitInventory
from cudadoctor.intake.container_words import container_starts
from cudadoctor.intake.context import context
from cudadoctor.intake.paste import Paste
from cudadoctor.versions import ComputeCapability, RuntimeVersion, ToolkitVersion

NO_VERSION = "(version not known)"
"""Stands for the version of a torch that the text speaks of and does not name."""


class NamedGpu(Struct, frozen=True, kw_only=True):
    """A GPU as a message or a sentence names it."""

    name: str
    capability: ComputeCapability | None
    source: str
    """Where the capability was read."""
    seen: Seen
    memory_mib: int | None = None
    index: int | None = None
    structured: bool = True
    """Printed by a program; False: somebody's words."""


def _as_fact(gpu: NamedGpu, index: int) -> GpuFacts:
    return GpuFacts(
        index=index,
        name=gpu.name,
        compute_capability=gpu.capability,
        capability_from=gpu.source if gpu.capability is not None else None,
        memory_total_mib=gpu.memory_mib,
    )


class Draft:
    """Values by their names; the first that is put in stays, and another one is noted as a gap."""

    def __init__(self, paste: Paste) -> None:
        self.paste = paste
        self.os: dict[str, Any] = {}
        self.driver: dict[str, Any] = {}
        self.torch: dict[str, Any] = {}
        self.torch_seen: Seen | None = None
        self.live: dict[str, Any] = {}
        self.env: dict[str, Any] = {}
        self.packages: dict[str, Package] = {}
        self.toolkit_version: tuple[ToolkitVersion, Seen] | None = None
        self.toolkit_root: str | None = None
        self.compiler: CompilerFacts | None = None
        self.variables: dict[str, str] = {}
        self.named: list[NamedGpu] = []
        self.smi: SmiFacts | None = None
        self.instances_told = False
        """What nvidia-smi printed goes on to its list of MIG instances."""
        self.libcuda: LibcudaFacts | None = None
        self.pci: PciFacts | None = None
        self.no_gpu: Seen | None = None
        """What shows that this is a machine without an NVIDIA GPU."""
        self.more: dict[str, Any] = {}
        """Other fields of Facts, whole."""
        self.gaps: list[Gap] = []

    def put(self, where: dict[str, Any], name: str, value: object, fact: str | None = None) -> bool:
        """Take a value unless there is one; whether it was taken. Two that differ are told of as a gap."""
        if value in (None, "", ()):
            return False
        if name in where:
            if fact is not None and where[name] != value:
                self.gap(fact, f"the text has two values, {where[name]} and {value}: the first was taken")
            return False
        where[name] = value
        return True

    def put_torch(self, version: str, seen: Seen) -> bool:
        """The version of torch, with the build that its local part names."""
        known = self.torch.get("version")
        if known is not None and known != NO_VERSION:
            # `2.1.0` in a sentence and `2.1.0+cu121` in a report are one.
            if version.startswith(f"{known}+"):
                self.torch["version"] = version
            elif version != known and not known.startswith(f"{version}+"):
                self.gap("envs.torch.version", f"the text names torch {known} and {version}: the first was taken")
                return False
        else:
            self.torch["version"] = version
            self.torch_seen = seen
        local = version.partition("+")[2]
        if local:
            from cudadoctor.intake.builds import of_local

            build, cuda = of_local(local)
            self.put(self.torch, "build", build)
            self.put(self.torch, "cuda", cuda)
            self.put(self.torch, "build_string", local)
        return True

    def put_cuda(self, cuda: RuntimeVersion) -> None:
        """`torch.version.cuda`."""
        self.put(self.torch, "cuda", cuda, "envs.torch.cuda")
        self.put(self.torch, "build", cuda.tag)

    def name_gpu(self, gpu: NamedGpu) -> None:
        """A GPU that a message names; what a program printed goes before somebody's words."""
        if len(self.named) < 64:
            self.named.append(gpu)

    def gap(self, fact: str, reason: str) -> None:
        """Note what is not known, once."""
        gap = Gap(fact=fact, reason=reason)
        if gap not in self.gaps and len(self.gaps) < 64:
            self.gaps.append(gap)

    def facts(self) -> Facts:
        """The whole, merged as the probes' answers are."""
        from cudadoctor.readings import gpus as readings

        os = OsFacts(**self.os)
        driver = DriverFacts(**self.driver) if self.driver else None
        merged, driver, _ = readings.merge(self.pci, self.smi, self.libcuda, os, driver)
        gpus = self._with_named(merged or ())
        none = not gpus and self.no_gpu is not None
        if none and self.pci is None and self.no_gpu is not None:
            self.pci = PciFacts(gpus=(), seen=self.no_gpu)
        starts = container_starts(self.paste.text, self.paste.seen)
        self.more.setdefault("context", context(self.paste, starts))
        facts = Facts(
            os=os,
            runtime=RuntimeFacts(starts=starts) if starts else None,
            pci=self.pci,
            driver=driver,
            smi=self.smi,
            libcuda=self.libcuda,
            gpus=gpus or (() if none or merged == () else None),
            toolkit=self._toolkit(),
            compiler=self.compiler,
            shell=self._shell(),
            envs=self._envs(),
            gaps=tuple(self.gaps),
        )
        return replace(facts, **self.more)

    def _with_named(self, listed: tuple[GpuFacts, ...]) -> tuple[GpuFacts, ...]:
        """The GPUs of nvidia-smi and others; capabilities and GPUs that only messages and sentences name."""
        if listed and not self.instances_told:
            listed = tuple(gpu if gpu.mig_devices else replace(gpu, mig_devices=None) for gpu in listed)
        if listed:
            unnamed = [gpu for gpu in listed if gpu.name is None]
            on_bus = [gpu for gpu in self.named if gpu.structured and gpu.index is None]
            if len(unnamed) == len(listed) == len(on_bus):  # lspci without numbers: the same devices in the same order
                listed = tuple(
                    replace(gpu, name=one.name, compute_capability=one.capability, capability_from=one.source)
                    if gpu.compute_capability is None
                    else gpu
                    for gpu, one in zip(listed, on_bus, strict=True)
                )
            return tuple(self._told(gpu) for gpu in listed)
        indexed = [gpu for gpu in self.named if gpu.index is not None]
        if indexed:
            told = {gpu.index or 0: self._told(_as_fact(gpu, gpu.index or 0)) for gpu in reversed(indexed)}
            return tuple(told[index] for index in sorted(told))
        programs = [gpu for gpu in self.named if gpu.structured]
        words = {gpu.name.lower(): gpu for gpu in self.named if not gpu.structured}
        # Somebody's words may speak of another machine, too: one model alone is taken, several tell nothing.
        chosen = programs or (list(words.values()) if len(words) == 1 else [])
        once = {(gpu.name.lower(), gpu.capability): gpu for gpu in chosen}
        return tuple(_as_fact(gpu, index) for index, gpu in enumerate(once.values()))

    def _told(self, gpu: GpuFacts) -> GpuFacts:
        if gpu.compute_capability is not None:
            return gpu
        for other in self.named:
            if other.capability and gpu.name and gpu.name.rstrip(".").lower() in other.name.lower():
                return replace(gpu, compute_capability=other.capability, capability_from=other.source)
        return gpu

    def _toolkit(self) -> ToolkitInventory | None:
        home = next((name for name in ("CUDA_HOME", "CUDA_PATH") if name in self.variables), None)
        if self.toolkit_version is None and home is None:
            return None
        toolkits: tuple[ToolkitFacts, ...] = ()
        root = self.toolkit_root or "/usr/local/cuda"
        if self.toolkit_version is not None:
            version, seen = self.toolkit_version
            toolkits = (ToolkitFacts(root=root, real_root=root, version=version, nvcc=f"{root}/bin/nvcc", seen=seen),)
        return ToolkitInventory(
            toolkits=toolkits,
            nvcc_on_path=f"{root}/bin/nvcc" if toolkits else None,
            nvcc_on_path_root=root if toolkits else None,
            cuda_home=self.variables.get(home) if home else None,
            cuda_home_variable=home,
        )

    def _shell(self) -> ShellFacts | None:
        if not self.variables:
            return None
        entries = [
            PathEntry(variable=name, index=index, text=text, exists=None)
            for name in ("PATH", "LD_LIBRARY_PATH")
            if name in self.variables
            for index, text in enumerate(self.variables[name].split(":")[:256])
        ]
        return ShellFacts(variables=dict(self.variables), entries=tuple(entries))

    def _envs(self) -> tuple[EnvFacts, ...] | None:
        """One environment, where anything speaks of torch: without it would say that no torch is installed."""
        speaks = "torch" in self.paste.lowered and (self.packages or self.env)
        if not (self.torch or self.live or speaks):
            return None
        live = {name: value for name, value in self.live.items() if name != "seen"}
        seen = self.torch_seen or self.live.get("seen") or self.paste.seen(self.paste.first("torch"))
        torch = TorchFacts(
            **({"version": NO_VERSION, "location": "torch"} | self.torch),
            live=TorchLive(**({"outcome": "ok"} | live)) if live else TorchLive(outcome="not-asked"),
            seen=seen,
        )
        values = {"kind": "venv", "name": UNNAMED, "prefix": f"{UNNAMED} environment"} | self.env
        return (EnvFacts(**values, active=True, active_because="the text", torch=torch, packages=self.packages),)
