"""Facts in the JSON report: the keys of the contract first, then more. What is not known is null."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from cudadoctor.facts.base import Facts
from cudadoctor.facts.context import ContextFacts
from cudadoctor.facts.distro import DistroFacts
from cudadoctor.facts.driver import DriverFacts, LibcudaFacts, PciDevice, SmiFacts, SmiGpu
from cudadoctor.facts.envs import CondaFacts, EnvFacts, Package, TorchFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.health import GpuHealth
from cudadoctor.facts.kernel import DkmsModule, KernelEvent, KernelFacts
from cudadoctor.facts.libraries import ResolvedLibrary
from cudadoctor.facts.limits import LimitFacts
from cudadoctor.facts.runtime import RuntimeFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.services import ServiceFacts
from cudadoctor.facts.shell import LoaderEntry, LoaderFacts, ShellFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts
from cudadoctor.facts.toolkit import CompilerFacts, ToolkitFacts, ToolkitInventory

_NO_OS = OsFacts()
_NO_DRIVER = DriverFacts()
_NO_SHELL = ShellFacts()


def facts_document(facts: Facts) -> dict[str, Any]:
    """All facts. `os`, `driver` and `shell` are objects even where nothing is known; an unknown list is null."""
    toolkits = None if facts.toolkit is None else [_toolkit(one) for one in facts.toolkit.toolkits]
    return {
        "os": _os(facts.os or _NO_OS),
        "gpus": None if facts.gpus is None else [_gpu(one) for one in facts.gpus],
        "driver": _driver(facts.driver or _NO_DRIVER),
        "toolkits": toolkits,
        "shell": _shell(facts.shell),
        "envs": None if facts.envs is None else [_env(one) for one in facts.envs],
        "pci": facts.pci
        and {
            "gpus": [
                {
                    "bus_id": one.bus_id,
                    "device_id": one.device_id,
                    "driver": one.driver,
                    "responds": one.responds,
                    "link": link(one),
                }
                for one in facts.pci.gpus
            ],
            "nvswitches": facts.pci.nvswitches,
        },
        "smi": None if facts.smi is None else _smi(facts.smi),
        "services": None if facts.services is None else services(facts.services),
        "libcuda": None if facts.libcuda is None else _libcuda(facts.libcuda),
        "nodes": facts.nodes
        if facts.nodes is None
        else [
            {"path": one.path, "mode": f"{one.mode:04o}", "uid": one.uid, "gid": one.gid, "errno": one.errno}
            for one in facts.nodes
        ],
        "toolkit": None if facts.toolkit is None else _inventory(facts.toolkit),
        "compiler": None if facts.compiler is None else _compiler(facts.compiler),
        "loader": None if facts.loader is None else _loader(facts.loader),
        "conda": None if facts.conda is None else _conda(facts.conda),
        "distro": None if facts.distro is None else distro(facts.distro),
        "runtime": None if facts.runtime is None else runtime(facts.runtime),
        "context": None if facts.context is None else _context(facts.context),
        "symptoms": symptoms_document(facts.symptoms),
        "limits": limits_document(facts.limits),
        "kernel": kernel_document(facts.kernel),
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _seen(seen: Seen | None) -> dict[str, str] | None:
    return None if seen is None else {"where": seen.where, "text": seen.text}


def _os(one: OsFacts) -> dict[str, Any]:
    return {
        "id": one.id,
        "version_id": one.version_id,
        "kernel": one.kernel,
        "arch": one.arch,
        "glibc": one.glibc,
        "container": one.container,
        "wsl": one.wsl,
        "id_like": list(one.id_like),
        "pretty_name": one.pretty_name,
        "jetson": one.jetson,
        "secure_boot": one.secure_boot,
        "nvidia_visible_devices": one.nvidia_visible_devices,
        "nvidia_driver_capabilities": one.nvidia_driver_capabilities,
    }


def _gpu(one: GpuFacts) -> dict[str, Any]:
    return {
        "index": one.index,
        "name": one.name,
        "pci_bus_id": one.pci_bus_id,
        "compute_capability": _text(one.compute_capability),
        "memory_total_mib": one.memory_total_mib,
        "mig_mode": one.mig_mode,
        "mig_devices": one.mig_devices,
        "capability_from": one.capability_from,
        "lost": one.lost,
    }


def _driver(one: DriverFacts) -> dict[str, Any]:
    return {
        "version": _text(one.version),
        "cuda_version": None if one.cuda_version is None else one.cuda_version.release,
        "module": one.module,
        "loaded": one.loaded,
        "installed": one.installed,
        "library_version": _text(one.library_version),
        "uvm_loaded": one.uvm_loaded,
        "other_modules": list(one.other_modules),
        "module_files": None if one.module_files is None else list(one.module_files),
        "evidence": _seen(one.seen),
    }


def _smi(one: SmiFacts) -> dict[str, Any]:
    # UUIDs and process lists are left out: a report is often pasted into a public issue.
    return {
        "outcome": one.outcome,
        "path": one.path,
        "exit_code": one.exit_code,
        "signal": one.signal,
        "message": one.message,
        "version": _text(one.version),
        "cuda_version": None if one.cuda_version is None else one.cuda_version.release,
        "gpus": len(one.gpus),
        "health": [health(gpu) for gpu in one.gpus],
        "seconds": None if one.seconds is None else round(one.seconds, 4),
    }


def _libcuda(one: LibcudaFacts) -> dict[str, Any]:
    return {
        "outcome": one.outcome,
        "path": one.path,
        "cuinit": one.cuinit,
        "cuinit_name": one.cuinit_name,
        "cuda_version": None if one.cuda_version is None else one.cuda_version.release,
        "device_count": one.device_count,
        "devices": [
            {
                "ordinal": device.ordinal,
                "name": device.name,
                "compute_capability": _text(device.compute_capability),
                "pci_bus_id": device.bus_id,
                "memory_total_mib": device.memory_total_mib,
            }
            for device in one.devices
        ],
        "error": one.error,
    }


def _toolkit(one: ToolkitFacts) -> dict[str, Any]:
    return {
        "root": one.root,
        "version": _text(one.version),
        "nvcc": one.nvcc,
        "host_compiler_max": {"gcc": one.gcc_max, "clang": one.clang_max},
        "real_root": one.real_root,
        "headers": one.headers,
        "origin": one.origin,
        "evidence": _seen(one.seen),
    }


def _inventory(one: ToolkitInventory) -> dict[str, Any]:
    return {
        "links": [{"path": link.path, "target": link.target, "resolved": link.resolved} for link in one.links],
        "nvcc_on_path": one.nvcc_on_path,
        "nvcc_on_path_root": one.nvcc_on_path_root,
        "cuda_home": one.cuda_home,
        "cuda_home_variable": one.cuda_home_variable,
        "cuda_home_exists": one.cuda_home_exists,
        "cuda_home_root": one.cuda_home_root,
    }


def _compiler(one: CompilerFacts) -> dict[str, Any]:
    return {
        "path": one.path,
        "kind": one.kind,
        "major": one.major,
        "version": one.version,
        "variable": one.variable,
    }


def _shell(facts: ShellFacts | None) -> dict[str, Any]:
    one = facts or _NO_SHELL
    return {
        "shell": one.shell,
        "variables": None if facts is None else dict(one.variables),
        "rc_lines": None
        if facts is None
        else [
            {
                "file": line.file,
                "line": line.line,
                "text": line.text,
                "variable": line.variable,
                "value": line.value,
                "exported": line.exported,
            }
            for line in one.rc_lines
        ],
        "entries": [
            {
                "variable": entry.variable,
                "index": entry.index,
                "text": entry.text,
                "exists": entry.exists,
                "suggestion": entry.suggestion,
            }
            for entry in one.entries
        ],
        "unreadable": list(one.unreadable),
    }


def _library(one: LoaderEntry) -> dict[str, Any]:
    return {"soname": one.soname, "path": one.path, "real_path": one.real_path}


def _loader(one: LoaderFacts) -> dict[str, Any]:
    return {
        "cache": [_library(entry) for entry in one.cache],
        "path_libraries": [_library(entry) for entry in one.path_libraries],
        "preload": list(one.preload),
        "conf_dirs": list(one.conf_dirs),
    }


def _conda(one: CondaFacts) -> dict[str, Any]:
    return {
        "roots": list(one.roots),
        "executable": one.executable,
        "version": one.version,
        "channels": list(one.channels),
        "auto_activate": one.auto_activate,
        "condarc": list(one.condarc),
    }


def _env(one: EnvFacts) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "name": one.name,
        "prefix": one.prefix,
        "python": one.python_version,
        "active": one.active,
        "torch": None if one.torch is None else _torch(one.torch, one),
        "python_path": one.python,
        "active_because": one.active_because,
        "packages": [_package(package) for package in one.packages.values()],
        "duplicates": list(one.duplicates),
        "site_packages": one.site_packages,
        "libraries": None if one.libraries is None else [resolved(library) for library in one.libraries],
    }


def _package(one: Package) -> dict[str, Any]:
    return {
        "name": one.name,
        "version": one.version,
        "build": one.build,
        "channel": one.channel,
        "installer": one.installer,
        "requires_torch": one.requires_torch,
        "built_for": one.built_for,
    }


def _torch(one: TorchFacts, env: EnvFacts) -> dict[str, Any]:
    live = one.live
    return {
        "version": one.version,
        "cuda": _text(one.cuda),
        "cudnn": one.cudnn,
        "build": one.build,
        "arch_list": None if one.arch_list is None else list(one.arch_list),
        "is_available": live.is_available,
        "error": live.error or live.signal,
        "packages": {package.name: package.version for package in env.packages.values()},
        "build_string": one.build_string,
        "hip": one.hip,
        "location": one.location,
        "installer": one.installer,
        "pins": dict(one.pins),
        "hidden": [{"version": other.version, "location": other.location} for other in one.hidden],
        "records": list(one.records),
        "leftovers": list(one.leftovers),
        "nvidia_site": one.nvidia_site,
        "outcome": live.outcome,
        "stage": live.stage,
        "warning": live.warning,
        "signal": live.signal,
        "device_count": live.device_count,
        "device_names": list(live.device_names),
        "capabilities": [str(capability) for capability in live.capabilities],
        "seconds": None if live.seconds is None else round(live.seconds, 4),
        "evidence": _seen(one.seen),
    }


def distro(one: DistroFacts) -> dict[str, Any]:
    """Packages that matter, and where they come from."""
    return {
        "manager": one.manager,
        "packages": None
        if one.packages is None
        else [
            {"name": each.name, "version": each.version, "arch": each.arch, "state": each.state, "held": each.held}
            for each in one.packages
        ],
        "sources": None
        if one.sources is None
        else [
            {
                "file": each.file,
                "line": each.line,
                "uri": each.uri,
                "suite": each.suite,
                "signed_by": each.signed_by,
                "trusted": each.trusted,
            }
            for each in one.sources
        ],
        "keyrings": [{"file": each.file, "fingerprints": list(each.fingerprints)} for each in one.keyrings],
        "pins": [
            {"file": each.file, "package": each.package, "pin": each.pin, "priority": each.priority}
            for each in one.pins
        ],
        "unattended_upgrades": one.unattended,
        "unattended_blacklist": list(one.blacklist),
        "driver_changes": [
            {
                "date": each.date,
                "action": each.action,
                "package": each.package,
                "before": each.before,
                "after": each.after,
                "unattended": each.unattended,
            }
            for each in one.changes
        ],
        "runfile": one.runfile,
    }


def runtime(one: RuntimeFacts) -> dict[str, Any]:
    """Container engines, and what this container was given."""
    return {
        "engines": [{"name": each.name, "path": each.path, "snap": each.snap} for each in one.engines],
        "rootless": one.rootless,
        "toolkit": one.toolkit,
        "runtimes": list(one.runtimes),
        "default_runtime": one.default_runtime,
        "no_cgroups": one.no_cgroups,
        "mode": one.mode,
        "cdi_specs": list(one.cdi_specs),
        "require_cuda": one.require_cuda,
        "driver_files": list(one.driver_files),
        "starts": [
            {
                "engine": each.engine,
                "image": each.image,
                "gpus": each.gpus,
                "runtime": each.runtime,
                "env": dict(each.env),
                "privileged": each.privileged,
                "devices": list(each.devices),
            }
            for each in one.starts
        ],
    }


_MOST_EVENTS = 100


def kernel_document(one: KernelFacts | None) -> dict[str, Any] | None:
    """Events, DKMS and what decides about loading; null where nothing is known."""
    if one is None:
        return None
    module = one.module
    return {
        "events": None if one.events is None else [_event(event) for event in one.events[-_MOST_EVENTS:]],
        "modules_present": one.modules_present,
        "nvidia_kernels": list(one.nvidia_kernels),
        "prebuilt_kernels": list(one.prebuilt_kernels),
        "headers": one.headers,
        "dkms": None if one.dkms is None else [_dkms(row) for row in one.dkms],
        "modprobe": [
            {"kind": line.kind, "module": line.module, "value": line.value, "where": line.seen.where}
            for line in one.modprobe
        ],
        "prime": one.prime,
        "module": None
        if module is None
        else {
            "version": module.version,
            "license": module.license,
            "signed": module.signer is not None,
            "vermagic": module.vermagic,
        },
        "lockdown": one.lockdown,
        "gsp_firmware": one.gsp_firmware,
        "parameters": list(one.parameters),
        "reboot_required": list(one.reboot_required),
        "bus_errors": [
            {"pci_bus_id": row.bus_id, "correctable": row.correctable, "nonfatal": row.nonfatal, "fatal": row.fatal}
            for row in one.bus_errors
        ],
        "vgpu_host": one.vgpu_host,
    }


def _event(event: KernelEvent) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "code": event.code,
        "pci_bus_id": event.bus_id,
        "age": None if event.age is None else round(event.age),
        "text": event.text,
    }


def _dkms(row: DkmsModule) -> dict[str, Any]:
    return {
        "name": row.name,
        "version": row.version,
        "kernel": row.kernel,
        "state": row.state,
        "reason": row.reason,
    }


def resolved(one: ResolvedLibrary) -> dict[str, Any]:
    """One library: what is taken, by what way, and torch's own copy."""
    return {
        "soname": one.soname,
        "path": one.path,
        "version": one.version,
        "how": one.how,
        "needed_by": one.needed_by,
        "own": one.own,
        "own_version": one.own_version,
        "same": one.same,
    }


