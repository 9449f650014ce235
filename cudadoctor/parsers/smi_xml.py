"""`nvidia-smi -q -x`, from DTD v4 to v13. No DTD is ever fetched, and a document that declares entities is refused."""

from __future__ import annotations

import re

from cudadoctor.parsers.smi import SmiReading, SmiRow, chosen, cuda, driver, first_word, gpu
from cudadoctor.parsers.smi_health import listed, number
from cudadoctor.parsers.text import failure, known, plain, tidy, unquoted

_SKIPPED = ("supported_clocks", "processes", "accounted_processes")
"""Long, not needed, and (process names) not always escaped by nvidia-smi."""
_USED = re.compile(r"<used_memory>([^<]{0,40})</used_memory>")
_BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)|<(?![/!?A-Za-z_])")
_DTD = re.compile(r"nvsmi_device_(v\d{1,3})\.dtd")
_DEPTH = 40
_GPUS = 4096


class _RefusedError(Exception):
    """The document is not one of nvidia-smi's: it declares entities or is nested too deeply."""


def parse(text: str | bytes) -> SmiReading | None:
    """The document in the text, which may stand among other text; None where there is none.

    Where the document is cut off, `complete` is False and every value that was closed before the cut is kept.
    """
    body = tidy(text)
    root = body.find("<nvidia_smi_log")
    if root < 0:
        return None
    doctype = body.rfind("<!DOCTYPE nvidia_smi_log", 0, root)
    line = body.rfind("\n", 0, root) + 1
    start = doctype if doctype >= 0 else root
    end = body.find("</nvidia_smi_log>", root)
    document = body[start:] if end < 0 else body[start : end + len("</nvidia_smi_log>")]
    if body[line:root].strip() == ">":
        document = "\n".join(unquoted(part) for part in document.split("\n"))
    reader = _Reader()
    try:
        complete = reader.read(_BARE.sub(_escaped, _without(_counted(document), _SKIPPED)))
    except _RefusedError:
        return None
    dtd = _DTD.search(body, start, root + 200) if doctype >= 0 else None
    top = reader.top
    cuda_text = first_word(top.get("cuda_umd_version") or top.get("cuda_version"))
    attached = top.get("attached_gpus", "")
    return SmiReading(
        form="xml",
        version=driver(top.get("kmd_version")) or driver(top.get("driver_version")),
        cuda_version=cuda(cuda_text),
        cuda_version_text=cuda_text,
        gpus=tuple(reader.gpus),
        attached=int(attached) if re.fullmatch(r"\d{1,4}", attached, re.ASCII) else None,
        complete=complete,
        mig_section=any(item.mig_devices for item in reader.gpus),
        dtd=dtd.group(1) if dtd else None,
        message=known(top.get("error_string")),
    )


def _counted(document: str) -> str:
    """The document with one element for each GPU's list of programs, which tells how many there are, and their memory.

    The list itself is not read: the names of programs in it are not always escaped.
    """
    kept, at = [], 0
    while (begin := document.find("<processes>", at)) >= 0 and (end := document.find("</processes>", begin)) >= 0:
        block = document[begin:end]
        count = block.count("<process_info>")
        used = [number(text) for text in _USED.findall(block)]
        told = listed(count, used if len(used) == count else [None])
        if not count and "N/A" in block:
            told = "N/A"
        kept += [document[at:begin], f"<processes_listed>{told}</processes_listed>"]
        at = begin
        kept.append(document[at : end + len("</processes>")])
        at = end + len("</processes>")
    text = "".join(kept) + document[at:]
    return text.replace("<processes />", "<processes_listed>0 0</processes_listed>")


def _without(document: str, names: tuple[str, ...]) -> str:
    """The document without these elements. Linear: where one has no end, no later one of that name is looked for."""
    for name in names:
        opening, closing = f"<{name}>", f"</{name}>"
        kept, at = [], 0
        while (begin := document.find(opening, at)) >= 0 and (end := document.find(closing, begin)) >= 0:
            kept.append(document[at:begin])
            at = end + len(closing)
        document = "".join(kept) + document[at:]
    return document


def _escaped(match: re.Match[str]) -> str:
    return "&amp;" if match.group() == "&" else "&lt;"


class _Reader:
    """The document's values: `top` beside the GPUs, and one SmiRow for each `<gpu>`."""

    def __init__(self) -> None:
        self.top: dict[str, str] = {}
        self.gpus: list[SmiRow] = []
        self._stack: list[str] = []
        self._text: list[list[str]] = []
        self._raw: dict[str, str] | None = None
        self._id = ""
        self._migs = 0

    def read(self, document: str) -> bool:
        """Read to the document's end, or to where it breaks; whether it was the end."""
        from xml.parsers.expat import ExpatError, ParserCreate

        parser = ParserCreate()
        parser.StartElementHandler = self._open
        parser.EndElementHandler = self._close
        parser.CharacterDataHandler = self._data
        parser.EntityDeclHandler = self._refuse
        parser.buffer_text = True
        try:
            parser.Parse(document, True)
        except (ExpatError, ValueError):
            if self._raw is not None:
                self._finish()
            return False
        return True

    def _refuse(self, *_: object) -> None:
        raise _RefusedError

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        self._stack.append(name)
        self._text.append([])
        if len(self._stack) > _DEPTH:
            raise _RefusedError
        if name == "gpu" and len(self._stack) == 2:
            self._raw, self._id, self._migs = {}, attributes.get("id", ""), 0
        elif name == "mig_device" and "mig_devices" in self._stack:
            self._migs += 1

    def _data(self, data: str) -> None:
        if self._text:
            self._text[-1].append(data)

    def _close(self, name: str) -> None:
        text = "".join(self._text.pop()).strip()
        path = "/".join(self._stack[2:])
        self._stack.pop()
        if len(self._stack) == 1 and name == "gpu" and self._raw is not None:
            self._raw.setdefault("", text)
            self._finish()
        elif self._raw is not None:
            self._raw.setdefault(path, text)
        elif len(self._stack) == 1:
            self.top.setdefault(name, text)

    def _finish(self) -> None:
        raw, self._raw = self._raw or {}, None
        if len(self.gpus) < _GPUS:
            lost = (said for value in raw.values() if (said := failure(value)) and "lost" in said.lower())
            error = next(lost, None) or plain(raw.get("", ""))[:200]
            item = gpu(
                chosen("xml", raw), index=len(self.gpus), bus=self._id, mig_devices=self._migs, error=error or None
            )
            self.gpus.append(item)
