"""What the operating system is: uname, os-release, lsb_release, hostnamectl, /proc/version, Windows' own words."""

from __future__ import annotations

import re

from cudadoctor.intake.draft import Draft
from cudadoctor.intake.lazy import Lazy
from cudadoctor.parsers import os_release, proc_version

_UNAME = Lazy(
    r"\bLinux [\w.-]{1,64} (?P<kernel>\d\.\d{1,3}\.\d{1,3}\S{0,80}) .{0,160}?\b(?P<arch>x86_64"
    r"|aarch64|ppc64le|armv7l)\b",
    words="linux",
)
_PROC = Lazy(r"\bLinux version (?P<kernel>\d\.\d{1,3}\.\d{1,3}\S{0,80})", words="linux version")
_KERNEL = Lazy(
    r"\bKernel(?: [Vv]ersion)?:\s{0,8}(?:Linux )?(?P<kernel>\d\.\d{1,3}\.\d{1,3}[\w.+-]{0,80})", words="kernel"
)
_BARE_KERNEL = Lazy(r"\s*(?P<kernel>\d\.\d{1,3}\.\d{1,3}-[\w.+-]{1,80})\s*\Z")
_WORDS = Lazy(
    r"(?<![\w/:.-])(?P<name>Ubuntu|Debian(?: GNU/Linux)?|Fedora(?: Linux)?|CentOS(?: Linux| Stream)?|"
    r"Red Hat Enterprise Linux(?: Server)?|RHEL|Rocky Linux|AlmaLinux|Arch Linux|Manjaro"
    r"(?: Linux)?|openSUSE(?: Leap| Tumbleweed)?|"
    r"Pop!_OS|Linux Mint|Amazon Linux|NixOS|Gentoo|Void)"
    r"(?:,? ?(?:release )?(?P<version>\d{1,2}(?:\.\d{1,2})?)(?:\.\d{1,2})?)?(?![\w.]*-)",
    re.IGNORECASE,
)
_IDS = {
    "ubuntu": "ubuntu", "debian": "debian", "debian gnu/linux": "debian", "fedora": "fedora", "fedora linux": "fedora",
    "centos": "centos", "centos linux": "centos", "centos stream": "centos", "red hat enterprise linux": "rhel",
    "red hat enterprise linux server": "rhel", "rhel": "rhel", "rocky linux": "rocky", "almalinux": "almalinux",
    "arch linux": "arch", "manjaro": "manjaro", "manjaro linux": "manjaro", "opensuse": "opensuse",
    "opensuse leap": "opensuse-leap", "opensuse tumbleweed": "opensuse-tumbleweed", "pop!_os": "pop",
    "linux mint": "linuxmint", "amazon linux": "amzn", "nixos": "nixos", "gentoo": "gentoo", "void": "void",
}  # fmt: skip
_WINDOWS = Lazy(
    r"\bMicrosoft Windows \[Version|\bMicrosoft Windows (?:1[01]|Server)|\bWindows "
    r"(?:10|11)\b|Windows-1[01]-|^OS: +(?:Microsoft )?Windows",
    re.IGNORECASE | re.MULTILINE,
    words="windows",
)
_WINDOWS_BUILD = Lazy(r"\[Version 10\.0\.(\d{5})|Windows-1[01]-10\.0\.(\d{5})")
_MAC = Lazy(
    r"^OS: +(?:macOS|Mac OSX)|\bmacOS (?:1[1-9]|2\d|Big Sur|Monterey|Ventura|Sonoma"
    r"|Sequoia|Tahoe)\b|macOS-1[1-9]|\bApple M[1-9]\b|\bMac(?:Book)? ?(?:Pro|Air|mini|Studio)?,? \(?M[1-9]\b"
    r"|\bDarwin Kernel Version|[\s\"'(`]/Users/[^/\s]{1,40}/\S{0,200}python3?[./]|-darwin\.so\b|\bosx-(?:64|arm64)\b"
    r"|/opt/homebrew/|\b(?:MacBook|iMac|Mac ?mini|Mac Studio)\b",
    re.IGNORECASE | re.MULTILINE,
    words="mac|apple|darwin|/users/|osx-|homebrew",
)
_WSL = Lazy(r"\bWSL ?[12]?\b|Windows Subsystem for Linux", re.IGNORECASE, words="wsl|subsystem")
_WSL2 = Lazy(r"\bWSL ?2\b", re.IGNORECASE)
_WSL2_FROM = 19041
"""The first Windows build with WSL 2 for all (https://learn.microsoft.com/windows/wsl/install-manual, 2026-11-25)."""
_LDD = Lazy(r"\bldd \([^()\n]{0,60}(?:\([^()\n]{0,60}\)[^()\n]{0,60})?\) (\d\.\d{1,3})\b", words="ldd (")
_SECURE = Lazy(
    r"^\s*SecureBoot (enabled|disabled)\b|\bSecure ?Boot: {0,9}(enabled|disabled)\b",
    re.MULTILINE | re.IGNORECASE,
    words="secure",
)
_JETSON = Lazy(
    r"\b(?:NVIDIA )?Jetson (?:AGX )?(?:Nano|TX1|TX2|Xavier|Orin|Thor)(?: NX| Nano| AGX)?\b"
    r"|\bR3[2-9] \(release\), REVISION|-tegra\b",
    re.IGNORECASE,
    words="jetson|tegra|revision",
)
_CONTAINER_PROMPT = Lazy(
    r"^[ \t]{0,4}(?:\([\w.-]{1,40}\) ?)?\[?[\w.-]{1,32}@(?=[a-f]{0,11}\d)[0-9a-f]{4,12}(?::/| )", re.MULTILINE
)
_OTHER_PROMPT = Lazy(
    r"^[ \t]{0,4}(?:\([\w.-]{1,40}\) ?)?\[?[\w.-]{1,32}@(?!(?=[a-f]{0,11}\d)[0-9a-f]{4,12}[: ])"
    r"[A-Za-z][\w.-]{0,63}(?::| ~)",
    re.MULTILINE,
)


