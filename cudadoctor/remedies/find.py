"""Finds the cure of a finding by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.remedies import cures
from cudadoctor.remedies.plan import PlanStep, Remedy
from cudadoctor.remedies.steps import advice

if TYPE_CHECKING:
    from cudadoctor.checks.engine.names import Cause

Builder = Callable[[Finding, Facts], Remedy]

BUILDERS: dict[Cause, Callable[[], Builder]] = {
    "driver-not-installed": lambda: cures.install_driver.install,
    "driver-too-old-for-runtime": lambda: cures.install_driver.update,
    "toolkit-newer-than-driver": lambda: cures.install_driver.update,
    "driver-end-of-life": lambda: cures.install_driver.update,
    "gpu-dropped-by-driver": lambda: cures.install_driver.replace_branch,
    "open-module-on-pre-turing-gpu": lambda: cures.install_driver.replace_branch,
    "proprietary-module-on-open-only-gpu": lambda: cures.install_driver.open_module,
    "driver-library-mixed-install": lambda: cures.install_driver.reinstall,
    "libcuda-missing": lambda: cures.driver_part.part,
    "nvidia-smi-missing": lambda: cures.driver_part.part,
    "nvidia-smi-crashes": lambda: cures.driver_part.without_variables,
    "nvidia-smi-unreadable": lambda: cures.driver_part.without_variables,
    "torch-cuda-crashes": lambda: cures.driver_part.without_variables,
    "libcuda-crashes": lambda: cures.install_driver.reinstall,
    "driver-library-mismatch": lambda: cures.reboot.reboot,
    "nvidia-smi-fails": lambda: cures.reboot.look_then_reboot,
    "nvidia-smi-hangs": lambda: cures.reboot.look_then_reboot,
    "libcuda-hangs": lambda: cures.reboot.look_then_reboot,
    "torch-cuda-hangs": lambda: cures.reboot.look_then_reboot,
    "cuda-driver-init-fails": lambda: cures.reboot.look_then_reboot,
    "no-devices-found": lambda: cures.reboot.look_then_reboot,
    "gpu-fallen-off-bus": lambda: cures.reboot.cold_start,
    "kernel-module-not-built": lambda: cures.module.build,
    "driver-module-not-loaded": lambda: cures.module.load,
    "nouveau-conflict": lambda: cures.module.blacklist_nouveau,
    "uvm-module-not-loaded": lambda: cures.module.load_uvm,
    "device-nodes-missing": lambda: cures.module.make_nodes,
    "device-node-permissions": lambda: cures.module.join_group,
    "container-without-gpu-access": lambda: cures.container.start_with_gpu,
    "container-driver-capabilities-missing": lambda: cures.container.capabilities,
    "container-cgroup-lost-devices": lambda: cures.container.recreate,
    "container-selinux": lambda: cures.container.selinux,
    "wsl1-no-gpu": lambda: cures.wsl.to_wsl2,
    "wsl-gpu-missing": lambda: cures.wsl.windows_side,
    "wsl-windows-side-broken": lambda: cures.wsl.windows_side,
    "wsl-libcuda-shadowed": lambda: cures.wsl.remove_linux_driver,
    "gpu-row-remap-pending": lambda: cures.gpu.reset,
    "gpu-recovery-needed": lambda: cures.gpu.reset,
    "gpu-ecc-hardware-fault": lambda: cures.gpu.replace,
    "exclusive-compute-mode": lambda: cures.gpu.default_compute_mode,
    "mig-enabled-no-instances": lambda: cures.gpu.mig,
    "fabric-manager-not-running": lambda: cures.gpu.fabric_manager,
    "gpu-bound-to-vfio": lambda: cures.gpu.give_back,
    "mig-mode-pending": lambda: cures.gpu.reset,
    "ecc-mode-pending": lambda: cures.gpu.reset,
    "compute-mode-prohibited": lambda: cures.gpu.default_compute_mode,
    "persistence-mode-off": lambda: cures.gpu_services.persistence,
    "clocks-locked-low": lambda: cures.gpu_services.clocks,
    "fabric-manager-version-mismatch": lambda: cures.gpu_services.same_version,
    "fabric-manager-not-needed": lambda: cures.gpu_services.no_fabric_manager,
    "ld-path-entry-missing": lambda: cures.rc_lines.entry_missing,
    "ld-path-empty-element": lambda: cures.rc_lines.empty_element,
    "path-duplicates": lambda: cures.rc_lines.duplicates,
    "path-grows-on-sourcing": lambda: cures.rc_lines.grows,
    "ld-path-has-stubs": lambda: cures.rc_lines.stubs,
    "rc-line-not-read": lambda: cures.rc_lines.not_read,
    "cuda-home-not-exported": lambda: cures.rc_lines.export,
    "visible-devices-hides-gpus": lambda: cures.shell_lines.visible_devices,
    "ld-path-shadows-bundled-libs": lambda: cures.libraries.other_copy,
    "cudnn-version-mismatch": lambda: cures.libraries.other_copy,
    "nccl-version-conflict": lambda: cures.libraries.other_copy,
    "nvjitlink-skew": lambda: cures.libraries.nvjitlink,
    "libcuda-not-linkable": lambda: cures.libraries.link_name,
    "stub-libcuda": lambda: cures.shell_lines.stub,
    "cuda-home-wrong": lambda: cures.shell_lines.cuda_home,
    "cuda-home-inconsistent": lambda: cures.shell_lines.cuda_home,
    "cpu-only-build": lambda: cures.reinstall_torch.other_build,
    "aarch64-wheel-without-cuda": lambda: cures.reinstall_torch.other_build,
    "jetson-generic-wheel": lambda: cures.reinstall_torch.other_build,
    "arch-not-in-build-gpu-newer": lambda: cures.reinstall_torch.other_build,
    "arch-not-in-build-gpu-older": lambda: cures.reinstall_torch.other_build,
    "gpu-too-old-for-cudnn": lambda: cures.reinstall_torch.other_build,
    "torch-not-installed": lambda: cures.reinstall_torch.install,
    "torchvision-torch-mismatch": lambda: cures.reinstall_torch.together,
    "numpy2-vs-old-torch": lambda: cures.reinstall_torch.numpy,
    "mkl-incompatible": lambda: cures.reinstall_torch.mkl,
    "mixed-cuda-major-packages": lambda: cures.reinstall_torch.one_of_each_pair,
    "nvcc-not-on-path": lambda: cures.toolkit.on_path,
    "host-compiler-unsupported": lambda: cures.toolkit.older_compiler,
    "toolkit-symlink-dangling": lambda: cures.toolkit.repoint,
    "cuda-home-missing": lambda: cures.build_needs.toolkit,
    "partial-toolkit": lambda: cures.build_needs.toolkit,
    "build-tools-missing": lambda: cures.build_needs.tools,
    "cache-dir-unwritable": lambda: cures.build_needs.own_cache,
    "debug-variables-set": lambda: cures.shell_lines.unset,
    # kernel, module, boot
    "driver-too-old-for-gpu": lambda: cures.install_driver.update,
    "dkms-build-failed": lambda: cures.boot.build_again,
    "secure-boot-unsigned-module": lambda: cures.boot.enrol_key,
    "kernel-headers-missing": lambda: cures.module.build,
    "prebuilt-module-missing-for-kernel": lambda: cures.boot.prebuilt,
    "prime-select-gpu-off": lambda: cures.boot.switch_on,
    "uvm-broken-after-suspend": lambda: cures.boot.reload_uvm,
    "reboot-pending": lambda: cures.reboot.reboot,
    "gsp-rpc-timeout": lambda: cures.gpu.reset,
    "xid-needs-action": lambda: cures.gpu.reset,
    "container-toolkit-missing": lambda: cures.packages.container_toolkit,
    "container-no-cgroups-setting": lambda: cures.packages.device_rules,
    "apt-driver-packages-conflict": lambda: cures.packages.unfinished,
    "apt-nvidia-key-rotated": lambda: cures.packages.keyring,
    "apt-sha1-key-rejected": lambda: cures.packages.keyring,
}
"""Name of the finding → what builds its cure. Each is behind a function, so that only the module in need is imported.

