"""Paths that are refused, and the file for each shell and session."""

from __future__ import annotations

import pytest

from cudadoctor.errors import CudaDoctorError
from cudadoctor.shells import api, dialects, place
from cudadoctor.shells.paths import UnusablePath, usable_root, wanted


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/a:b", "`:`"),
        ("/a;b", "`;`"),
        ("/a\nb", "line break"),
        ("/a\tb", "U+0009"),
        ("/a\x1b[2Jb", "U+001B"),
        ("/a\x7f", "U+007F"),
        ("/a\x85", "U+0085"),
        ("/a\u202eb", "U+202E"),
        ("/a\u2028b", "U+2028"),
        ("/a\udcffb", "UTF-8"),
        ("usr/local/cuda", "absolute"),
        ("~/cuda", "absolute"),
        ("", "absolute"),
        ("/", "root of the file system"),
        ("//", "root of the file system"),
    ],
)
def test_refused_with_the_reason(path: str, word: str) -> None:
    with pytest.raises(UnusablePath, match="cannot be used") as refused:
        usable_root(path)
    assert word in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("path", ["/opt/$ORIGIN/x", "/opt/${LIB}", "/opt/$PLATFORMS"])
def test_what_the_loader_would_replace_is_refused_for_it_alone(path: str) -> None:
    assert wanted(path).root == path
    with pytest.raises(UnusablePath):
        wanted(path, ld_library_path=True)


def test_slashes() -> None:
    assert usable_root("//usr//local/cuda/") == "/usr/local/cuda"


HOME = place.Home.of({}, "/home/u")


@pytest.mark.parametrize(
    ("shell", "session", "existing", "path"),
    [
        ("bash", "interactive", (), ".bashrc"),
        ("bash", "all", (".profile",), ".bashrc"),
        ("bash", "login", (), ".profile"),
        ("bash", "login", (".profile", ".bash_login"), ".bash_login"),
        ("bash", "login", (".profile", ".bash_login", ".bash_profile"), ".bash_profile"),
        ("zsh", "interactive", (), ".zshrc"),
        ("zsh", "login", (), ".zprofile"),
        ("zsh", "all", (), ".zshenv"),
        ("sh", "interactive", (), ".profile"),
        ("fish", "interactive", (), ".config/fish/conf.d/cudadoctor.fish"),
        ("tcsh", "interactive", (), ".tcshrc"),
        ("tcsh", "interactive", (".cshrc",), ".cshrc"),
        ("tcsh", "interactive", (".cshrc", ".tcshrc"), ".tcshrc"),
        ("tcsh", "login", (), ".login"),
    ],
)
def test_place(shell: dialects.Shell, session: place.Session, existing: tuple[str, ...], path: str) -> None:
    found = place.place(shell, session, HOME, {f"/home/u/{name}" for name in existing})
    assert found.path == f"/home/u/{path}"
    assert found.path in place.candidates(shell, HOME)
    assert found.path in place.every_candidate(HOME)


def test_places_follow_the_variables() -> None:
    home = place.Home.of({"ZDOTDIR": "/z", "XDG_CONFIG_HOME": "/c"}, "/home/u")
    assert place.place("zsh", "interactive", home, ()).path == "/z/.zshrc"
    assert place.place("fish", "all", home, ()).path == "/c/fish/conf.d/cudadoctor.fish"
    assert place.Home.of({"ZDOTDIR": "z", "XDG_CONFIG_HOME": ""}, "/home/u") == HOME


@pytest.mark.parametrize(
    ("name", "shell"),
    [("bash", "bash"), ("/usr/bin/zsh", "zsh"), ("-bash", "bash"), ("dash", "sh"), ("mksh", "sh"), ("csh", "tcsh")],
)
def test_names_of_shells(name: str, shell: str) -> None:
    assert dialects.shell_named(name) == shell


def test_an_unknown_shell_is_refused_with_the_choice() -> None:
    with pytest.raises(CudaDoctorError, match="bash, zsh, sh, fish, tcsh"):
        dialects.shell_named("nu")


def test_set_up_lines() -> None:
    assert "setenv CUDA_HOME '/usr/local/cuda'" in "\n".join(api.set_up_lines("tcsh", "/usr/local/cuda"))
    assert api.set_up_lines("nu", "/usr/local/cuda") == api.set_up_lines(None, "/usr/local/cuda")
    assert api.set_up_lines("bash", "/a:b") == ()
