"""Finds the cure of a finding by its name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.remedies.plan import Remedy, Tell

Builder = Callable[[Finding, Facts], Remedy]

BUILDERS: dict[str, str] = {
    "driver-not-installed": "install_driver.install",
    "driver-too-old-for-runtime": "install_driver.update",
    "toolkit-newer-than-driver": "install_driver.update",
    "driver-end-of-life": "install_driver.update",
    "gpu-dropped-by-driver": "install_driver.replace_branch",
    "open-module-on-pre-turing-gpu": "install_driver.replace_branch",
    "proprietary-module-on-open-only-gpu": "install_driver.open_module",
    "driver-library-mixed-install": "install_driver.reinstall",
    "libcuda-missing": "driver_part.part",
    "nvidia-smi-missing": "driver_part.part",
    "nvidia-smi-crashes": "driver_part.without_variables",
    "nvidia-smi-unreadable": "driver_part.without_variables",
    "torch-cuda-crashes": "driver_part.without_variables",
    "libcuda-crashes": "install_driver.reinstall",
    "driver-library-mismatch": "reboot.reboot",
    "nvidia-smi-fails": "reboot.look_then_reboot",
    "nvidia-smi-hangs": "reboot.look_then_reboot",
    "libcuda-hangs": "reboot.look_then_reboot",
    "torch-cuda-hangs": "reboot.look_then_reboot",
    "cuda-driver-init-fails": "reboot.look_then_reboot",
    "no-devices-found": "reboot.look_then_reboot",
    "gpu-fallen-off-bus": "reboot.cold_start",
    "kernel-module-not-built": "module.build",
    "driver-module-not-loaded": "module.load",
    "nouveau-conflict": "module.blacklist_nouveau",
    "uvm-module-not-loaded": "module.load_uvm",
    "device-nodes-missing": "module.make_nodes",
    "device-node-permissions": "module.join_group",
    "container-without-gpu-access": "container.start_with_gpu",
    "container-driver-capabilities-missing": "container.capabilities",
    "container-cgroup-lost-devices": "container.recreate",
    "container-selinux": "container.selinux",
    "wsl1-no-gpu": "wsl.to_wsl2",
    "wsl-gpu-missing": "wsl.windows_side",
    "wsl-windows-side-broken": "wsl.windows_side",
    "wsl-libcuda-shadowed": "wsl.remove_linux_driver",
    "gpu-row-remap-pending": "gpu.reset",
    "gpu-recovery-needed": "gpu.reset",
    "gpu-ecc-hardware-fault": "gpu.replace",
    "exclusive-compute-mode": "gpu.default_compute_mode",
    "mig-enabled-no-instances": "gpu.mig",
    "fabric-manager-not-running": "gpu.fabric_manager",
    "gpu-bound-to-vfio": "gpu.give_back",
    "mig-mode-pending": "gpu.reset",
    "ecc-mode-pending": "gpu.reset",
    "compute-mode-prohibited": "gpu.default_compute_mode",
    "persistence-mode-off": "gpu_services.persistence",
    "clocks-locked-low": "gpu_services.clocks",
    "fabric-manager-version-mismatch": "gpu_services.same_version",
    "fabric-manager-not-needed": "gpu_services.no_fabric_manager",
    "ld-path-entry-missing": "rc_lines.entry_missing",
    "ld-path-empty-element": "rc_lines.empty_element",
    "path-duplicates": "rc_lines.duplicates",
    "path-grows-on-sourcing": "rc_lines.grows",
    "ld-path-has-stubs": "rc_lines.stubs",
    "rc-line-not-read": "rc_lines.not_read",
    "cuda-home-not-exported": "rc_lines.export",
    "visible-devices-hides-gpus": "shell_lines.visible_devices",
    "ld-path-shadows-bundled-libs": "libraries.other_copy",
    "cudnn-version-mismatch": "libraries.other_copy",
    "nccl-version-conflict": "libraries.other_copy",
    "nvjitlink-skew": "libraries.nvjitlink",
    "libcuda-not-linkable": "libraries.link_name",
    "stub-libcuda": "shell_lines.stub",
    "cuda-home-wrong": "shell_lines.cuda_home",
    "cuda-home-inconsistent": "shell_lines.cuda_home",
    "cpu-only-build": "reinstall_torch.other_build",
    "aarch64-wheel-without-cuda": "reinstall_torch.other_build",
    "jetson-generic-wheel": "reinstall_torch.other_build",
    "arch-not-in-build-gpu-newer": "reinstall_torch.other_build",
    "arch-not-in-build-gpu-older": "reinstall_torch.other_build",
    "torch-not-installed": "reinstall_torch.install",
    "torchvision-torch-mismatch": "reinstall_torch.together",
    "numpy2-vs-old-torch": "reinstall_torch.numpy",
    "mkl-incompatible": "reinstall_torch.mkl",
    "mixed-cuda-major-packages": "reinstall_torch.new_environment",
    "nvcc-not-on-path": "toolkit.on_path",
    "host-compiler-unsupported": "toolkit.older_compiler",
    "toolkit-symlink-dangling": "toolkit.repoint",
    "cuda-home-missing": "build_needs.toolkit",
    "partial-toolkit": "build_needs.toolkit",
    "build-tools-missing": "build_needs.tools",
    "cache-dir-unwritable": "build_needs.own_cache",
    "debug-variables-set": "shell_lines.unset",
    # kernel, module, boot
    "driver-too-old-for-gpu": "install_driver.update",
    "dkms-build-failed": "boot.build_again",
    "secure-boot-unsigned-module": "boot.enrol_key",
    "kernel-headers-missing": "module.build",
    "prebuilt-module-missing-for-kernel": "boot.prebuilt",
    "prime-select-gpu-off": "boot.switch_on",
    "uvm-broken-after-suspend": "boot.reload_uvm",
    "reboot-pending": "reboot.reboot",
    "gsp-rpc-timeout": "gpu.reset",
    "xid-needs-action": "gpu.reset",
    "container-toolkit-missing": "packages.container_toolkit",
    "container-no-cgroups-setting": "packages.device_rules",
    "apt-driver-packages-conflict": "packages.unfinished",
    "apt-nvidia-key-rotated": "packages.keyring",
    "apt-sha1-key-rejected": "packages.keyring",
}
"""Name of the finding → what builds its cure: a module here and its function, imported only when it is needed.

