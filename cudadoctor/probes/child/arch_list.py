"""Finds the list of architectures that a torch build has code for, in its library, without loading it.

Run as `python -I -S - arch_list/1 FILE` with this text on stdin. The list stands there as a string of its own between
two NUL bytes (`sm_70 sm_80 compute_90`). Standard library only, Python 3.6 and newer. Prints `archs LIST`, or `none`.
"""

import mmap
import re
import sys

LIST = re.compile(rb"(?:(?:sm|compute)_\d{2,3}[af]?)(?: (?:sm|compute)_\d{2,3}[af]?){0,63}\Z")


def find(data):
    """The first such string, or None."""
    at = -1
    while True:
        at = data.find(b"\0sm_", at + 1)
        if at < 0:
            return None
        end = data.find(b"\0", at + 1, at + 1100)
        if end > 0 and LIST.match(data[at + 1 : end]):
            return data[at + 1 : end].decode("ascii")


with open(sys.argv[2], "rb") as stream:
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = find(data)
sys.stdout.write("archs " + found + "\n" if found else "none\n")
