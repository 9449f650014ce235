"""How what is private looks in text. Every expression is bounded: it takes linear time on whatever was recorded."""

from __future__ import annotations

import re

HIDDEN = "redacted"
NAME = r"[^\s/\\:;,\"'<>|&()*?\[\]{}$`=#!]+"
WINDOWS_NAME = r"[^\s/\\:;,\"'<>|*?](?:[^/\\:;,\"'<>|*?\n]{0,60}[^\s/\\:;,\"'<>|*?])?(?=[/\\])"
HOME = re.compile(
    rf"(?P<at>(?:/mnt/[a-z]|\b[A-Za-z]:)(?:/|\\{{1,2}})Users(?:/|\\{{1,2}}))(?P<windows>{WINDOWS_NAME}|{NAME})"
    rf"|(?P<parent>/(?:home|Users)/)(?P<name>{NAME})"
)
NOBODY = frozenset({"linuxbrew", "Public", "Default", "Default User", "All Users", "Shared", "..", ".", "...", "~"})

SYSTEM = frozenset(
    {
        "usr",
        "etc",
        "lib",
        "lib64",
        "bin",
        "sbin",
        "dev",
        "proc",
        "sys",
        "run",
        "boot",
        "var",
        "opt",
        "tmp",
        "srv",
        "root",
    }
)
"""Top directories whose subdirectories are nobody's, even where a service account calls one its home."""

UUID = re.compile(r"(?i)(?<![0-9A-Z])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9A-Z])")
PART_UUID = re.compile(r"(?<![0-9A-Za-z])(GPU|MIG)-([0-9a-fA-F]{4,8}(?:-[0-9a-fA-F]{1,12}){0,4})-?(?![0-9A-Za-z])")
PEM = re.compile(r"-----BEGIN ([A-Z ]{1,40})-----[^-]{0,20000}(?:-----END \1-----)?")
CREDENTIALS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,20}://)([^\s/@\"'<>]{1,300})@([\w.-]{0,253})")
URL_HOST = re.compile(
    r"(?i)\b((?:https?|ssh|git|ftp|nfs|tcp|socks5h?)://(?:redacted@)?)"
    r"((?:[\w-]{1,63}\.){1,8}(?:local|lan|internal|intranet|corp|home|localdomain|private)|[\w-]{1,63})(?=[:/\s\"']|$)"
)
CONDA_TOKEN = re.compile(r"(://[^\s/]{1,200}/t/)[^\s/\"']{6,200}(?=/)")
NAMED_SECRET = re.compile(
    r"(?i)(?<![A-Za-z0-9_.-])([\w.-]{0,60}(?:token|secret|passw(?:or)?d|passphrase|pwd(?=[\"'\s]*=)|api[_-]?key|access[_-]?key|"
    r"private[_-]?key|account[_-]?key|license[_-]?key|auth(?!or)|credential|cookie|signature)[\w.-]{0,40}[\"']?\s{0,3}"
    r"(?:[=:]|=>)\s{0,3})(?:(?:basic|bearer|token)\s+)?(\"[^\"\n]*\"?|'[^'\n]*'?|[^\s\"',;&<>)}\]]+)"
)
SECRET_OPTION = re.compile(
    r"(?i)(--?(?:token|secret|password|passwd|pass|api-?key|auth|access-key)[ \t]+)(?![-=:])(\S+)"
)
BEARER = re.compile(r"(?i)\b((?:authorization\s*:\s*)?(?:bearer|basic)\s+)([A-Za-z0-9._~+/-]{16,}=*)")
TOKEN_SHAPE = re.compile(
    r"(?<![A-Za-z0-9])(?:gh[opusr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|hf_[A-Za-z0-9]{16,}|sk-[A-Za-z0-9_-]{16,}|"
    r"glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{12,}|ASIA[0-9A-Z]{12,}|AIza[\w-]{30,}|nvapi-[\w-]{16,}|"
    r"pypi-[\w-]{30,}|npm_[A-Za-z0-9]{30,}|tk-[0-9a-f-]{20,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*)"
)
MAIL = re.compile(
    r"(?<![\w.+%-])(?<!://)[\w.+%-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}"
    r"(?!(?:service|socket|target|mount|scope|slice|timer|path|so|conf|device)\b)[A-Za-z]{2,24}(?![\w-])"
)
MAC = re.compile(
    r"(?i)(?<![0-9a-z:.-])[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}(?:(?:[0-9a-f]{2}\1){2}|(?:[0-9a-f]{2}\1){14})?"
    r"[0-9a-f]{2}(?![0-9a-z:-])"
)
IPV6 = re.compile(r"(?i)(?<![\w:.])(?:[0-9a-f]{1,4}:){1,7}(?:[0-9a-f]{1,4}|(?::[0-9a-f]{1,4}){1,7}|:)?(?![\w:])")
IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w+~])(?!\.\w)(?!-\d+(?![\d.]))")
DASHED_HOST = re.compile(r"(?<![\w-])ip-\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}(?![\w-])")
BEFORE_ADDRESS = re.compile(
    r"(?i)(?:://|@|(?:inet6?|addr\w*|ip|ipv4|ips|\w*host(?:s|name)?|gateway|gw|nameserver|dns|peer|src|dst|via|\w*server|"
    r"\w*proxy|route|from|to|client|remote|listen\w*|bind|endpoint|\w*_ADDR|\w*_IP|(?:eth|en[ops]|ib|bond|wl|br|docker)[\w.-]{0,12})"
    r"[\"'\s:=(\[]{0,4})$"
)
AFTER_ADDRESS = re.compile(r":\d{1,5}\b|/\d{1,2}(?![\w.])|<\d")
VERSIONED = re.compile(
    r"(?i)version|release|\bver\b|cuda|cudnn|cublas|cufft|curand|cusolver|cusparse|nccl|nvjit|nvtx|npp|tensorrt|torch|"
    r"nvidia|driver|firmware|bios|inforom|package|python|\bcu1\d|\blib\w|\bpy\d|conda|\.whl|\.so\b|gcc|build|==\d"
)
VERSION_FILE = re.compile(r"dist-info|egg-info|conda-meta|/dpkg/|/rpm/|version|METADATA|RECORD|\.so\b|/cuda|package")
SERIAL_XML = re.compile(r"<((?:\w*serial\w*|\w*guid|host_id|board_id|vm_id|vm_name|asset_tag))>([^<]{1,200})</")
SERIAL = re.compile(
    r"(?i)((?<![a-z])(?:serial(?:[ _-]?(?:number|no\.?|#))?|board id|host id|guid|vm id|asset tag)"
    r"[\"']?\s{0,60}[:=]\s{0,10}[\"']?)"
    r"((?=[\w-]{0,63}\d)[A-Za-z0-9][\w-]{2,63})"
)
PROCESS_OPTIONS = re.compile(r"(<process_name>[^<\n]{1,300}?)\s--?[^<\n]*(?=</process_name>)")
"""Of a command line that nvidia-smi prints, the program is enough."""
VM_NAME = re.compile(r"(?im)^([ \t]{0,60}VM Name[ \t]{0,60}:[ \t]{0,10})(\S[^\n\r]{0,200})")
NO_VALUE = re.compile(
    r"(?i)\[?(?:n/?a|not supported|unknown error|err!|none|not available|requested functionality.*)\]?|0+|0x0"
)
