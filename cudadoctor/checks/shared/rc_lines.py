"""Lines of rc files that set a variable, and what they do to it."""

from __future__ import annotations

from cudadoctor.checks.shared.machine import clean, seen
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.shell import RcElement, RcLine, ShellFacts
from cudadoctor.facts.subject import File

_LONGEST = 2000
# Images of NVIDIA name these for drivers that mount them there; elsewhere they are not there, and that is meant.
RUNTIME_DIRS = ("/usr/local/nvidia/",)


def setters(shell: ShellFacts | None, variable: str, part: str | None = None) -> tuple[Seen, ...]:
    """Evidence: the lines that set `variable`, with file and line; with `part`, only those in which it stands."""
    return tuple(seen(f"{line.file}:{line.line}", line.text) for line in lines(shell, variable, part))


def lines(shell: ShellFacts | None, variable: str, part: str | None = None) -> tuple[RcLine, ...]:
    """The lines that set `variable`; with `part`, only those in which it stands."""
    return tuple(
        line
        for line in (shell.rc_lines if shell is not None else ())
        if line.variable == variable and (part is None or part in line.text)
    )


def read_lines(shell: ShellFacts, *variables: str) -> tuple[RcLine, ...]:
    """Those lines that the user's shell reads whatever happens, in its order; none where that is not known.

    Lines under a condition are left out: what they do may depend on anything, a guard against growth included.
    """
    order = {path: number for number, path in enumerate(shell.read_files or ())}
    chosen = [
        line for line in shell.rc_lines if line.file in order and line.variable in variables and not line.conditional
    ]
    return tuple(sorted(chosen, key=lambda line: (order[line.file], line.line)))


def adds(line: RcLine) -> tuple[RcElement, ...]:
    """The CUDA directories that a line puts on a search path."""
    return tuple(element for element in (line.effect.adds if line.effect else ()) if is_cuda(element))


def is_cuda(element: RcElement) -> bool:
    """It names a directory of CUDA, or one was meant."""
    text = element.text.lower()
    if f"{text}/".startswith(RUNTIME_DIRS):
        return False
    return element.suggestion is not None or any(word in text for word in ("cuda", "nvidia", "cupti"))


def meant(element: RcElement) -> str:
    """The directory that was meant, without a slash at its end."""
    return (element.suggestion or element.text).rstrip("/")


def subject(line: RcLine) -> str:
    """`file:/path:12`."""
    return str(File(clean(line.file), line.line))


def evidence(line: RcLine) -> tuple[Seen, ...]:
    """The line, and what to write instead, where that can be said."""
    new = correction(line)
    where = f"{line.file}:{line.line}"
    if new is None:
        return (seen(where, line.text),)
    return (seen(where, line.text), Seen(where=clean(f"{where}, corrected"), text=new))


def correction(line: RcLine) -> str | None:
    """What to write instead of the line, where it can be printed: one that was cut or cleaned would be another line."""
    new = corrected(line)
    return new if new is not None and new == clean(new, _LONGEST) else None


def corrected(line: RcLine) -> str | None:
    """The line without its faults, in the language of sh, bash and zsh; None for others, and where it is not certain.

    What was mistyped is what was meant, every directory stands once, stubs are out, the old value comes with its
    divider only where there is one, and the line adds nothing where its first directory is in the variable already.
    """
    effect = line.effect
    if effect is None or effect.unknown or not _reads_as_sh(line.file) or line.text.count("=") > 1:
        return None
    directories = [one for one in dict.fromkeys(map(meant, effect.adds)) if not one.endswith("/stubs")]
    name, value = line.variable, ":".join(directories)
    if not directories or any(letter in value for letter in "\"'\\`$\n !"):
        return None
    if not effect.keeps:
        return f'export {name}="{value}"'
    last = line.value.startswith((f"${name}", f"${{{name}"))
    new = f"${{{name}:+${name}:}}{value}" if last else f"{value}${{{name}:+:${name}}}"
    return f'case ":${{{name}-}}:" in *":{directories[0]}:"*) ;; *) export {name}="{new}" ;; esac'


def _reads_as_sh(file: str) -> bool:
    name = file.rpartition("/")[2]
    return not (
        name.endswith((".fish", ".csh", ".conf"))
        or name in (".cshrc", ".tcshrc", ".login", ".pam_environment", "environment", "csh.cshrc", "csh.login")
    )
