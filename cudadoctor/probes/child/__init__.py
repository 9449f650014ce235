"""Scripts that other interpreters run (Python 3.6 and newer, standard library only), handed to them on stdin."""

from __future__ import annotations


def script(name: str) -> bytes:
    """The source of a script in this package, also out of a zip file. `name` is the file's: `libcuda_report.py`.

    The package's own loader is asked: that is what pkgutil.get_data does, without its import.
    """
    loader = __spec__.loader
    data = getattr(loader, "get_data", None)
    if data is None:
        from importlib import resources

        return (resources.files(__name__) / name).read_bytes()
    content: bytes = data(f"{__path__[0]}/{name}")
    return content
