"""What people say in their own words, where no program has a message for it."""

from __future__ import annotations

from cudadoctor.intake.symptoms.row import Row

_SLEEP = "https://download.nvidia.com/XFree86/Linux-x86_64/580.65.06/README/powermanagement.html"
_MIG = "https://docs.nvidia.com/datacenter/tesla/mig-user-guide/"
_WSL = "https://docs.nvidia.com/cuda/wsl-user-guide/"

_ASLEEP = r"(?:suspen(?:d|sion)|resum(?:e|ing)|sleep|hibernat(?:e|ion|ing)|standby|wak(?:e|ing)(?: ?up)?)"
_AFTER = rf"\b(?:after|from|since|upon|following) (?:[\w-]{{1,12}} ){{0,4}}{_ASLEEP}\w{{0,5}}\b"
_LOST = (
    r"\b(?:stop(?:s|ped)? (?:working|functioning)|(?:fails?|failed) to (?:init\w{0,10}|start|load|work)|"
    r"(?:is |becomes? |became )?(?:broken|unavailable)|breaks?|no longer (?:work\w{0,4}|available|found|detected)|"
    r"(?:is |are )?not (?:available|found|detected|work\w{0,4}|recogni[sz]ed)|(?:doesn.?t|don.?t) work)\b"
)

_NODES = "https://download.nvidia.com/XFree86/Linux-x86_64/580.65.06/README/faq.html"
_AS_ROOT = (
    r"\b(?:only works?|works?(?: fine)? only|runs? only|only runs?) (?:\w{1,10} ){0,2}(?:with |as |under |for )?"
    r"(?:sudo|root)\b"
    r"|\bworks? (?:\w{1,10} ){0,2}(?:with sudo|as root|for root)\b[^\n.]{0,60}\b(?:not|fails?|but)\b"
)

ROWS = (
    *(
        Row(
            kind="cuda-lost-after-sleep",
            word=word,
            pattern=rf"\bCUDA\b[^\n.]{{0,80}}{_LOST}[^\n.]{{0,60}}{_AFTER}|{_AFTER}[^\n.]{{0,60}}\bCUDA\b[^\n.]{{0,80}}{_LOST}",
            says="CUDA worked before the machine slept, and not after",
            source=_SLEEP,
        )
        for word in ("suspen", "resum", "sleep", "hibernat", "standby", "wak")
    ),
    *(
        Row(
            kind="gpu-lost-after-sleep",
            word=word,
            pattern=rf"{_AFTER}[^\n.]{{0,60}}\bGPU\b[^\n.]{{0,80}}{_LOST}|\bGPU\b[^\n.]{{0,80}}{_LOST}[^\n.]{{0,60}}{_AFTER}",
            says="programs used the GPU before the machine slept, and not after",
            source=_SLEEP,
        )
        for word in ("suspen", "resum", "sleep", "hibernat", "standby", "wak")
    ),
    Row(
        kind="smi-works-said",
        word="nvidia-smi",
        pattern=r"nvidia-smi[`\"\u2019')]{0,2} (?:\w{1,10} ){0,3}"
        r"(?:works?|working|runs? (?:fine|ok|well|successfully)|normal(?:ly)?|fine|ok)\b(?! not)",
        says="nvidia-smi works, says the text",
        source="https://docs.nvidia.com/deploy/nvidia-smi/",
    ),
    Row(
        kind="works-as-root-only",
        word="root",
        pattern=_AS_ROOT,
        says="it works for root, and not for another user",
        source=_NODES,
    ),
    Row(
        kind="works-as-root-only",
        word="sudo",
        pattern=_AS_ROOT,
        says="it works for root, and not for another user",
        source=_NODES,
    ),
    Row(
        kind="nvidia-device-refused",
        word="nvidia",
        pattern=r"\b(?:cannot|can.?t|could ?n.?t|could not|may not|not allowed to) (?:access|open|use|see) "
        r"(?:the |any )?"
        r"(?:nvidia|GPU)s?(?: devices?| nodes?)?\b|/dev/nvidia\w{0,12}['\"]?:? (?:Permission denied|EACCES)",
        says="a user may not open the driver's device nodes",
        source=_NODES,
    ),
    Row(
        kind="device-file-mode",
        word="nvreg_devicefilemode",
        pattern=r"NVreg_DeviceFileMode=0?[0-7]{2}[0145]\b",
        says="the driver makes its device nodes for one group only",
        source=_NODES,
    ),
    Row(
        kind="mig-named",
        word="mig",
        pattern=r"(?<![\w-])MIG(?: (?:devices?|instances?|mode|slices?|partitions?)|-\dg\.\d|[\s.,]|$)",
        says="the text speaks of MIG, by which a GPU is divided",
        source=_MIG,
    ),
    Row(
        kind="one-device-said",
        word="device_count()",
        pattern=r"device_count\(\)[`\s]{0,3}(?:(?:\w{1,10} ){0,3}only |"
        r"(?:is|returns|gives|shows|reports|==?) )(?:\w{1,10} ){0,2}(?:one|1)\b",
        says="torch counts one device where more are expected",
        source=_MIG,
    ),
    Row(
        kind="smi-tcc-mode",
        word="tcc ",
        pattern=r"^\|\s{1,4}\d{1,2}\s{1,4}[\w .()-]{3,40}\sTCC\s{1,4}\|",
        says="Windows runs the GPU in TCC mode",
        source=_WSL,
    ),
)