def limits_document(one: LimitFacts | None) -> dict[str, Any] | None:
    """Sizes in bytes; what is not known is null, what has no limit is named in `unlimited`."""
    if one is None:
        return None
    return {
        "address_space": one.address_space,
        "locked_memory": one.locked_memory,
        "open_files": one.open_files,
        "unlimited": list(one.unlimited),
        "shm_size": one.shm_size,
        "shm_free": one.shm_free,
        "overcommit": one.overcommit,
        "memory_total": one.memory_total,
        "cgroup_memory": one.cgroup_memory,
        "oom_kills": one.oom_kills,
        "disks": [{"place": disk.place, "size": disk.size, "free": disk.free} for disk in one.disks],
        "noexec": [{"place": place.place, "path": place.path, "mount": place.mount} for place in one.noexec],
        "caches": [
            {"path": cache.path, "variable": cache.variable, "mode": f"{cache.mode:04o}", "writable": cache.writable}
            for cache in one.caches
        ],
        "writable": [
            {"variable": found.variable, "path": found.path, "mode": f"{found.mode:04o}"} for found in one.writable
        ],
        "infiniband": [
            {"device": port.device, "port": port.port, "state": port.state, "link_layer": port.link_layer}
            for port in one.infiniband
        ],
        "peermem": one.peermem,
        "tools": None if one.tools is None else list(one.tools),
        "scheduler": one.scheduler,
        "confined": one.confined,
        "musl": one.musl,
        "nccl_settings": dict(one.variables),
    }


