"""Where a driver cannot be installed from here: containers, WSL, Jetson, and virtual GPUs."""

from __future__ import annotations

from cudadoctor.facts.base import Facts
from cudadoctor.remedies import machine
from cudadoctor.remedies.plan import Remedy
from cudadoctor.remedies.steps import advice


def elsewhere(facts: Facts) -> Remedy | None:
    """Where a driver cannot be installed from here: what to do instead."""
    if machine.in_container(facts):
        return Remedy(
            summary="Install or update the NVIDIA driver on the container's host, then recreate the container",
            steps=(
                advice("A container uses the driver of its host: ask whoever runs the host, or do it there."),
                advice("Afterwards recreate the container with GPU access; restarting it is not enough."),
            ),
        )
    if machine.under_wsl(facts):
        return Remedy(
            summary="Install the newest NVIDIA driver in Windows, then restart WSL",
            steps=(
                advice("In Windows: install the newest NVIDIA driver from https://www.nvidia.com/drivers."),
                advice("In a Windows terminal: `wsl --update`, then `wsl --shutdown`; open the distribution again."),
                advice("Install no driver package inside WSL: it would hide the one that Windows brings."),
            ),
        )
    if machine.on_jetson(facts):
        return Remedy(
            summary="Update JetPack: a Jetson's driver is a part of it",
            steps=(advice("Flash or upgrade to the JetPack release that the program needs (NVIDIA SDK Manager)."),),
        )
    if machine.lends_gpus(facts):
        return Remedy(
            summary="Leave the vGPU host's driver as it is, and use the GPU in a guest",
            steps=(
                advice("This machine lends its GPUs to guests by NVIDIA's vGPU manager: another driver stops them."),
                advice("Compute in a guest, or give the GPU up for vGPU first: ask whoever runs the hypervisor."),
            ),
        )
    if machine.vgpu_guest(facts):
        return Remedy(
            summary="Install the vGPU guest driver that belongs to the host's vGPU release",
            steps=(
                advice(
                    "Ask whoever runs the hypervisor (or the cloud) for the guest (GRID) driver of the host's "
                    "vGPU release, and install that: no driver of a distribution or from nvidia.com drives a vGPU."
                ),
                advice("A guest driver newer than the host's release allows does not start either."),
            ),
        )
    return None