def recognise(draft: Draft) -> None:
    """Kernel, distribution, architecture, WSL, libc, Secure Boot, Jetson, container."""
    text = draft.paste.text
    for pattern in (_UNAME, _PROC, _KERNEL):
        if match := pattern.search(text, draft.paste.lowered):
            draft.put(draft.os, "kernel", match["kernel"])
            draft.put(draft.os, "arch", match.groupdict().get("arch"))
    _after_commands(draft)
    _distribution(draft)
    if match := _LDD.search(text, draft.paste.lowered):
        draft.put(draft.os, "glibc", match.group(1))
    if match := _SECURE.search(text, draft.paste.lowered):
        draft.put(draft.os, "secure_boot", (match.group(1) or match.group(2)).lower() == "enabled")
    if match := _JETSON.search(text, draft.paste.lowered):
        draft.put(draft.os, "jetson", "Jetson" if match.group().startswith(("-", "R3")) else match.group())
        draft.put(draft.os, "arch", "aarch64")
    kernel = draft.os.get("kernel", "").lower()
    if "microsoft" in kernel:
        draft.put(draft.os, "wsl", 1 if kernel.startswith(("4.4.", "3.4.")) else 2)
    elif "kernel" not in draft.os and _WSL.search(text, draft.paste.lowered):
        build = _WINDOWS_BUILD.search(text, draft.paste.lowered)
        number = int(next(one for one in build.groups() if one)) if build else None
        if number is not None and number < _WSL2_FROM:
            draft.put(draft.os, "wsl", 1)
        elif _WSL2.search(text):
            draft.put(draft.os, "wsl", 2)
    _other_systems(draft)
    if (found := proc_version.parse(text)) is not None and "NVRM version" in text:
        draft.put(draft.driver, "loaded", value=True)
        draft.put(draft.driver, "version", found.version)
        draft.put(draft.driver, "module", found.module)
        draft.put(draft.driver, "seen", draft.paste.seen(draft.paste.first("nvrm version")))
    if _CONTAINER_PROMPT.search(text, draft.paste.lowered) and not _OTHER_PROMPT.search(text, draft.paste.lowered):
        draft.put(draft.os, "container", "docker")


