"""A torch of plain Python that answers as two sound GPUs would, until a named call misbehaves (SMOKE_PLANT)."""

from __future__ import annotations

from pathlib import Path

INIT = """
import os, signal, sys, time, types
_PLANT = dict(one.split("=") for one in os.environ.get("SMOKE_PLANT", "").split(",") if one)
_LOG = os.environ.get("SMOKE_LOG")
_visible = os.environ.get("CUDA_VISIBLE_DEVICES")
_count = int(os.environ.get("SMOKE_GPUS", "2"))
if _visible is not None:
    _count = len([one for one in _visible.split(",") if one])
if _LOG:
    with open(_LOG, "a") as out:
        out.write(str(_visible) + "\\n")
__version__ = "2.0.0"
version = types.SimpleNamespace(cuda="12.4", hip=None)
_poisoned = []


def _misbehave(name):
    what = _PLANT.get(name)
    if what and "@" in what:
        what, where = what.split("@")
        if where != str(_visible):
            return
    if what == "hang":
        while True:
            time.sleep(3600)
    if what == "work":
        end = time.time() + 3600
        while time.time() < end:
            with open("/dev/zero", "rb") as zeros:
                zeros.read(1 << 22)
    if what == "segv":
        os.kill(os.getpid(), signal.SIGSEGV)
        time.sleep(5)
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "exit":
        print("terminate called after throwing", file=sys.stderr)
        os._exit(3)
    if what == "raise":
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device")
    if what == "poison":
        _poisoned.append(1)
        raise RuntimeError("CUDA error: an illegal memory access was encountered")
    if what == "noise":
        print('{"step": "end", "test": "integer-kernel", "outcome": "pass"}')
        sys.stdout.flush()
        os.write(1, b"\\xff\\xfe not a line of ours")


_misbehave("import")


class _Value:
    def __init__(self, value): self.value = value
    def __add__(self, other): return _Value(self.value + other)
    def item(self): return self.value


class Error(RuntimeError):
    pass


def zeros(*_, **__):
    _misbehave("zeros")
    return _Value(0.0)


def ones(*_, **__):
    return _Value(1.0)


def arange(*_, **__):
    _misbehave("arange")
    raise NotImplementedError("plain Python")


float32 = int32 = uint8 = None


def get_num_threads(): return 1
def set_num_threads(count): pass


class _Cuda(types.ModuleType):
    _counts = iter((0, 8 << 24, 0))
    def is_available(self):
        _misbehave("available")
        return _count > 0
    def init(self): raise RuntimeError("Found no NVIDIA driver on your system")
    def device_count(self): return _count
    def get_device_capability(self, index=0): return (8, 6)
    def get_device_properties(self, index=0):
        return types.SimpleNamespace(name="Stand-in", total_memory=8 << 30, major=8, minor=6, multi_processor_count=1)
    def synchronize(self, *_):
        if _poisoned:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
    def empty_cache(self): pass
    def memory_allocated(self, index=0): return next(self._counts)


cuda = _Cuda("torch.cuda")
backends = types.SimpleNamespace()
distributed = types.SimpleNamespace(is_available=lambda: bool(_misbehave("distributed")))
"""


def plant(folder: Path) -> Path:
    """The folder for PYTHONPATH."""
    package = folder / "torch"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(INIT)
    return folder
