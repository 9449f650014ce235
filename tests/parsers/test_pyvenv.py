"""pyvenv.cfg as venv, virtualenv and uv write it."""

from __future__ import annotations

from cudadoctor.parsers.pyvenv import PyvenvCfg, parse


def test_venv() -> None:
    text = "home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11.7\nexecutable = /usr/bin/python3.11\n"
    assert parse(text) == PyvenvCfg(home="/usr/bin", version="3.11.7")


def test_virtualenv() -> None:
    text = "home = /usr\nimplementation = CPython\nversion_info = 3.8.10.final.0\ninclude-system-site-packages = True\n"
    assert parse(text) == PyvenvCfg(home="/usr", version="3.8.10", system_site_packages=True)


def test_uv() -> None:
    assert parse("home = /x/bin\nuv = 0.9.1\nversion_info = 3.12.1\n") == PyvenvCfg(
        home="/x/bin", version="3.12.1", uv=True
    )


def test_anything_else() -> None:
    assert parse("") == parse("no lines of the form") == parse("version = banana\n") == PyvenvCfg()
