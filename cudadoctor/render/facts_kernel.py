"""The kernel's facts in the JSON report."""

from __future__ import annotations

from typing import Any

from cudadoctor.facts.kernel import DkmsModule, KernelEvent, KernelFacts

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
