"""The keys of .condarc."""

from __future__ import annotations

import pytest

from cudadoctor.parsers.condarc import Condarc, parse


def test_block_lists_and_comments() -> None:
    text = """\
# my settings
channels:
  - conda-forge   # first
  - "pytorch"
- defaults
ssl_verify: true
envs_dirs:
    - /big/envs
    - ~/envs
auto_activate_base: false
custom_channels:
  other: https://x.example
"""
    expected = Condarc(
        channels=("conda-forge", "pytorch", "defaults"), envs_dirs=("/big/envs", "~/envs"), auto_activate=False
    )
    assert parse(text) == expected


def test_flow_lists() -> None:
    assert parse("channels: [conda-forge, 'nvidia']\nauto_activate: yes") == Condarc(
        channels=("conda-forge", "nvidia"), auto_activate=True
    )


@pytest.mark.parametrize(
    "text", ["", "---\n", "channels:\n", "- stray\n", "channels", "\0", "channels: []", "a: b\n\tc"]
)
def test_anything_else(text: str) -> None:
    assert parse(text) == Condarc()