A check without an entry is cured by the words of its own Fix section."""


def remedy_for(finding: Finding, facts: Facts) -> Remedy:
    """The cure of a finding on this machine, for who reads it. It always has a summary and a step."""
    from cudadoctor.remedies.who import fit

    build = builder(finding.name)
    if build is not None:
        built = build(finding, facts)
        if built.steps:
            fitted = fit(built, facts, finding.code)
            return replace(fitted, steps=_in_order(fitted.steps, finding))
    remedy = _words(finding)
    return replace(remedy, steps=_in_order(remedy.steps, finding))


def _in_order(steps: tuple[PlanStep, ...], finding: Finding) -> tuple[PlanStep, ...]:
    """With ids of the finding. A step that acts needs the one before it that acts; advice needs nothing."""
    out: list[PlanStep] = []
    ids: dict[str, str] = {}
    last: tuple[str, ...] = ()
    for number, step in enumerate(steps, 1):
        name = ids[step.id] = f"{finding.name}-{number}"
        acts = not step.manual or step.reboot
        needs = tuple(ids[one] for one in step.needs if one in ids) or (last if acts else ())
        why = step.why or (finding.message if number == 1 else f"for {finding.name}")
        out.append(replace(step, id=name, needs=needs, why=why, source=step.source or finding.source))
        if not step.manual:
            last = (name,)
    return tuple(out)


def builder(name: str) -> Builder | None:
    """What builds the cure of findings of that name; None where the check's own words are the cure."""
    found = BUILDERS.get(cast("Cause", name))
    return None if found is None else found()


def _words(finding: Finding) -> Remedy:
    from cudadoctor.checks.engine import registry
    from cudadoctor.checks.engine.docs import page

    one = registry.find(finding.name)
    fix = page(one.doc).fix if one is not None else ""
    if not fix:
        return Remedy(summary="Look at the evidence", steps=(advice("There is no known cure; look at the evidence."),))
    return Remedy(summary=_first_sentence(fix), steps=tuple(advice(part) for part in fix.split("\n\n")))


def _first_sentence(text: str) -> str:
    """Up to the first full stop that ends a sentence; code and file names contain others."""
    code = False
    for place, letter in enumerate(text):
        code ^= letter == "`"
        if letter in ".:" and not code and (place + 1 == len(text) or (text[place + 1] in " \n" and letter == ".")):
            return text[:place]
    return text
