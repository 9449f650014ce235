"""What is taken off a text, and what is left."""

from __future__ import annotations

import pytest

from cudadoctor.intake import paste, wrapped


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\r\nb\r\n", ["a", "b", ""]),
        ("> a\n> > b\n>c", ["a", "b", "c"]),
        ("- > a\n1. > b", ["a", "b"]),
        (">>> import torch", [">>> import torch"]),
        ("> >>> import torch\n> True", [">>> import torch", "True"]),
        ("```console\na\n```", ["", "a", ""]),
        ("<pre>a<br>b</pre>", ["a", "b"]),
        ("<details><summary>x</summary>\n\n&lt;gpu&gt; &amp;c", ["x", "", "", "<gpu> &c"]),
        ("\x1b[32ma\x1b[0m", ["a"]),
        ("  1  a\n  2  b\n  3  c\n  4  d", ["a", "b", "c", "d"]),
        ("     1\ta\n     2\tb", ["a", "b"]),
        ("1 apple\n2 pears", ["1 apple", "2 pears"]),
        ("web-1  | a\nweb-1  | b\nweb-1  | c", ["a", "b", "c"]),
        ("torch | 2.1\nnumpy | 1.2", ["torch | 2.1", "numpy | 1.2"]),
        ("2024-05-20T02:46:53.8565967Z a", ["a"]),
        ("10%\r20%", ["10%", "20%"]),
    ],
)
def test_layers_are_peeled_off(text: str, lines: list[str]) -> None:
    assert paste.read(text).texts == lines


def test_lines_keep_their_numbers() -> None:
    read = paste.read("a\n10%\r20%\n<pre>b<br>c</pre>\nd")
    assert list(zip(read.numbers, read.texts, strict=True)) == [
        (1, "a"),
        (2, "10%"),
        (2, "20%"),
        (3, "b"),
        (3, "c"),
        (4, "d"),
    ]


def test_utf_16_is_read() -> None:
    assert paste.read("a\nb".encode("utf-16")).texts == ["a", "b"]


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("$ nvidia-smi", "nvidia-smi"),
        ("user@host:~/x$ nvidia-smi", "nvidia-smi"),
        ("(base) user@host:~$ nvidia-smi -q", "nvidia-smi -q"),
        ("[root@host ~]# nvidia-smi", "nvidia-smi"),
        ("root@0123456789ab:/# nvidia-smi", "nvidia-smi"),
        (">>> import torch", "import torch"),
        ("In [3]: import torch", "import torch"),
        ("PS C:\\Users\\x> pip list", "pip list"),
        ("C:\\Users\\x>pip list", "pip list"),
        ("| NVIDIA-SMI 5", None),
        ("it does not work", None),
    ],
)
def test_prompts(line: str, command: str | None) -> None:
    assert paste.typed(line) == command


def test_a_line_that_was_folded_is_put_together() -> None:
    line = "The detected CUDA version (12.2) mismatches the version that was used to compile PyTorch (11.3). " * 2
    broken = [line[at : at + 78] for at in range(0, len(line), 78)]
    assert line.rstrip() in wrapped.hard(broken, 78)