def put_os_words(draft: Draft, text: str) -> None:
    """`Ubuntu 22.04.3 LTS (x86_64)`, as collect_env, lsb_release and people write it."""
    match = _WORDS.search(text[:400])
    if match and (name := _IDS.get(" ".join(match["name"].lower().split()))):
        draft.put(draft.os, "id", name)
        draft.put(draft.os, "version_id", match["version"])
        draft.put(draft.os, "pretty_name", text.strip()[:80] if len(text) < 120 else None)
    for arch in ("x86_64", "aarch64", "ppc64le"):
        if arch in text[:400]:
            draft.put(draft.os, "arch", arch)


def _after_commands(draft: Draft) -> None:
    """`uname -r` and `uname -m` print one word."""
    texts = draft.paste.texts
    for index in draft.paste.having("uname -", most=20):
        following = texts[index + 1] if index + 1 < len(texts) else ""
        if match := _BARE_KERNEL.match(following):
            draft.put(draft.os, "kernel", match["kernel"])
        elif following.strip() in ("x86_64", "aarch64", "ppc64le"):
            draft.put(draft.os, "arch", following.strip())


def _distribution(draft: Draft) -> None:
    """os-release where it stands; else the words of lsb_release and hostnamectl; else anybody's words."""
    paste = draft.paste
    if "version_id=" in paste.lowered or "pretty_name=" in paste.lowered:
        at = paste.first("pretty_name=", "version_id=")
        words = os_release.parse("\n".join(paste.texts[max(0, at - 12) : at + 16]))
        draft.put(draft.os, "id", words.get("ID", "").lower())
        draft.put(draft.os, "version_id", words.get("VERSION_ID"))
        draft.put(draft.os, "pretty_name", words.get("PRETTY_NAME"))
        if words.get("ID_LIKE"):
            draft.put(draft.os, "id_like", tuple(words["ID_LIKE"].lower().split()))
    for word in ("description:", "operating system:", "os:", "distribution:", "os version:"):
        for index in paste.having(word, most=4):
            line = paste.texts[index]
            at = line.lower().find(word)
            if at < 12:
                put_os_words(draft, line[at + len(word) :])
    if "id" not in draft.os:
        names = {
            (match["name"].lower(), match["version"])
            for match in _WORDS.finditer(paste.text[:200_000])
            if match["version"]
        }
        if len(names) == 1:
            name, version = names.pop()
            draft.put(draft.os, "id", _IDS.get(" ".join(name.split())))
            draft.put(draft.os, "version_id", version)


def _other_systems(draft: Draft) -> None:
    text = draft.paste.text
    wsl = "wsl" in draft.paste.lowered or draft.os.get("wsl")
    if (
        (match := _WINDOWS.search(text, draft.paste.lowered))
        and not wsl
        and "id" not in draft.os
        and "kernel" not in draft.os
    ):
        draft.put(draft.os, "id", "windows")
        build = _WINDOWS_BUILD.search(text, draft.paste.lowered)
        draft.put(draft.os, "version_id", next((one for one in build.groups() if one), None) if build else None)
    elif (match := _MAC.search(text, draft.paste.lowered)) and "kernel" not in draft.os and "id" not in draft.os:
        draft.put(draft.os, "id", "macos")
        draft.no_gpu = draft.no_gpu or draft.paste.seen(text.count("\n", 0, match.start()))
