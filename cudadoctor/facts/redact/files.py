"""What of a file, or of a program's output, may be kept at all: decided by its name."""

from __future__ import annotations

import re
from collections.abc import Callable

from cudadoctor.facts.redact.patterns import HIDDEN
from cudadoctor.facts.redact.text import Redactor
from cudadoctor.facts.redact.words import KERNEL_LOG, KERNEL_PARAMETER, RELEVANT, keeps_variable

_RC_NAMES = re.compile(
    r"(?:\.?(?:bashrc|bash_profile|bash_login|bash_logout|bash_aliases|bash\.bashrc|profile|zshrc|zshenv|zprofile|zlogin|"
    r"kshrc|mkshrc|cshrc|tcshrc|csh\.cshrc|csh\.login|login|envrc|env|pam_environment|xprofile|xsessionrc|xinitrc|rc|"
    r"environment|aliases|exports)|config\.fish|config\.nu|[\w.+-]*\.(?:sh|bash|zsh|csh|tcsh|fish|ksh|env))(?:\.local)?"
)
_RC_FOLDERS = re.compile(r"/(?:profile\.d|conf\.d|environment\.d|\w*rc\.d|env_vars\.d|bash_completion\.d|activate\.d)/")
_NOT_RC = re.compile(
    r"/(?:site-packages|dist-packages|modprobe\.d|ld\.so\.conf\.d|conda-meta|fonts/conf\.d)/|^/(?:proc|sys)/"
)
_SECRET_FILES = re.compile(
    r"(?:^|/)(?:[._]netrc|\.git-credentials|\.pypirc|\.pgpass|credentials|shadow|gshadow|id_\w+|authorized_keys|"
    r"known_hosts|\.ssh/.*|\.aws/.*|\.gnupg/.*|\.kube/config|\.docker/config\.json|\.huggingface/token)$"
)
_NUMBERED_FILES = re.compile(
    r"^/sys/(?:class|devices)/.*(?:serial|uuid|asset_tag)|/machine-id$|/(?:device-tree|devicetree/base)/serial-number$|"
    r"^/proc/sys/kernel/random/|/infiniband/.*guid$"
)
_HOST_FILES = re.compile(r"^(?:/etc/hostname|/etc/mailname|/etc/HOSTNAME|/proc/sys/kernel/(?:hostname|domainname))$")
_MOUNT_FILES = re.compile(r"^/proc/(?:\w+/)?mount\w*$|^/etc/(?:fstab|mtab)$")
_PRINTS_ENV = re.compile(r"(?:^|[;&|\s])(?:env(?: -0)?|printenv(?: -0)?|export -p|declare -p?x|set)\s*$")
_WORDS = (
    r"if|then|else|elif|fi|case|esac|for|foreach|while|until|do|done|function|select|end|endif|endsw|switch|breaksw|begin|"
    r"default:|return|exit|\}|\{|\)|;;&?|;&"
)
_STRUCTURE = re.compile(rf"\s*(?:{_WORDS})(?=[\s;]|$)")
_FUNCTION = re.compile(r"\s*[\w.:-]+\s*\(\)\s*\{?|\s*function\s")
_CASE_PATTERN = re.compile(r"\s*\(?([^()\s#|]+(?:\s*\|\s*[^()\s#|]+)*)\)")
_PUBLIC_PATTERN = re.compile(
    r"\*|\*?i\*?|(?:xterm|screen|tmux|rxvt|linux|Linux|Darwin|dumb)[-\w*]{0,12}|x86_64|aarch64|yes|no|true|false|\d"
)
_PUBLIC_WORD = re.compile(
    r"if|elif|while|case|switch|\[{1,2}|\]{1,2}|test|!|in|then|do|fi|esac|else|&&|\|\||-[a-z]{1,4}|=~?|==|!=|\(?\*i?\*?\)|"
    r"\"?\$\{?(?:-|PS1|#|\?|SHLVL|SSH_\w{1,20}|TERM|BASH\w{0,10}|ZSH_VERSION|prompt|HOME|DISPLAY|0|1)\}?\"?|"
    r"\"?\$\{(?:PS1|BASH_VERSION|debian_chroot):?[-+]\w?\}\"?|return|exit|\d|status|(?:--)?is-interactive|(?:--)?is-login|"
    r"interactive|\*i\*|\"\"|''|\{|\}|[\"']?(?:~|\$HOME|/etc)/\.?(?:bashrc|profile|bash_aliases|bash\.bashrc)[\"']?"
)
_SOURCE = re.compile(r"(?:^|[;&|{]|\bthen\b|\bdo\b)\s{0,20}(?:source|\.)\s{1,20}\S")
_MARKER = re.compile(r"\s*#\s*(?:>>>|<<<|!!)")


