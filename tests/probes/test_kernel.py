"""The kernel log, DKMS and what decides about loading."""

from __future__ import annotations

from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.host.base import Denied
from cudadoctor.probes import kernel
from cudadoctor.probes.base import Clock, Request

from .fake import FakeHost, ended

RELEASE = "6.8.0-50-generic"
XID = "[   20.000000] NVRM: Xid (PCI:0000:01:00): 79, pid=1, GPU has fallen off the bus.\n"
REFUSED = ended(status=1, stderr="dmesg: read kernel buffer failed: Operation not permitted\n")
DKMS = "/var/lib/dkms/nvidia"


def probe(host: FakeHost) -> KernelFacts:
    found = kernel.probe(host, Request(), Clock(60))
    assert found.value is not None
    return found.value


def test_the_log_and_its_age() -> None:
    facts = probe(FakeHost(files={"/proc/uptime": "120.00 400.00\n"}, programs={"dmesg": ended(XID)}))
    assert facts.live
    assert [(one.code, one.age) for one in facts.events or ()] == [(79, 100.0)]


def test_a_log_that_may_not_be_read_is_a_gap_and_no_all_clear() -> None:
    found = kernel.probe(FakeHost(programs={"dmesg": REFUSED}), Request(), Clock(60))
    assert found.value is not None
    assert found.value.events is None
    assert [gap.fact for gap in found.gaps] == ["kernel.events"]
    assert "root" in found.gaps[0].reason


def test_a_log_without_a_word_of_nvidia_is_known_to_be_empty() -> None:
    assert probe(FakeHost(programs={"dmesg": ended("[    0.000000] Linux version 6.8.0\n")})).events == ()


def test_the_journal_where_dmesg_refuses() -> None:
    journal = " ".join(kernel._JOURNAL)
    facts = probe(FakeHost(programs={"dmesg": REFUSED, journal: ended(XID)}))
    assert [one.seen.where for one in facts.events or ()] == ["journalctl -k -b"]


def test_syslogs_file_counts_from_the_last_start_on() -> None:
    text = f"{XID}[    0.000000] Linux version 6.8.0\n[    9.0] NVRM: Xid (PCI:0000:01:00): 31, pid=2\n"
    facts = probe(FakeHost(files={"/var/log/kern.log": text}, programs={"dmesg": REFUSED}))
    assert [one.code for one in facts.events or ()] == [31]


def test_a_container_and_wsl_have_no_kernel_of_their_own() -> None:
    for host in (
        FakeHost(files={"/.dockerenv": "", "/proc/1/cgroup": "0::/docker/abc\n"}, programs={"dmesg": ended(XID)}),
        FakeHost(files={"/proc/sys/kernel/osrelease": "5.15.1-microsoft-standard-WSL2\n", "/dev/dxg": ""}),
    ):
        found = kernel.probe(host, Request(), Clock(60))
        assert found.value is None
        assert [gap.fact for gap in found.gaps] == ["kernel"]


def test_dkms_installed_built_failed_and_added() -> None:
    head = f"DKMS make.log for nvidia-580.1 for kernel {RELEASE} (x86_64)\n"
    log = f"{head}x.c:1:1: error: implicit declaration of function 'a'\n"
    facts = probe(
        FakeHost(
            files={
                f"{DKMS}/535.1/6.5.0-1-generic/x86_64/module/nvidia.ko": "",
                f"{DKMS}/535.1/source": "",
                f"{DKMS}/580.1/build/make.log": log,
                f"{DKMS}/590.1/source": "",
                "/var/lib/dkms/nvidia-fs/2.17/source": "",
            },
            links={f"{DKMS}/kernel-6.4.0-1-generic-x86_64": "535.1/6.4.0-1-generic/x86_64"},
        )
    )
    assert sorted((one.version, one.kernel or "", one.state, one.reason or "") for one in facts.dkms or ()) == [
        ("535.1", "6.4.0-1-generic", "installed", ""),
        ("535.1", "6.5.0-1-generic", "built", ""),
        ("580.1", RELEASE, "failed", "kernel-too-new"),
        ("590.1", "", "added", ""),
    ]


def test_headers_modules_and_kernels() -> None:
    facts = probe(
        FakeHost(
            files={
                f"/lib/modules/{RELEASE}/modules.dep": "",
                f"/lib/modules/{RELEASE}/updates/dkms/nvidia.ko.zst": "",
                f"/lib/modules/{RELEASE}/updates/dkms/nvidia-fs.ko.zst": "",
                "/lib/modules/6.5.0-1-generic/kernel/nvidia-535/nvidia.ko": "",
            }
        )
    )
    assert facts.headers is False
    assert facts.modules_present is True
    assert set(facts.nvidia_kernels) == {RELEASE, "6.5.0-1-generic"}
    assert facts.prebuilt_kernels == ("6.5.0-1-generic",)


def test_modinfo_is_asked_only_where_no_module_is_loaded() -> None:
    module = {f"/lib/modules/{RELEASE}/updates/dkms/nvidia.ko.zst": ""}
    said = ended(
        "filename:  /x\nversion:        580.1\nlicense:        NVIDIA\nsigner:         me\nvermagic:  6.8 SMP\n"
    )
    programs = {f"modinfo -k {RELEASE} nvidia": said}
    facts = probe(FakeHost(files=module, programs=programs))
    assert facts.module is not None
    assert (facts.module.version, facts.module.signer, facts.module.vermagic) == ("580.1", "me", "6.8")
    loaded = probe(FakeHost(files={**module, "/sys/module/nvidia/initstate": "live"}, programs=programs))
    assert loaded.module is None


def test_small_facts() -> None:
    facts = probe(
        FakeHost(
            files={
                "/etc/prime-discrete": "on-demand\n",
                "/sys/kernel/security/lockdown": "none [integrity] confidentiality\n",
                "/proc/cmdline": "root=/dev/sda1 quiet nomodeset modprobe.blacklist=nvidia password=x\n",
                "/run/reboot-required.pkgs": "linux-base\nlinux-base\nnvidia-driver-535\n",
                "/etc/modprobe.d/a.conf": "blacklist nouveau\n",
                "/etc/modprobe.d/b.conf": Denied("/etc/modprobe.d/b.conf"),
                "/sys/module/nvidia/version": "580.95.05\n",
                "/lib/firmware/nvidia/570.1/gsp_ga10x.bin": "",
                "/sys/bus/pci/drivers/nvidia/0000:01:00.0/aer_dev_fatal": "DLP 0\nTOTAL_ERR_FATAL 3\n",
                "/sys/bus/pci/drivers/nvidia/0000:01:00.0/aer_dev_correctable": "TOTAL_ERR_COR 9\n",
            }
        )
    )
    assert (facts.prime, facts.lockdown, facts.gsp_firmware) == ("on-demand", "integrity", False)
    assert facts.parameters == ("nomodeset", "modprobe.blacklist=nvidia")
    assert facts.reboot_required == ("linux-base", "nvidia-driver-535")
    assert [(one.kind, one.module, one.seen.where) for one in facts.modprobe] == [
        ("blacklist", "nouveau", "/etc/modprobe.d/a.conf:1")
    ]
    assert [(one.bus_id, one.fatal, one.correctable) for one in facts.bus_errors] == [("0000:01:00.0", 3, 9)]
