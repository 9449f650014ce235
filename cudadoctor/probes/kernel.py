"""Asks for the kernel log, and for what decides whether NVIDIA's modules can be loaded."""

from __future__ import annotations

import re

from cudadoctor.facts.base import Gap
from cudadoctor.facts.kernel import BusErrors, KernelEvent, KernelFacts, ModprobeLine, ModuleFile
from cudadoctor.facts.seen import Seen
from cudadoctor.host.base import Host, Refusal
from cudadoctor.probes import dkms, system
from cudadoctor.probes.ask import found, one_line, present, read_text
from cudadoctor.probes.base import Clock, Found, Request

_LOG_BYTES = 1 << 20
_KERN_LOG = "/var/log/kern.log"
_JOURNAL = ("journalctl", "-k", "-b", "-q", "--no-pager", "-o", "short-monotonic", "-n", "20000")
_BOOT = "Linux version "
_MODULE_GLOBS = (
    "/lib/modules/*/updates/dkms/nvidia*.ko*",
    "/lib/modules/*/updates/nvidia*.ko*",
    "/lib/modules/*/extra/nvidia*.ko*",
    "/lib/modules/*/extra/nvidia*/nvidia*.ko*",
    "/lib/modules/*/extramodules/nvidia*.ko*",
    "/lib/modules/*/kernel/drivers/video/nvidia*.ko*",
)
_PREBUILT_GLOB = "/lib/modules/*/kernel/nvidia*/nvidia*.ko*"
"""Where Ubuntu's linux-modules-nvidia packages put theirs: /lib/modules/<kernel>/kernel/nvidia-580/nvidia.ko."""
_MODULE = re.compile(r"nvidia(?:[-_](?:open|current|server|legacy|tesla|\d[0-9a-z]*))*\.ko(?:\.(?:xz|zst|gz))?\Z")
_PARAMETER = re.compile(
    r"nomodeset\Z|nouveau\.|nvidia[\w-]*\.|(?:module_blacklist|modprobe\.blacklist|rd\.driver\.blacklist)=\S*(?:nvidia|nouveau)|"
    r"module\.sig_enforce|lockdown=|pcie_aspm|pci=|iommu=|(?:intel|amd)_iommu="
)
_COUNT = re.compile(r"(?m)^TOTAL_ERR_\w+ (\d{1,15})$")


def probe(host: Host, request: Request, clock: Clock) -> Found[KernelFacts]:  # noqa: ARG001
    """The kernel log of this boot, and the modules of this kernel. A container and WSL have neither of their own."""
    identity = system.who(host)
    kernel = identity.kernel if identity else ""
    wsl, contained = system.wsl(host, identity), system.contained(host)
    if wsl or contained:
        place = "WSL" if wsl else "a container"
        return Found(value=None, gaps=(Gap(fact="kernel", reason=f"{place} has no kernel of its own"),))
    events, gaps = _log(host, clock)
    folders = tuple(path.rpartition("/")[2] for path in found(host, "/lib/modules/*", limit=200) or ())
    own = [path for pattern in _MODULE_GLOBS for path in found(host, pattern, limit=2000) or ()]
    prebuilt = _kernels(found(host, _PREBUILT_GLOB, limit=2000) or ())
    loaded = present(host, "/sys/module/nvidia")
    nvidia_kernels = tuple(dict.fromkeys((*_kernels(own), *prebuilt)))
    facts = KernelFacts(
        live=True,
        events=events,
        modules_present=kernel in folders if kernel and folders else None,
        kernels=folders,
        nvidia_kernels=nvidia_kernels,
        prebuilt_kernels=prebuilt,
        headers=_headers(host, kernel) if kernel in folders else None,
        dkms=dkms.modules(host),
        modprobe=_modprobe(host),
        prime=one_line(read_text(host, "/etc/prime-discrete", limit=256) or "", longest=20) or None,
        module=_module(host, kernel, clock) if loaded is False and kernel in nvidia_kernels else None,
        lockdown=_lockdown(host),
        gsp_firmware=_gsp_firmware(host),
        parameters=tuple(
            word for word in (read_text(host, "/proc/cmdline", limit=65536) or "").split() if _PARAMETER.match(word)
        ),
        reboot_required=_reboot_required(host),
        bus_errors=_bus_errors(host),
        vgpu_host=present(host, "/sys/module/nvidia_vgpu_vfio"),
    )
    return Found(value=facts, gaps=tuple(gaps))


def _log(host: Host, clock: Clock) -> tuple[tuple[KernelEvent, ...] | None, list[Gap]]:
    """The log as this user may read it. A log that cannot be read is a gap: it does not say that there was no Xid."""
    uptime = _uptime(host)
    text: bytes | None = None
    where = "dmesg"
    refused: list[str] = []
    try:
        done = host.run(("dmesg",), timeout=clock.limit(5))
        if done.returncode == 0 and done.stdout:
            text = done.stdout
        else:
            refused.append("dmesg is for root only here")
    except Refusal as refusal:
        refused.append(one_line(str(refusal)))
    from_file = _kern_log(host)
    if text is None and from_file is not None:
        text, where = from_file, _KERN_LOG
    if text is None:
        try:
            done = host.run(_JOURNAL, timeout=clock.limit(8))
            # Without the right to it journalctl ends well and prints nothing, or the user's own messages.
            if done.returncode == 0 and done.stdout:
                text, where = done.stdout, "journalctl -k -b"
            else:
                refused.append("the journal of the kernel is not readable for this user")
        except Refusal as refusal:
            refused.append(one_line(str(refusal)))
    if text is None:
        reason = "the kernel log cannot be read: " + "; ".join(refused)
        return None, [Gap(fact="kernel.events", reason=one_line(reason))]
    from cudadoctor.parsers import dmesg
    from cudadoctor.readings.kernel_events import events

    kept = text[-_LOG_BYTES:].decode("utf-8", errors="replace")
    ages = uptime if where != _KERN_LOG else None
    return events(dmesg.parse(kept), lambda _: where, uptime=ages), []