def reduce_file(text: str, path: str, redactor: Redactor) -> str:
    """What may be kept of the file `path`; the number of its lines stays where it is a start-up file."""
    for place, reduce in _BY_PATH:
        if place.search(path):
            return reduce(text, redactor)
    if _RC_NAMES.fullmatch(path.rpartition("/")[2]) or _RC_FOLDERS.search(path):
        return reduce_script(text)
    return text


def _host_names(text: str, redactor: Redactor) -> str:
    return "\n".join(redactor.host(line) for line in text.split("\n"))


def _kernel_parameters(text: str, _: Redactor) -> str:
    return " ".join(_parameter(word) for word in text.split(" "))


def _mounts(text: str, redactor: Redactor) -> str:
    """The servers of network file systems: `server:/export`."""

    def server(found: re.Match[str]) -> str:
        return f"{found[1]}{found[2] if found[2] == 'localhost' else redactor.hosts.of(found[2])}:"

    return _containers(re.sub(r"(?m)(^|\s)(\[[0-9a-fA-F:]+\]|[\w.-]+):(?=/)", server, text), redactor)


def _apt_history(text: str, _: Redactor) -> str:
    """Who asked for a change (`Requested-By: name (1000)`) and with which words is nobody's business."""
    text = re.sub(r"(?m)^Requested-By:[^\n]*\n?", "", text)
    return re.sub(r"(?m)^(Commandline: \S{1,200})[^\n]*", r"\1", text)


def _environ(text: str, _: Redactor) -> str:
    return "\0".join(kept for part in text.split("\0") if (kept := _variable(part)))


def _containers(text: str, redactor: Redactor) -> str:
    found = r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])"
    return re.sub(found, lambda number: redactor.containers.of(number[0]), text)


_BY_PATH: tuple[tuple[re.Pattern[str], Callable[[str, Redactor], str]], ...] = (
    (_SECRET_FILES, lambda _text, _redactor: ""),
    (_HOST_FILES, _host_names),
    (_NUMBERED_FILES, lambda text, redactor: redactor.serial(text)),
    (re.compile(r"^/proc/cmdline$"), _kernel_parameters),
    (re.compile(r"^/var/log/kern\.log"), lambda text, _: _kernel_log(text)),
    (_MOUNT_FILES, _mounts),
    (re.compile(r"^/proc/[^/]+/environ$"), _environ),
    (re.compile(r"^/proc/"), _containers),
    (re.compile(r"^/var/log/apt/history\.log"), _apt_history),
    (_NOT_RC, lambda text, _: text),
)
"""What to do with a file, by its path; the first that matches counts."""


def _kernel_log(text: str) -> str:
    """The lines of a kernel log that speak of NVIDIA's driver, of a start or of a suspend: the rest is left out."""
    return "".join(line for line in text.splitlines(keepends=True) if KERNEL_LOG.search(line))


def reduce_output(text: str, argv: list[str], redactor: Redactor) -> str:
    """What may be kept of the output of a command."""
    program, arguments = argv[0].rpartition("/")[2], argv[1:]
    # `env NAME=value program` prints what the program prints.
    alone = program in {"env", "printenv"} and all(word.startswith("-") or "=" in word for word in arguments)
    if alone or any(_PRINTS_ENV.search(word) for word in arguments):
        separator = "\0" if "\0" in text else "\n"
        text = separator.join(_variable(part) for part in text.split(separator))
    if program in {"dmesg", "journalctl"}:
        return _kernel_log(text)
    fields = next((word.partition("=")[2] for word in argv if re.match(r"--query-[\w-]+=", word)), "")
    return _table(text, fields, redactor)