def symptoms_document(symptoms: Iterable[Symptom] | None) -> list[dict[str, Any]] | None:
    """Each known message with the values in it and where it was met; null where nothing was looked through."""
    if symptoms is None:
        return None
    return [
        {
            "kind": one.kind,
            "says": one.says,
            "values": dict(one.values),
            "evidence": {"where": one.seen.where, "text": one.seen.text},
        }
        for one in symptoms
    ]


def health(one: SmiGpu) -> dict[str, Any]:
    """How one GPU is, as nvidia-smi told it; what it did not tell is left out."""
    found: dict[str, Any] = {"index": one.index}
    for field in msgspec.structs.fields(GpuHealth):
        value = getattr(one, field.name)
        if value is not None:
            found[field.name] = list(value) if isinstance(value, tuple) else value
    return found


def _context(one: ContextFacts) -> dict[str, Any]:
    """Container, job, virtual machine, cloud instance, and what was tried."""
    instance = one.instance
    return {
        "container": one.container,
        "container_gpu": one.container_gpu,
        "scheduler": one.scheduler,
        "step": one.step,
        "job_gpu": one.job_gpu,
        "gpus_elsewhere": one.gpus_elsewhere,
        "virtual_machine": one.virtual_machine,
        "instance": None
        if instance is None
        else {"type": instance.type, "provider": instance.provider, "maker": instance.maker, "gpu": instance.gpu},
        "tried": [attempt.what for attempt in one.tried],
    }


def services(one: ServiceFacts) -> dict[str, Any]:
    """What runs beside the driver."""
    manager = one.fabric_manager
    return {
        "running": None if one.running is None else list(one.running),
        "enabled": list(one.enabled),
        "fabric_manager": None
        if manager is None
        else {"path": manager.path, "version": None if manager.version is None else str(manager.version)},
        "mps_pipe": one.mps_pipe,
        "mps_pipe_there": one.mps_pipe_there,
        "imex_channels": one.imex_channels,
    }


def link(one: PciDevice) -> dict[str, int | None]:
    """The lanes of a GPU's PCI Express link."""
    return {"width": one.link_width, "width_max": one.link_width_max, "port_width_max": one.port_width_max}