def _kern_log(host: Host) -> bytes | None:
    """The end of syslog's file, from the last start on."""
    try:
        size = host.stat(_KERN_LOG).size
        data = host.read(_KERN_LOG, offset=max(0, size - _LOG_BYTES), limit=-_LOG_BYTES)
    except Refusal:
        return None
    return data[max(0, data.rfind(_BOOT.encode())) :]


def _uptime(host: Host) -> float | None:
    words = (read_text(host, "/proc/uptime", limit=256) or "").split()
    try:
        return float(words[0])
    except (IndexError, ValueError):
        return None


def _kernels(paths: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    named = (path.split("/") for path in paths if _MODULE.match(path.rpartition("/")[2]))
    return tuple(dict.fromkeys(parts[3] for parts in named))


def _headers(host: Host, kernel: str) -> bool | None:
    """False also where the link is left and leads nowhere, as removed headers leave it."""
    try:
        host.realpath(f"/lib/modules/{kernel}/build")
    except Refusal as refusal:
        return False if refusal.kind == "missing" else None
    return True


def _modprobe(host: Host) -> tuple[ModprobeLine, ...]:
    from cudadoctor.parsers import modprobe

    lines: list[ModprobeLine] = []
    names: set[str] = set()
    for folder in ("/etc/modprobe.d", "/run/modprobe.d", "/lib/modprobe.d"):
        for path in found(host, f"{folder}/*.conf", limit=300) or ():
            # A file of the same name in an earlier folder stands in the place of this one (modprobe.d(5)).
            if (name := path.rpartition("/")[2]) in names:
                continue
            names.add(name)
            text = read_text(host, path) or ""
            if "nvidia" not in text and "nouveau" not in text:
                continue
            lines += [
                ModprobeLine(
                    kind=one.kind,
                    module=one.module,
                    value=one.value[:240],
                    seen=Seen(where=f"{path}:{one.number}", text=one.text),
                )
                for one in modprobe.parse(text)
            ]
    return tuple(lines[:200])


def _module(host: Host, kernel: str, clock: Clock) -> ModuleFile | None:
    """Only where no module is loaded: modinfo unpacks tens of megabytes for it."""
    try:
        done = host.run(("modinfo", "-k", kernel, "nvidia"), timeout=clock.limit(5))
    except Refusal:
        return None
    if done.returncode != 0:
        return None
    fields: dict[str, str] = {}
    for line in done.stdout[:200_000].decode("utf-8", errors="replace").splitlines():
        name, colon, value = line.partition(":")
        if colon and name in ("version", "license", "signer", "vermagic", "filename"):
            fields.setdefault(name, one_line(value, longest=160))
    signed = f"signer: {fields['signer']}" if fields.get("signer") else "no signer"
    return ModuleFile(
        version=fields.get("version"),
        license=fields.get("license"),
        signer=fields.get("signer") or None,
        vermagic=(fields.get("vermagic") or "").split(" ")[0] or None,
        seen=Seen(where=f"modinfo -k {kernel} nvidia", text=f"{signed}, vermagic: {fields.get('vermagic', '?')}"),
    )


def _lockdown(host: Host) -> str | None:
    match = re.search(r"\[(\w{1,20})\]", read_text(host, "/sys/kernel/security/lockdown", limit=256) or "")
    return match.group(1) if match else None


def _gsp_firmware(host: Host) -> bool | None:
    version = (read_text(host, "/sys/module/nvidia/version", limit=64) or "").strip()
    there = [
        path
        for folder in ("/lib/firmware", "/lib/firmware/updates", "/run/current-system/firmware")
        for path in found(host, f"{folder}/nvidia/*/gsp_*.bin*", limit=200) or ()
    ]
    return any(f"/nvidia/{version}/" in path for path in there) if version else None


def _reboot_required(host: Host) -> tuple[str, ...]:
    text = read_text(host, "/run/reboot-required.pkgs") or ""
    return tuple(dict.fromkeys(one_line(line, longest=80) for line in text.splitlines()[:100] if line.strip()))


def _bus_errors(host: Host) -> tuple[BusErrors, ...]:
    counters: dict[str, dict[str, int]] = {}
    for path in found(host, "/sys/bus/pci/drivers/nvidia/*/aer_dev_*", limit=256) or ():
        folder, _, name = path.rpartition("/")
        match = _COUNT.search(read_text(host, path, limit=8192) or "")
        if match:
            counters.setdefault(folder.rpartition("/")[2].lower(), {})[name[len("aer_dev_") :]] = int(match.group(1))
    return tuple(
        BusErrors(bus_id=bus, correctable=one.get("correctable"), nonfatal=one.get("nonfatal"), fatal=one.get("fatal"))
        for bus, one in sorted(counters.items())
    )