def reduce_script(text: str) -> str:
    """A start-up file with only the lines that matter; all others are empty, so that line numbers hold."""
    lines = text.split("\n")
    kept = []
    index = 0
    ends: set[str] = set()
    while index < len(lines):
        last = index
        while lines[last].endswith("\\") and last + 1 < len(lines) and last - index < 50:
            last += 1
        group = lines[index : last + 1]
        if any(_matters(line) for line in group):
            kept += [_without_comment(line) for line in group]
            ends.update(re.findall(r"<<-?\s*[\"']?(\w+)", " ".join(group)))
        else:
            kept += [line if line.strip() in ends and line.strip() else _skeleton(line) for line in group]
        index = last + 1
    return "\n".join(kept)


def _matters(line: str) -> bool:
    return not line.lstrip().startswith("#") and bool(RELEVANT.search(line) or _SOURCE.search(line))


def _skeleton(line: str) -> str:
    """A line that does not matter, reduced to what holds the file together."""
    if _MARKER.match(line):
        return line if RELEVANT.search(line) else ""
    if line.lstrip().startswith("#"):
        return ""
    words = [word for word in re.split(r"[\s;]+", line) if word]
    if words and all(_PUBLIC_WORD.fullmatch(word) for word in words):
        return line
    indent = line[: len(line) - len(line.lstrip())]
    if _FUNCTION.match(line):
        return indent + (
            "f() {" if "{" in line and "}" not in line.rpartition("{")[2] else "f()" if "{" not in line else ""
        )
    if _STRUCTURE.match(line):
        return indent + _condition(line.strip())
    pattern = _CASE_PATTERN.match(line)
    if pattern:
        public = all(_PUBLIC_PATTERN.fullmatch(part.strip()) for part in pattern[1].split("|"))
        label = pattern[1] if public else "x"
        return f"{indent}{label}){' ;;' if line.rstrip().endswith(';;') else ''}"
    return f"{indent};;" if line.rstrip().endswith(";;") else ""


def _condition(line: str) -> str:
    """`if …; then`, with nothing in between that says anything."""
    word, _, rest = line.partition(" ")
    word = word.rstrip(";")
    if word in {"if", "elif", "while", "until", "for", "foreach", "select", "switch", "case"}:
        subject = {"for": "x in x", "foreach": "x (x)", "select": "x in x", "case": "x in", "switch": "(x)"}.get(
            word, "false"
        )
        closing = re.search(r"(?:;|\s)\s*(then|do)\b", rest)
        ended = re.search(r"[;\s](fi|done|esac|end)\s*;?$", rest)
        return f"{word} {subject}" + (f"; {closing[1]}" if closing else "") + (f" :; {ended[1]}" if ended else "")
    if word == "else" and rest.startswith("if"):
        return f"else {_condition(rest)}"
    if word in {"return", "exit"}:
        return word if not re.match(r"\d+\s*$", rest) else f"{word} {rest.strip()}"
    tail = re.search(r"\b(fi|done|esac|end)\s*;?$", rest)
    return f"{word} :; {tail[1]}" if tail else word


def _without_comment(line: str) -> str:
    return re.sub(r"\s#[^\"'`]*$", "", line).rstrip()


def _parameter(word: str) -> str:
    name, equals, value = word.partition("=")
    if not equals or KERNEL_PARAMETER.match(name) or value.strip() == HIDDEN:
        return word
    return f"{name}={HIDDEN}" + ("\n" if word.endswith("\n") else "")


def _server(name: str, redactor: Redactor) -> str:
    return name if name == "localhost" else redactor.hosts.of(name)


def _variable(line: str) -> str:
    """The line of an environment where its variable may be kept, else nothing."""
    name = re.match(r"(?:declare -\w+ |export |set -\w+ )?([A-Za-z_]\w*)=", line)
    return line if name and keeps_variable(name[1]) else ""


def _table(text: str, fields: str, redactor: Redactor) -> str:
    """A table of nvidia-smi's `--format=csv` without serial numbers."""
    lines = text.split("\n")
    header = fields.split(",") if fields else lines[0].split(", ")
    private = [
        index for index, name in enumerate(header) if re.match(r"(?i)\s*(?:\w+[._])*(?:serial|board_id)\b", name)
    ]
    if not private or (len(header) < 2 and not fields):
        return text
    for number, line in enumerate(lines):
        cells = line.split(",")
        if len(cells) == len(header) and (cells[0].strip() != header[0].strip() or number):
            for index in private:
                if not re.match(r"(?i)\s*\w*serial", cells[index]):
                    cells[index] = redactor.serial(cells[index], header[index])
            lines[number] = ",".join(cells)
    return "\n".join(lines)