Where there is none, the check's Fix section is told."""


def remedy_for(finding: Finding, facts: Facts) -> Remedy:
    """The cure of a finding on this machine, for who reads it. It always has a summary and a step."""
    from cudadoctor.remedies.who import fit

    build = builder(finding.name)
    if build is not None:
        built = build(finding, facts)
        if built.steps:
            return fit(built, facts, finding.code)
    return _told(finding)


def builder(name: str) -> Builder | None:
    """What builds the cure of findings of that name; None where the check's own words are the cure."""
    place = BUILDERS.get(name)
    if place is None:
        return None
    module, _, function = place.partition(".")
    found: Builder = getattr(import_module(f"cudadoctor.remedies.cures.{module}"), function)
    return found


def _told(finding: Finding) -> Remedy:
    from cudadoctor.checks.engine import registry
    from cudadoctor.checks.engine.docs import page

    one = registry.find(finding.name)
    fix = page(one.doc).fix if one is not None else ""
    if not fix:
        return Remedy(
            summary="Look at the evidence", steps=(Tell(text="There is no known cure; look at the evidence."),)
        )
    return Remedy(summary=_first_sentence(fix), steps=tuple(Tell(text=part) for part in fix.split("\n\n")))


def _first_sentence(text: str) -> str:
    """Up to the first full stop that ends a sentence; code and file names contain others."""
    code = False
    for place, letter in enumerate(text):
        code ^= letter == "`"
        if letter in ".:" and not code and (place + 1 == len(text) or (text[place + 1] in " \n" and letter == ".")):
            return text[:place]
    return text
