"""Imports torch and runs smoke tests, one after the other; says what comes of each, one JSON object a line.

Run as `python - smoke/1 JOB` with this text on stdin, by the examined environment's own python (3.6 and newer, torch
1.4 and newer). JOB is a JSON object: `device` (cpu or cuda:0), `tests` (names, in order), `scratch` (a folder of its
own) and what single tests ask for. Lines go to the standard output that the process was born with; what anybody else
prints there goes to standard error. Each line is written before the next thing is done, so that the last one tells
where a hang or a crash was:

begin            test
end              test, outcome (pass, fail, skip), seconds, message, figures, wrong, poisoned
done
"""

import os
import sys

# `python -` searches the current directory first, and a json.py there would be taken for the library's.
if sys.path and sys.path[0] == "":
    del sys.path[0]

import ctypes
import json
import math
import time
import warnings

_LONGEST = 1000
_MOST_GPUS = 64
_SURVEY = ("build", "libraries", "devices")
_SMALL = ("linear-regression", "digits", "deterministic-training", "amp-step")
"""On the CPU these are quickest on one thread:
several wait for one another at every step, for long on a busy machine."""
_TESTS = {}


class Skip(Exception):
    """There is nothing to test here; the text says why."""


class Wrong(Exception):
    """What was computed is not what it must be."""


def test(name):
    def mark(function):
        _TESTS[name] = function
        return function

    return mark


class Box:
    """What a test is given: torch, the device, and a place for figures."""

    def __init__(self, torch, job):
        self.torch = torch
        self.job = job
        self.device = job.get("device", "cpu")
        self.cuda = self.device != "cpu"
        self.version = _numbers(getattr(torch, "__version__", ""))
        self.figures = {}
        self.reference = {}
        self._capability = None

    @property
    def capability(self):
        if self.cuda and self._capability is None:
            self._capability = tuple(self.torch.cuda.get_device_capability(0))
        return self._capability

    @property
    def hip(self):
        return bool(getattr(getattr(self.torch, "version", None), "hip", None))

    def there(self, value):
        """The same values on the device."""
        return value.to(self.device)

    def sync(self):
        if self.cuda:
            self.torch.cuda.synchronize()

    def needs_cuda(self):
        if not self.cuda:
            raise Skip("it is about the GPU")

    def needs(self, major, minor):
        if self.version < (major, minor):
            raise Skip("it needs torch %d.%d or newer" % (major, minor))

    def random(self, *shape, **options):
        """The same numbers on every machine: made on the CPU from a seed."""
        generator = self.torch.Generator()
        generator.manual_seed(options.get("seed", 20))
        return self.torch.randn(*shape, generator=generator, dtype=options.get("dtype", self.torch.float32))


def _numbers(version):
    numbers = []
    for part in str(version).split("+")[0].split(".")[:2]:
        digits = "".join(letter for letter in part if letter.isdigit())
        numbers.append(int(digits or 0))
    return (*numbers, 0, 0)[:2]


# ---------------------------------------------------------------- comparing


def expect(fact, what):
    if not fact:
        raise Wrong(what)


def same(box, what, got, want):
    """Equal in type, shape and every bit."""
    got = got.cpu()
    expect(got.dtype == want.dtype, "%s: the type is %s, not %s" % (what, got.dtype, want.dtype))
    expect(
        tuple(got.shape) == tuple(want.shape),
        "%s: the shape is %s, not %s" % (what, tuple(got.shape), tuple(want.shape)),
    )
    # Old torches cannot compare 16-bit numbers on the CPU; as float64 they are the same numbers.
    short = got.dtype in (box.torch.float16, box.torch.bfloat16)
    different = got.double() != want.double() if short else got != want
    count = int(different.sum().item())
    if count:
        where = different.reshape(-1).to(box.torch.uint8).argmax().item()
        raise Wrong(
            "%s: %d of %d values differ; the first is at %d: %s in place of %s"
            % (what, count, want.numel(), where, got.reshape(-1)[where].item(), want.reshape(-1)[where].item())
        )


def error_of(got, want):
    """Relative Frobenius error; infinite where a value is no number."""
    got, want = got.detach().cpu().double(), want.detach().cpu().double()
    expect(tuple(got.shape) == tuple(want.shape), "the shape is %s, not %s" % (tuple(got.shape), tuple(want.shape)))
    base = float(want.norm().item())
    error = float((got - want).norm().item()) / (base or 1.0)
    return error if math.isfinite(error) else float("inf")


def near(box, what, got, want, limit):
    """Within a limit of the reference; a NaN or an infinity never is."""
    error = error_of(got, want)
    box.figures[what + " error"] = error if math.isfinite(error) else str(error)
    box.figures[what + " limit"] = limit
    if not error < limit:
        how = "relative error %.3g" % error if math.isfinite(error) else "the result holds NaN or infinity"
        raise Wrong("%s: %s, the limit is %.3g" % (what, how, limit))


def close(what, got, want, limit):
    if not abs(got - want) <= limit:
        raise Wrong("%s is %.6g, not %.6g (within %.1g)" % (what, got, want, limit))


def raises(what, kinds, act):
    """That it is an error, of a documented type; anything else, a warning too, is wrong."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            act()
        except kinds:
            return
        except Exception as error:
            raise Wrong("%s raised %s, not %s" % (what, type(error).__name__, _names(kinds)))
    raise Wrong("%s raised no error; %s is documented" % (what, _names(kinds)))


def _names(kinds):
    return " or ".join(kind.__name__ for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))


def precise(box, on):
    """Full fp32, or TF32 where `on` is False, for matmul and convolutions. Says whether that could be set.

    The older setting goes first, as long as torch has it: it sets the newer one (2.9) as well, and torch refuses to
    compute where the two differ. `run_one` puts back what was there.
    """
    done = False
    for area in _areas(box.torch):
        try:
            area.allow_tf32 = not on
            done = area.allow_tf32 is (not on) or done
        except Exception:
            for part in (area, _part(area, "conv")):
                if _part(part, "fp32_precision") is not None:
                    part.fp32_precision = "ieee" if on else "tf32"
                    done = True
    return done


def _areas(torch):
    areas = (_part(_part(torch, "backends"), "cudnn"), _part(_part(_part(torch, "backends"), "cuda"), "matmul"))
    return [
        area for area in areas if _part(area, "allow_tf32") is not None or _part(area, "fp32_precision") is not None
    ]


def _settings(torch):
    """What `precise` changes: (owner, attribute, value)."""
    found = []
    for area in _areas(torch):
        for owner, name in ((area, "fp32_precision"), (_part(area, "conv"), "fp32_precision"), (area, "allow_tf32")):
            value = _part(owner, name)
            if value is not None:
                found.append((owner, name, value))
    return found


def _put_back(settings):
    for owner, name, value in settings:
        try:
            setattr(owner, name, value)
        except Exception:
            continue


def _forced(cublas=True):
    """A variable that makes TF32 of fp32 whatever a program asks for; NVIDIA's own containers set the second."""
    names = ("NVIDIA_TF32_OVERRIDE", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE")[: 2 if cublas else 1]
    return next((name for name in names if os.environ.get(name, "").lower() in ("1", "true", "on", "yes")), None)


def _part(of, name):
    """An attribute or None: torch's own modules raise errors of other types for what they do not have."""
    try:
        return getattr(of, name, None)
    except Exception:
        return None


# ---------------------------------------------------------------- the import


@test("build")
def build(box):
    """What torch was built for."""
    torch = box.torch
    version = getattr(torch, "version", None)
    cuda, hip = getattr(version, "cuda", None), getattr(version, "hip", None)
    try:
        archs = torch._C._cuda_getArchFlags()  # torch's own get_arch_list() is empty where there is no GPU
    except Exception:
        archs = None
    box.figures.update(torch=str(torch.__version__), cuda=cuda, hip=hip, archs=archs)
    if box.cuda and not (cuda or hip):
        raise Wrong("this torch %s is a build without CUDA" % torch.__version__)


@test("libraries")
def libraries(box):
    """Which files the loader took, and whether numpy and torch understand each other."""
    wanted = ("libcudart", "libcublas", "libcudnn", "libcuda.so", "libnccl", "libcusparse", "libnvrtc", "libnvJitLink")
    found = {}
    try:
        with open("/proc/self/maps") as maps:
            for line in maps:
                path = line.split(" ", 5)[-1].strip()
                name = os.path.basename(path)
                if name.startswith(wanted) and ".so" in name:
                    found[name] = path
    except OSError:
        pass
    box.figures.update(found)
    try:
        import numpy
    except ImportError:
        box.figures["numpy"] = None
        return
    box.figures["numpy"] = numpy.__version__
    try:
        back = box.torch.from_numpy(numpy.arange(6.0)).sum().item()
    except Exception as error:
        raise Wrong("torch and numpy %s do not understand each other: %s" % (numpy.__version__, _words(error)))
    close("the sum over an array of numpy", back, 15.0, 0.0)


@test("devices")
def devices(box):
    """How many GPUs the driver and torch see. Makes no context."""
    torch = box.torch
    if not box.hip:
        _from_libcuda(box)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        available = bool(torch.cuda.is_available())
        count = int(torch.cuda.device_count()) if available else 0
    box.figures["count"] = count
    if not available:
        said = [str(one.message) for one in caught]
        if not said:
            try:
                getattr(torch.cuda, "init", None) and torch.cuda.init()
            except Exception as error:
                said = [_words(error)]
        why = said[0] if said else box.figures.get("libcuda")
        raise Wrong("torch sees no GPU" + (": " + str(why) if why else ""))
    driver = box.figures.get("driver count")
    if driver is not None and driver != count:
        raise Wrong("torch sees %d GPUs, the driver library %d" % (count, driver))


def _from_libcuda(box):
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        box.figures["libcuda"] = str(error)
        return
    code = cuda.cuInit(0)
    box.figures["cuInit"] = code
    if code != 0:
        box.figures["libcuda"] = "cuInit gives error %d" % code
        return
    number = ctypes.c_int()
    if cuda.cuDriverGetVersion(ctypes.byref(number)) == 0:
        box.figures["driver CUDA"] = "%d.%d" % (number.value // 1000, number.value % 1000 // 10)
    if cuda.cuDeviceGetCount(ctypes.byref(number)) != 0:
        return
    box.figures["driver count"] = number.value
    gpus = []
    for ordinal in range(min(number.value, _MOST_GPUS)):
        handle, name, uuid = ctypes.c_int(), ctypes.create_string_buffer(128), (ctypes.c_ubyte * 16)()
        if cuda.cuDeviceGet(ctypes.byref(handle), ordinal) != 0:
            break
        cuda.cuDeviceGetName(name, 128, handle)
        gpu = {"name": name.value.decode("utf-8", "replace")}
        # A MIG instance has a UUID of its own, which only the second form gives; it is not asked for by that here.
        for ask in ("cuDeviceGetUuid_v2", "cuDeviceGetUuid"):
            try:
                if getattr(cuda, ask)(ctypes.byref(uuid), handle) == 0:
                    text = "".join("%02x" % byte for byte in uuid)
                    gpu["uuid"] = "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
                    break
            except AttributeError:
                continue
        bus = ctypes.create_string_buffer(32)
        if cuda.cuDeviceGetPCIBusId(bus, 32, handle) == 0:
            gpu["bus"] = bus.value.decode("ascii", "replace")
        numbers = []
        for attribute in (75, 76):  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR
            value = ctypes.c_int()
            if cuda.cuDeviceGetAttribute(ctypes.byref(value), attribute, handle) == 0:
                numbers.append(str(value.value))
        gpu["capability"] = ".".join(numbers) if len(numbers) == 2 else None
        gpus.append(gpu)
    box.figures["gpus"] = gpus


# ---------------------------------------------------------------- quick


@test("first-touch")
def first_touch(box):
    """The context: the driver's start, the module's load and the first kernel."""
    if box.cuda:
        expect(box.torch.cuda.device_count() >= 1, "torch sees no GPU in this process")
    value = box.torch.zeros(1, device=box.device) + 1
    box.sync()
    close("0 + 1", value.item(), 1.0, 0.0)


@test("properties")
def properties(box):
    box.needs_cuda()
    found = box.torch.cuda.get_device_properties(0)
    box.figures.update(
        name=found.name,
        capability="%d.%d" % box.capability,
        memory_mib=int(found.total_memory) >> 20,
        processors=getattr(found, "multi_processor_count", None),
    )
    expect(found.name, "the GPU has no name")
    expect(found.total_memory > 1 << 26, "the GPU says that it has %d bytes of memory" % found.total_memory)
    expect(tuple(box.capability) == (found.major, found.minor), "two answers about the compute capability differ")
    known = box.job.get("known") or {}
    if known.get("name") and found.name not in (known["name"], "NVIDIA " + known["name"]):
        raise Wrong("torch calls this GPU %s, the driver %s" % (found.name, known["name"]))
    if known.get("capability") and known["capability"] != box.figures["capability"]:
        raise Wrong(
            "torch says compute capability %s, the driver %s" % (box.figures["capability"], known["capability"])
        )


@test("memory-patterns")
def memory_patterns(box):
    """Bytes to the device, from place to place there, and back: equal bit for bit."""
    torch = box.torch
    size = 1 << 28 if box.cuda else 1 << 24
    if box.cuda and hasattr(torch.cuda, "mem_get_info"):
        size = max(1 << 20, min(size, torch.cuda.mem_get_info(0)[0] // 10))
    size -= size % 256
    box.figures["bytes"] = size
    counter = torch.arange(256, dtype=torch.uint8).repeat(size // 256)
    for name, pattern in (("0x00", 0x00), ("0xFF", 0xFF), ("0x55", 0x55), ("0xAA", 0xAA), ("counter", None)):
        sent = counter if pattern is None else torch.full((size,), pattern, dtype=torch.uint8)
        first = torch.empty(size, dtype=torch.uint8, device=box.device)
        first.copy_(sent)
        second = first.clone()
        del first
        back = second.cpu()
        box.sync()
        if not torch.equal(back, sent):
            same(box, "pattern " + name, back, sent)


@test("integer-kernel")
def integer_kernel(box):
    torch = box.torch
    count = 1000003  # no multiple of a block
    numbers = torch.arange(count, dtype=torch.int32)
    got = box.there(numbers) * 2 + 1
    same(box, "x * 2 + 1", got, numbers * 2 + 1)
    total = int(got.sum().item())
    expect(total == count * count, "the sum of %d odd numbers is %d, not its square %d" % (count, total, count * count))


def _matmul(box, name, dtype, limit, rounded=True):
    """Against the product in float64 on the CPU, of the inputs as they are after rounding to the type."""
    torch = box.torch
    size = 1024 if box.cuda else 512
    left, right = box.random(size, size, seed=1), box.random(size, size, seed=2)
    if rounded:
        left, right = left.to(dtype), right.to(dtype)
    try:
        got = torch.matmul(box.there(left.to(dtype)), box.there(right.to(dtype)))
    except RuntimeError as error:
        if not box.cuda and name != "fp32" and ("not implemented" in str(error) or "not supported" in str(error)):
            raise Skip("this torch has no %s matmul on the CPU" % name)
        raise
    expect(got.dtype == dtype, "the product's type is %s, not %s" % (got.dtype, dtype))
    if not box.cuda and box.version < (2, 4) and name in ("fp16", "bf16"):
        limit *= 10  # these add up in the short type itself on the CPU: 3.3e-3 and 2.6e-2 (1.4, 1.7, 1.12)
    near(box, name, got, torch.matmul(left.double(), right.double()), limit)


@test("matmul-fp32")
def matmul_fp32(box):
    """3e-7 is what rounding gives; 1e-5 leaves room for any order of summation and is far below TF32's 3e-4."""
    precise(box, True)
    forced = _forced() if box.cuda else None
    if forced:
        box.figures["note"] = forced + " forces TF32"
    _matmul(box, "fp32", box.torch.float32, 1e-3 if forced else 1e-5)


@test("matmul-tf32")
def matmul_tf32(box):
    """TF32 keeps 10 bits of each factor: 2.9e-4 against the full product."""
    box.needs_cuda()
    if box.hip or box.capability < (8, 0):
        raise Skip("this GPU has no TF32 (compute capability 8.0 or newer has)")
    if not precise(box, False):
        raise Skip("this torch cannot switch TF32 on")
    _matmul(box, "tf32", box.torch.float32, 1e-3, rounded=False)


@test("matmul-fp16")
def matmul_fp16(box):
    """2.1e-4 against the product of the rounded inputs: the result itself is rounded to 11 bits."""
    if box.cuda and not box.hip and box.capability < (5, 3):
        raise Skip("this GPU does not compute in fp16 (compute capability 5.3 or newer does)")
    _matmul(box, "fp16", box.torch.float16, 1e-3)


@test("matmul-bf16")
def matmul_bf16(box):
    """1.7e-3 against the product of the rounded inputs: the result is rounded to 8 bits."""
    if box.cuda and not box.hip and box.capability < (8, 0):
        raise Skip("this GPU does not compute in bf16 (compute capability 8.0 or newer does)")
    _matmul(box, "bf16", box.torch.bfloat16, 8e-3)


@test("matmul-fp64")
def matmul_fp64(box):
    _matmul(box, "fp64", box.torch.float64, 1e-13)


@test("convolution")
def convolution(box):
    """Forward and backward against float64 on the CPU. On the GPU this is cuDNN."""
    torch = box.torch
    precise(box, True)
    if box.cuda:
        box.figures["cudnn"] = torch.backends.cudnn.version()
        if not box.hip and not torch.backends.cudnn.is_available():
            raise Wrong("torch says that cuDNN is not available")
        torch.backends.cudnn.deterministic = True
    image, weight, bias = box.random(8, 3, 32, 32, seed=3), box.random(16, 3, 3, 3, seed=4), box.random(16, seed=5)
    grown = box.random(8, 16, 32, 32, seed=6)
    results = []
    for place, dtype in ((box.device, torch.float32), ("cpu", torch.float64)):
        parts = [one.detach().clone().to(device=place, dtype=dtype) for one in (image, weight, bias)]
        for part in parts:
            part.requires_grad_()
        out = torch.nn.functional.conv2d(parts[0], parts[1], parts[2], padding=1)
        out.backward(grown.to(device=place, dtype=dtype))
        results.append([out] + [part.grad for part in parts])
    forced = box.cuda and _forced(cublas=False)
    for name, got, want in zip(("forward", "input gradient", "weight gradient", "bias gradient"), *results):
        near(box, name, got, want, 3e-3 if forced else 1e-4)


@test("linear-regression")
def linear_regression(box):
    """y = 0.727 x + 3.193 by plain gradient descent: after 3,500 steps b is 3.193 (1 - 0.998 ** 3500), no more."""
    torch = box.torch
    x = torch.linspace(-50, 50, 100, device=box.device)
    y = 0.727 * x + 3.193
    w = torch.zeros(1, device=box.device, requires_grad=True)
    b = torch.zeros(1, device=box.device, requires_grad=True)
    losses = []
    for epoch in range(3500):
        loss = torch.nn.functional.mse_loss(w * x + b, y)
        loss.backward()
        with torch.no_grad():
            w -= 1e-3 * w.grad
            b -= 1e-3 * b.grad
            w.grad.zero_()
            b.grad.zero_()
        if epoch % 50 == 0:
            losses.append(loss.item())
    slope, shift = w.item(), b.item()
    box.figures.update(w=slope, b=shift, loss=loss.item())
    expect(math.isfinite(slope) and math.isfinite(shift), "the descent diverged: w is %s, b is %s" % (slope, shift))
    if abs(shift - 3.096748) < 2e-3:
        raise Wrong(
            "b is %.6f, as with half the loss; 3.190109 is right: a gradient is half of what it must be" % shift
        )
    close("w", slope, 0.727, 1e-4)
    close("b", shift, 3.190109, 2e-3)
    for before, after in zip(losses, losses[1:]):
        expect(after <= before * 1.01 + 1e-6, "the loss grew from %.4g to %.4g" % (before, after))


@test("memory-returns")
def memory_returns(box):
    """What was allocated is free again when it is let go of."""
    box.needs_cuda()
    torch = box.torch
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated(0)
    kept = [torch.ones(1 << 22, device=box.device) for _ in range(8)]
    expect(torch.cuda.memory_allocated(0) - before >= 8 << 24, "torch does not count what it allocates")
    del kept
    box.sync()
    torch.cuda.empty_cache()
    drift = torch.cuda.memory_allocated(0) - before
    box.figures["drift bytes"] = drift
    expect(abs(drift) <= 2 << 20, "%d bytes did not come back" % drift)


# ---------------------------------------------------------------- full: tensors


@test("tensor-types")
def tensor_types(box):
    torch = box.torch
    on = "torch.cuda." if box.cuda else "torch."
    rows = (
        ("float32", "FloatTensor"),
        ("float64", "DoubleTensor"),
        ("float16", "HalfTensor"),
        ("uint8", "ByteTensor"),
        ("int8", "CharTensor"),
        ("int16", "ShortTensor"),
        ("int32", "IntTensor"),
        ("int64", "LongTensor"),
        ("bool", "BoolTensor"),
    )
    values = torch.tensor([0.0, 1.0, 2.7, 100.0])
    for name, kind in rows:
        dtype = getattr(torch, name)
        want = values.to(dtype)
        got = box.there(values).to(dtype)
        same(box, "to " + name, got, want)
        expect(got.type() == on + kind, "the type of %s is %s, not %s" % (name, got.type(), on + kind))
        expect(torch.is_tensor(got) and isinstance(got, torch.Tensor), "%s is no torch.Tensor" % name)
        expect(got.device.type == ("cuda" if box.cuda else "cpu"), "the tensor is on %s" % got.device)
        expect(got.is_cuda == box.cuda, "is_cuda is %s" % got.is_cuda)
        expect(got.is_floating_point() == name.startswith("float"), "is_floating_point of %s" % name)
        checked = getattr(torch.cuda if box.cuda else torch, kind)
        expect(isinstance(got, checked), "isinstance(tensor, %s) is False" % (on + kind))
        other = torch if box.cuda else getattr(torch, "cuda")
        expect(not isinstance(got, getattr(other, kind)), "a tensor passes as one of the other device")
    expect(values.to(torch.int32).tolist() == [0, 1, 2, 100], "2.7 as an integer is not 2")
    expect(box.there(values).to(torch.bool).tolist() == [False, True, True, True], "2.7 as a truth value is not True")


@test("tensor-ranks")
def tensor_ranks(box):
    torch = box.torch
    for shape in ((), (1,), (2,), (2, 3), (1, 2, 3), (2, 3, 28, 28)):
        count = 1
        for one in shape:
            count *= one
        tensor = torch.arange(count, dtype=torch.float32, device=box.device).reshape(shape)
        expect(tensor.shape == torch.Size(shape), "the shape is %s, not %s" % (tuple(tensor.shape), shape))
        expect(tensor.size() == tensor.shape and isinstance(tensor.size(), torch.Size), "size() is not the shape")
        expect(tensor.dim() == len(shape) == len(tensor.shape), "dim() is %d, not %d" % (tensor.dim(), len(shape)))
        expect(tensor.numel() == count, "numel() is %d, not %d" % (tensor.numel(), count))
        for place, length in enumerate(shape):
            expect(tensor.size(place) == length == tensor.shape[place], "size(%d)" % place)
        same(box, "rank %d" % len(shape), tensor, torch.arange(count, dtype=torch.float32).reshape(shape))
        if count > 1:
            same(box, "a sum of rank %d" % len(shape), tensor.sum(-1), tensor.cpu().sum(-1))
    scalar = torch.tensor(2.2, device=box.device)
    expect(scalar.dim() == 0 and list(scalar.shape) == [], "a number has rank %d" % scalar.dim())
    close("the number", scalar.item(), 2.2, 1e-6)


@test("tensor-creation")
def tensor_creation(box):
    torch = box.torch
    listed = torch.tensor([[2.0, 3.2], [1.0, 22.3]], device=box.device)
    expect(listed.dtype == torch.float32, "a list of floats became %s" % listed.dtype)
    expect(torch.tensor([1, 2], device=box.device).dtype == torch.int64, "a list of integers is not int64")
    same(box, "from a list", listed, torch.tensor([[2.0, 3.2], [1.0, 22.3]]))
    same(box, "FloatTensor of a list", box.there(torch.FloatTensor([2.0, 3.2])), torch.tensor([2.0, 3.2]))
    expect(torch.Size([2, 2]) == listed.size() == (2, 2), "torch.Size and size() differ")
    expect(torch.tensor(listed.size()).tolist() == [2, 2], "a tensor of a size")
    try:
        import numpy
    except ImportError:
        box.figures["numpy"] = "not installed"
        return
    array = numpy.array([2, 3.3])
    got = box.there(torch.from_numpy(array))
    expect(got.dtype == torch.float64, "an array of float64 became %s" % got.dtype)
    same(box, "from numpy", got, torch.tensor([2, 3.3], dtype=torch.float64))
    ones = numpy.ones([2, 3])
    expect(numpy.array_equal(box.there(torch.from_numpy(ones)).cpu().numpy(), ones), "there and back to numpy")
    shared = torch.from_numpy(array)
    array[0] = 7
    expect(shared[0].item() == 7, "from_numpy copied what it must share")


@test("tensor-defaults")
def tensor_defaults(box):
    """The default type, set_default_tensor_type and what became of it (set_default_dtype)."""
    torch = box.torch
    expect(torch.get_default_dtype() == torch.float32, "the default is %s" % torch.get_default_dtype())
    expect(torch.tensor([1.2, 3]).dtype == torch.float32, "torch.tensor([1.2, 3]) is not float32")
    try:
        torch.set_default_dtype(torch.float64)
        expect(torch.tensor([1.2, 3]).dtype == torch.float64, "set_default_dtype has no effect")
        expect(
            torch.zeros(1, device=box.device).dtype == torch.float64, "set_default_dtype has no effect on the device"
        )
        torch.set_default_dtype(torch.float32)
        older = getattr(torch, "set_default_tensor_type", None)
        box.figures["set_default_tensor_type"] = older is not None
        if older is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # deprecated since 2.1
                older(torch.DoubleTensor)
            expect(torch.tensor([1.2, 3]).type() == "torch.DoubleTensor", "set_default_tensor_type has no effect")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                older(torch.FloatTensor)
    finally:
        torch.set_default_dtype(torch.float32)
    if box.version >= (2, 0):
        try:
            torch.set_default_device(box.device)
            expect(torch.ones(1).device.type == torch.device(box.device).type, "set_default_device has no effect")
        finally:
            torch.set_default_device(None if box.version >= (2, 1) else "cpu")


@test("tensor-filled")
def tensor_filled(box):
    torch, on = box.torch, {"device": box.device}
    same(box, "zeros", torch.zeros(3, 3, **on), torch.tensor([[0.0] * 3] * 3))
    same(box, "ones", torch.ones(3, 3, **on), torch.tensor([[1.0] * 3] * 3))
    same(box, "eye", torch.eye(3, **on), torch.tensor([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]]))
    same(box, "eye 2x3", torch.eye(2, 3, **on), torch.tensor([[1.0, 0, 0], [0, 1.0, 0]]))
    same(box, "arange", torch.arange(0, 10, **on), torch.tensor(list(range(10))))
    same(box, "arange by 2", torch.arange(0, 10, 2, **on), torch.tensor([0, 2, 4, 6, 8]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated; unlike arange it holds its end
        same(box, "range", torch.range(0, 4, **on), torch.tensor([0.0, 1.0, 2.0, 3.0, 4.0]))
    near(box, "linspace", torch.linspace(0, 10, steps=4, **on), torch.tensor([0, 10 / 3.0, 20 / 3.0, 10]), 1e-6)
    want = torch.tensor([10.0 ** (-place / 10.0) for place in range(11)])
    near(box, "logspace", torch.logspace(0, -1, steps=11, **on), want, 1e-6)
    same(box, "full", torch.full((2, 3), 7.0, **on), torch.tensor([[7.0] * 3] * 2))
    same(box, "full of a number", torch.full((), 7.0, **on), torch.tensor(7.0))
    same(box, "ones_like", torch.ones_like(torch.zeros(2, 3, **on)), torch.tensor([[1.0] * 3] * 2))


@test("full-dtype")
def full_dtype(box):
    """What `torch.full` makes of an integer: float32 up to 1.5, an error in 1.6, int64 from 1.7 on."""
    torch = box.torch

    def act():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.full((2, 3), 7, device=box.device)

    if box.version == (1, 6):
        raises("torch.full((2, 3), 7)", RuntimeError, act)
        return
    want = torch.float32 if box.version < (1, 6) else torch.int64
    got = act().dtype
    box.figures["dtype"] = str(got)
    expect(
        got == want,
        "torch.full((2, 3), 7) is %s; in torch %d.%d it is %s" % (got, box.version[0], box.version[1], want),
    )


@test("tensor-empty")
def tensor_empty(box):
    torch = box.torch
    for made in (torch.empty(2, 3, device=box.device), torch.FloatTensor(2, 3), torch.IntTensor(2, 3)):
        expect(tuple(made.shape) == (2, 3), "an uninitialised tensor has the shape %s" % (tuple(made.shape),))
        box.there(made).fill_(5)
    got = torch.empty(4, device=box.device).fill_(3)
    same(box, "filled", got, torch.tensor([3.0] * 4))
    expect(torch.empty(1, device=box.device).dtype == torch.float32, "torch.empty is not float32")
    expect(torch.IntTensor(2, 3).dtype == torch.int32, "IntTensor is not int32")


@test("tensor-random")
def tensor_random(box):
    torch, on = box.torch, {"device": box.device}
    torch.manual_seed(23)
    uniform = torch.rand(100, 100, **on)
    expect(uniform.min().item() >= 0 and uniform.max().item() < 1, "rand leaves [0, 1)")
    like = torch.rand_like(uniform)
    expect(like.shape == uniform.shape and not torch.equal(like, uniform), "rand_like gives the same numbers again")
    whole = torch.randint(1, 10, (1000,), **on)
    expect(whole.dtype == torch.int64, "randint is %s" % whole.dtype)
    expect(sorted(set(whole.tolist())) == list(range(1, 10)), "randint(1, 10) does not give 1 to 9")
    close("the mean of randn", torch.randn(100, 100, **on).mean().item(), 0.0, 0.06)  # 6 standard deviations
    spread = torch.normal(mean=torch.full((10,), 0.0, **on), std=torch.arange(1, 0, -0.1, **on)[:10])
    expect(tuple(spread.shape) == (10,) and bool(torch.isfinite(spread).all().item()), "normal gives no finite numbers")


@test("tensor-permutation")
def tensor_permutation(box):
    """One shuffled index for two tensors keeps the pairs together."""
    torch = box.torch
    index = torch.randperm(1000, device=box.device)
    same(box, "a permutation, sorted", index.sort()[0], torch.arange(1000))
    left = torch.arange(3000.0, device=box.device).reshape(1000, 3)
    right = left[:, :2] * 10
    shuffled, partner = left[index], right[index]
    same(box, "the pairs", partner, (shuffled[:, :2] * 10).cpu())
    same(box, "one index on CPU and device", shuffled, left.cpu()[index.cpu()])


@test("tensor-errors")
def tensor_errors(box):
    torch = box.torch
    tensor = torch.ones(4, 3, device=box.device)
    raises("torch.tensor(2, 3)", TypeError, lambda: torch.tensor(2, 3))
    raises("torch.size([2])", AttributeError, lambda: torch.size([2]))
    raises("tensor.Size()", AttributeError, lambda: tensor.Size())
    raises("an index out of range", IndexError, lambda: tensor[4])
    raises("a dimension out of range", IndexError, lambda: tensor.size(2))
    raises("matmul of shapes that do not fit", RuntimeError, lambda: tensor.matmul(tensor))
    # The tensor is whole after all this.
    same(box, "the tensor afterwards", tensor, torch.tensor([[1.0] * 3] * 4))


# ---------------------------------------------------------------- full: training

# 5 by 7 pixels a digit, one row a number: the highest of five bits is the left pixel.
_GLYPHS = (
    (14, 17, 19, 21, 25, 17, 14), (4, 12, 4, 4, 4, 4, 14), (14, 17, 1, 2, 4, 8, 31), (31, 2, 4, 2, 1, 17, 14),
    (2, 6, 10, 18, 31, 2, 2), (31, 16, 30, 1, 1, 17, 14), (6, 8, 16, 30, 17, 17, 14), (31, 1, 2, 4, 8, 8, 8),
    (14, 17, 17, 14, 17, 17, 14), (14, 17, 17, 15, 1, 2, 12),
)  # fmt: skip


def drawn_digits(torch, count, seed):
    """Digits of 28 by 28, drawn here: each somewhere in the picture, in its own brightness, with noise."""
    generator = torch.Generator()
    generator.manual_seed(seed)
    glyphs = torch.tensor([[[row >> 4 - bit & 1 for bit in range(5)] for row in glyph] for glyph in _GLYPHS])
    large = glyphs.to(torch.float32).repeat_interleave(3, 1).repeat_interleave(3, 2)  # 21 by 15
    labels = torch.randint(0, 10, (count,), generator=generator)
    down = torch.randint(0, 8, (count,), generator=generator).tolist()
    across = torch.randint(0, 14, (count,), generator=generator).tolist()
    bright = (torch.rand(count, generator=generator) * 0.5 + 0.5).tolist()
    pictures = torch.randn(count, 1, 28, 28, generator=generator) * 0.15
    for place, label in enumerate(labels.tolist()):
        y, x = down[place], across[place]
        pictures[place, 0, y : y + 21, x : x + 15] += large[label] * bright[place]
    return pictures, labels


def _network(torch):
    """Without pooling, whose backward pass may add up in any order on the GPU."""
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=3), nn.ReLU(), nn.Conv2d(8, 24, 3, stride=2), nn.ReLU(), nn.Flatten(),
        nn.Linear(24 * 3 * 3, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


@test("digits")
def digits(box):
    """A small convolutional network learns to read: over 0.95 of digits that it has never seen."""
    torch = box.torch
    pictures, labels = drawn_digits(torch, 2400, 5)
    unseen, truth = drawn_digits(torch, 600, 6)
    torch.manual_seed(7)
    network = box.there(_network(torch))
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    shuffle = torch.Generator()
    shuffle.manual_seed(8)
    losses = []
    for _ in range(7):
        total = 0.0
        for part in torch.randperm(len(labels), generator=shuffle).split(48):
            loss = torch.nn.functional.cross_entropy(network(box.there(pictures[part])), box.there(labels[part]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total / 50)
        expect(math.isfinite(total), "the loss is no number")
    with torch.no_grad():
        guessed = network(box.there(unseen)).argmax(1).cpu()
    accuracy = float((guessed == truth).to(torch.float32).mean().item())
    box.figures.update(accuracy=accuracy, losses=[round(loss, 4) for loss in losses])
    expect(losses[-1] < losses[0] / 2, "the loss does not fall: %s" % box.figures["losses"])
    expect(accuracy > 0.95, "%.1f %% of unseen digits are read right, over 95 %% must be" % (100 * accuracy))


@test("deterministic-training")
def deterministic_training(box):
    """The same training twice, with the deterministic algorithms asked for, gives the same bits."""
    import hashlib

    torch = box.torch
    pictures, labels = drawn_digits(torch, 256, 9)

    def once():
        torch.manual_seed(10)
        network = box.there(_network(torch))
        optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
        for start in range(0, 256, 64):
            part = slice(start, start + 64)
            loss = torch.nn.functional.cross_entropy(network(box.there(pictures[part])), box.there(labels[part]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        digest = hashlib.sha256()
        for parameter in network.parameters():
            digest.update(
                bytes(
                    bytearray(parameter.detach().cpu().contiguous().reshape(-1).view(-1).tolist().__repr__(), "ascii")
                )
            )
        return digest.hexdigest()

    ask = getattr(torch, "use_deterministic_algorithms", None) or getattr(torch, "set_deterministic", None)
    if box.cuda:
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
    try:
        if ask is not None:
            ask(True)
        first, second = once(), once()
    finally:
        if ask is not None:
            ask(False)
    box.figures["hash"] = first[:16]
    expect(first == second, "the same training gave two results: %s and %s" % (first[:16], second[:16]))


@test("amp-step")
def amp_step(box):
    """Mixed precision: a step with autocast, on the GPU with a scaler."""
    torch = box.torch
    box.needs(1, 6) if box.cuda else box.needs(1, 10)
    torch.manual_seed(11)
    network = box.there(_network(torch))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05)
    pictures, labels = drawn_digits(torch, 64, 12)
    pictures, labels = box.there(pictures), box.there(labels)
    kind = torch.float16 if box.cuda else torch.bfloat16
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scaler = torch.cuda.amp.GradScaler() if box.cuda else None
    losses = []
    for _ in range(12):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            area = torch.cuda.amp.autocast() if box.cuda else torch.autocast("cpu", dtype=kind)
        with area:
            out = network(pictures)
            loss = torch.nn.functional.cross_entropy(out.float(), labels)
        expect(out.dtype == kind, "under autocast the result's type is %s, not %s" % (out.dtype, kind))
        optimizer.zero_grad()
        if scaler is not None:
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
        else:
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
    box.figures["losses"] = [round(losses[0], 4), round(losses[-1], 4)]
    expect(all(math.isfinite(loss) for loss in losses), "the loss is no number")
    expect(losses[-1] < losses[0], "the loss does not fall: %.4f, %.4f" % (losses[0], losses[-1]))


# ---------------------------------------------------------------- full: libraries


@test("fft")
def fft(box):
    """There and back, and Parseval's equation. On the GPU this is cuFFT."""
    torch = box.torch
    signal = box.random(64, 1000, seed=13)
    device = box.there(signal)
    if box.version >= (1, 8):
        spectrum = torch.fft.fft(device)
        back = torch.fft.ifft(spectrum).real
        energy = spectrum.abs().double().pow(2).sum().item() / 1000
    else:
        spectrum = torch.rfft(device, 1, onesided=False)
        back = torch.irfft(spectrum, 1, onesided=False, signal_sizes=(1000,))
        energy = spectrum.double().pow(2).sum().item() / 1000
    near(box, "there and back", back, signal, 1e-5)
    wanted = signal.double().pow(2).sum().item()
    close("the energy of the spectrum over that of the signal", energy / wanted, 1.0, 1e-5)


@test("solver")
def solver(box):
    try:
        _solver(box)
    except RuntimeError as error:
        if "MAGMA" in str(error) and ("compil" in str(error) or "built" in str(error)):
            raise Skip("this torch is built without MAGMA and cuSOLVER")
        raise


def _solver(box):
    """A system of equations, Cholesky and eigenvalues. On the GPU this is cuSOLVER (or MAGMA)."""
    torch = box.torch
    half = box.random(128, 128, seed=14, dtype=torch.float64)
    matrix = half.matmul(half.t()) + 128 * torch.eye(128, dtype=torch.float64)
    right = box.random(128, 4, seed=15, dtype=torch.float64)
    device = box.there(matrix)
    newer = box.version >= (1, 9)
    solved = torch.linalg.solve(device, box.there(right)) if newer else torch.solve(box.there(right), device)[0]
    near(box, "the solved system", matrix.matmul(solved.cpu()), right, 1e-10)
    lower = torch.linalg.cholesky(device) if newer else torch.cholesky(device)
    near(box, "Cholesky", lower.matmul(lower.t()), matrix, 1e-12)
    values, vectors = torch.linalg.eigh(device) if newer else torch.symeig(device, eigenvectors=True)
    near(box, "eigenvalues", (vectors * values).matmul(vectors.t()), matrix, 1e-11)


@test("sparse")
def sparse(box):
    """A sparse matrix times a dense one. On the GPU this is cuSPARSE."""
    torch = box.torch
    dense = box.random(300, 200, seed=16)
    dense = dense * (dense > 1.0).to(torch.float32)
    factor = box.random(200, 50, seed=17)
    want = dense.double().matmul(factor.double())
    device = box.there(dense)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # CSR is called a beta
        near(box, "COO", torch.sparse.mm(device.to_sparse(), box.there(factor)), want, 1e-5)
        if box.version >= (1, 13):
            try:
                got = device.to_sparse_csr().matmul(box.there(factor))
            except (RuntimeError, NotImplementedError) as error:
                if box.cuda or "MKL" not in str(error):
                    raise
                box.figures["CSR"] = "this build has none on the CPU"
            else:
                near(box, "CSR", got, want, 1e-5)


@test("random")
def random(box):
    """A seed gives the same bits again; mean and variance are those of the distribution. On the GPU this is cuRAND."""
    torch = box.torch
    count = 10**7 if box.cuda else 10**6

    def numbers():
        torch.manual_seed(18)
        return torch.randn(count, device=box.device)

    first = numbers()
    expect(torch.equal(first, numbers()), "the same seed gave other numbers")
    doubled = first.double()
    close("the mean", doubled.mean().item(), 0.0, 5 / math.sqrt(count))
    close("the variance", doubled.var().item(), 1.0, 5 * math.sqrt(2.0 / count))


@test("pinned-streams")
def pinned_streams(box):
    """Pinned memory copied on a side stream; events put the work in order."""
    box.needs_cuda()
    torch = box.torch
    sent = torch.arange(1 << 22, dtype=torch.int32).pin_memory()
    expect(sent.is_pinned(), "pin_memory() did not pin")
    side = torch.cuda.Stream()
    for turn in range(4):
        with torch.cuda.stream(side):
            there = sent.to(box.device, non_blocking=True)
            copied = torch.cuda.Event()
            copied.record(side)
        torch.cuda.current_stream().wait_event(copied)
        there.record_stream(torch.cuda.current_stream())
        result = there * 3 + turn
        back = torch.empty(1 << 22, dtype=torch.int32).pin_memory()
        back.copy_(result, non_blocking=True)
        torch.cuda.current_stream().synchronize()
        same(box, "what came back", back, sent * 3 + turn)


@test("graph-replay")
def graph_replay(box):
    """A captured CUDA graph gives what the same steps give one by one."""
    box.needs_cuda()
    box.needs(1, 10)
    torch = box.torch
    precise(box, True)
    weight = box.there(box.random(256, 256, seed=19))
    given = box.there(box.random(64, 256, seed=20))
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            torch.relu(given.matmul(weight))
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        out = torch.relu(given.matmul(weight))
    for turn in range(10):
        given.copy_(box.there(box.random(64, 256, seed=21 + turn)))
        graph.replay()
        near(box, "replayed", out, torch.relu(given.matmul(weight)), 1e-5)


@test("attention")
def attention(box):
    """Scaled dot-product attention by each of torch's ways that this device has."""
    box.needs(2, 0)
    torch = box.torch
    kind = torch.float32
    if box.cuda:
        kind = torch.bfloat16 if box.hip or box.capability >= (8, 0) else torch.float16
    query, key, value = [box.random(2, 4, 128, 64, seed=30 + one).to(kind) for one in range(3)]
    scores = query.double().matmul(key.double().transpose(-1, -2)) / 8.0
    want = scores.softmax(-1).matmul(value.double())
    limit = 2e-2 if kind is not torch.float32 else 1e-5
    attend = torch.nn.functional.scaled_dot_product_attention
    near(box, "default", attend(box.there(query), box.there(key), box.there(value)), want, limit)
    try:
        from torch.nn.attention import SDPBackend, sdpa_kernel
    except ImportError:
        return
    for name in ("MATH", "FLASH_ATTENTION", "EFFICIENT_ATTENTION", "CUDNN_ATTENTION"):
        backend = getattr(SDPBackend, name, None)
        if backend is None:
            continue
        short = name.split("_")[0].lower()
        try:
            with warnings.catch_warnings(), sdpa_kernel(backend):
                warnings.simplefilter("ignore")
                got = attend(box.there(query), box.there(key), box.there(value))
        except RuntimeError as error:
            # A way that was asked for by name may refuse this GPU, this shape or this type: each in words of its own.
            if "CUDA error" in str(error):
                raise
            box.figures[short] = "not on this device"
            continue
        near(box, short, got, want, limit)


@test("compile")
def compiled(box):
    """torch.compile makes code for a pointwise and a reducing function, and it computes the same."""
    box.needs(2, 0)
    torch = box.torch
    if box.cuda and not box.hip and box.capability < (7, 0):
        raise Skip("Triton needs a GPU of compute capability 7.0 or newer")
    _toolchain(box)

    def function(x):
        return (torch.relu(x) * 2 + 1).sum(dim=1)

    given = box.random(64, 257, seed=40)
    try:
        fast = torch.compile(function)
    except RuntimeError as error:
        if "not supported" in str(error) or "not yet supported" in str(error):
            raise Skip(_words(error))
        raise
    near(box, "compiled", fast(box.there(given)), function(given.double()), 1e-5)


def _toolchain(box):
    """A compiler and Python's headers, without which nothing can be compiled: no fault of torch."""
    import shutil
    import sysconfig

    named = os.environ.get("CC" if box.cuda else "CXX")
    usual = ("gcc", "cc", "clang") if box.cuda else ("g++", "c++", "clang++")
    if not any(shutil.which(one) for one in ((named,) if named else usual)):
        raise Skip("no C++ compiler was found" if not box.cuda else "no C compiler was found")
    header = os.path.join(sysconfig.get_paths()["include"], "Python.h")
    if box.cuda and not os.path.exists(header):
        raise Skip("Python's headers are not installed: %s is missing" % header)
    if box.cuda and not box.hip:
        try:
            import triton
        except ImportError as error:
            raise Skip("Triton is not installed: %s" % _words(error))
        box.figures["triton"] = getattr(triton, "__version__", None)


_TRITON = """
import triton
import triton.language as tl

@triton.jit
def add(left, right, out, count, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < count
    tl.store(out + at, tl.load(left + at, mask=inside) + tl.load(right + at, mask=inside), mask=inside)
"""


@test("triton")
def triton_kernel(box):
    """A kernel of Triton's own, without torch.compile."""
    box.needs_cuda()
    box.needs(2, 0)
    if not box.hip and box.capability < (7, 0):
        raise Skip("Triton needs a GPU of compute capability 7.0 or newer")
    _toolchain(box)
    torch = box.torch
    # Triton reads the kernel's text from its file.
    folder = box.job.get("scratch") or "."
    with open(os.path.join(folder, "cudadoctor_triton_add.py"), "w") as out:
        out.write(_TRITON)
    sys.path.insert(0, folder)
    try:
        import cudadoctor_triton_add as made
    finally:
        sys.path.remove(folder)
    count = 100003
    left, right = (torch.arange(count, dtype=torch.int32) * factor for factor in (1, 3))
    result = torch.empty(count, dtype=torch.int32, device=box.device)
    made.add[((count + 1023) // 1024,)](box.there(left), box.there(right), result, count, BLOCK=1024)
    same(box, "Triton's sum", result, left + right)


class Blocks:
    """A data set of blocks that hold their own number."""

    def __init__(self, torch):
        self.torch = torch

    def __len__(self):
        return 48

    def __getitem__(self, place):
        return self.torch.full((1 << 15,), float(place))


@test("data-loader")
def data_loader(box):
    """Two workers hand tensors over in shared memory; on the GPU by pinned memory."""
    torch = box.torch
    loader = torch.utils.data.DataLoader(
        Blocks(torch), batch_size=8, num_workers=2, pin_memory=box.cuda, multiprocessing_context="fork", timeout=30
    )
    total = torch.zeros(1, dtype=torch.float64)
    for batch in loader:
        if box.cuda:
            expect(batch.is_pinned(), "a batch is not in pinned memory")
        total += batch.to(box.device, non_blocking=True).double().sum().cpu()
    close("the sum over all batches", total.item(), float((1 << 15) * 47 * 24), 0.0)


# ---------------------------------------------------------------- figures


@test("copy-rate")
def copy_rate(box):
    """How fast bytes go to the device and back. Information only."""
    torch = box.torch
    size = 1 << 28 if box.cuda else 1 << 26
    here = torch.empty(size, dtype=torch.uint8)
    here.fill_(1)
    if box.cuda:
        here = here.pin_memory()
    there = torch.empty(size, dtype=torch.uint8, device=box.device)
    for name, target, source in (("to the device", there, here), ("from the device", here, there)):
        best = 0.0
        for _ in range(3):
            box.sync()
            start = time.time()
            target.copy_(source, non_blocking=True)
            box.sync()
            best = max(best, size / max(time.time() - start, 1e-9) / 1e9)
        box.figures[name + " GB/s"] = round(best, 2)


@test("matmul-rate")
def matmul_rate(box):
    """How fast matrices are multiplied. Information only."""
    torch = box.torch
    precise(box, True)
    kinds = [("fp32", torch.float32)]
    if box.cuda and (box.hip or box.capability >= (7, 0)):
        kinds.append(("bf16", torch.bfloat16) if box.hip or box.capability >= (8, 0) else ("fp16", torch.float16))
    size = 4096 if box.cuda else 512
    for name, kind in kinds:
        left = torch.ones(size, size, dtype=kind, device=box.device)
        torch.matmul(left, left)
        box.sync()
        done, start = 0, time.time()
        while time.time() - start < 0.4:
            for _ in range(5):
                torch.matmul(left, left)
            box.sync()
            done += 5
        box.figures[name + " TFLOP/s"] = round(2.0 * size**3 * done / (time.time() - start) / 1e12, 3)


# ---------------------------------------------------------------- several GPUs


@test("peer-access")
def peer_access(box):
    """Bytes from each GPU to each other one, and back: equal bit for bit, by whatever way the driver takes."""
    box.needs_cuda()
    torch = box.torch
    count = torch.cuda.device_count()
    if count < 2:
        raise Skip("there is one GPU")
    pattern = torch.arange(1 << 22, dtype=torch.int32) * 2654435 + 12345
    direct = []
    for one in range(count):
        for other in range(count):
            if one == other:
                continue
            ask = getattr(torch.cuda, "can_device_access_peer", None)
            if ask is not None and ask(one, other):
                direct.append("%d-%d" % (one, other))
            source = pattern.to("cuda:%d" % one)
            arrived = source.to("cuda:%d" % other)
            torch.cuda.synchronize(one)
            torch.cuda.synchronize(other)
            same(box, "from GPU %d to GPU %d" % (one, other), arrived, pattern)
            back = arrived.to("cuda:%d" % one)
            torch.cuda.synchronize(one)
            same(box, "back from GPU %d to GPU %d" % (other, one), back, pattern)
    box.figures["direct"] = direct


@test("all-reduce")
def all_reduce(box):
    """A sum over all processes, exact in integers. On GPUs this is NCCL, on the CPU gloo."""
    import datetime

    torch = box.torch
    rank, world = int(box.job.get("rank", 0)), int(box.job.get("world", 1))
    spread = getattr(torch, "distributed", None)
    if spread is None or not spread.is_available():
        raise Skip("this torch is built without torch.distributed")
    backend = "nccl" if box.cuda else "gloo"
    if box.cuda and not getattr(spread, "is_nccl_available", lambda: True)():
        raise Skip("this torch is built without NCCL")
    if not box.cuda:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    place = "cuda:%d" % rank if box.cuda else "cpu"
    if box.cuda:
        torch.cuda.set_device(rank)
    store = "file://" + os.path.join(box.job["scratch"], "all-reduce")
    spread.init_process_group(
        backend, init_method=store, rank=rank, world_size=world, timeout=datetime.timedelta(seconds=60)
    )
    wanted = world * (world + 1) // 2
    for size in (1, 1 << 18, 1 << 24 if box.cuda else 1 << 20):
        values = torch.full((size,), rank + 1, dtype=torch.int32, device=place)
        spread.all_reduce(values)
        box.sync()
        same(
            box,
            "the sum over %d processes of %d numbers" % (world, size),
            values,
            torch.full((size,), wanted, dtype=torch.int32),
        )
    spread.barrier()
    spread.destroy_process_group()
    box.figures.update(processes=world, backend=backend)


# ---------------------------------------------------------------- burn


@test("burn")
def burn(box):
    """The same product again and again, and patterns through the free memory, for a given time: never another bit."""
    torch = box.torch
    precise(box, True)
    seconds = float(box.job.get("seconds", 60))
    size = 4096 if box.cuda else 384
    kind = torch.float16 if box.cuda and (box.hip or box.capability >= (7, 0)) else torch.float32
    left, right = (
        box.there(box.random(size, size, seed=50).to(kind)),
        box.there(box.random(size, size, seed=51).to(kind)),
    )
    first = torch.matmul(left, right)
    end, turns, swept = time.time() + seconds, 0, 0
    told = 0.0
    while time.time() < end:
        for _ in range(20 if box.cuda else 2):
            again = torch.matmul(left, right)
        if not torch.equal(again, first):
            raise Wrong("after %d products the same product is another: the GPU computes wrongly" % (turns + 1))
        turns += 20 if box.cuda else 2
        if time.time() - told > 5:
            told = time.time()
            swept += _sweep(box, 0x55 if turns % 40 else 0xAA)
    box.figures.update(products=turns, swept_mib=swept >> 20)


def _sweep(box, pattern):
    torch = box.torch
    size = 1 << 24
    if box.cuda and hasattr(torch.cuda, "mem_get_info"):
        torch.cuda.empty_cache()
        size = int(torch.cuda.mem_get_info(0)[0] * 0.8)
    block, swept = 1 << 28, 0
    kept = []
    try:
        while swept < size:
            kept.append(torch.full((min(block, size - swept),), pattern, dtype=torch.uint8, device=box.device))
            swept += kept[-1].numel()
    except RuntimeError as error:
        if "out of memory" not in str(error):
            raise
    for one in kept:
        wrong = int((one != pattern).sum().item())
        if wrong:
            raise Wrong("%d bytes of memory did not keep the pattern 0x%02X" % (wrong, pattern))
    return swept


# ---------------------------------------------------------------- running


def _words(error):
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = ""
    return (type(error).__name__ + ": " + text)[:_LONGEST] if text else type(error).__name__


def _poisoned(box):
    """Whether the context is beyond use: then everything after this would fail as well."""
    if not box.cuda:
        return False
    try:
        box.torch.cuda.synchronize()
        return (box.torch.ones(1, device=box.device) + 1).item() != 2
    except Exception:
        return True


def run_one(box, name, say):
    """One test, with its lines. True where the process is of no more use."""
    say("begin", test=name)
    box.figures = {}
    start = time.time()
    outcome, message, poisoned, wrong = "pass", None, False, False
    threads, settings = None, _settings(box.torch)
    try:
        if name not in _TESTS:
            raise Skip("this child has no such test")
        if not box.cuda and name in _SMALL:
            threads = box.torch.get_num_threads()
            box.torch.set_num_threads(1)
        _TESTS[name](box)
        if name not in _SURVEY:  # these make no context
            box.sync()
    except Skip as reason:
        outcome, message = "skip", str(reason)
    except Wrong as reason:
        outcome, message, wrong = "fail", str(reason), True
    except Exception as error:
        outcome, message = "fail", _words(error)
    seconds = time.time() - start
    _put_back(settings)
    if threads is not None:
        box.torch.set_num_threads(threads)
    if outcome == "fail":
        poisoned = name not in _SURVEY and _poisoned(box)
    say(
        "end",
        test=name,
        outcome=outcome,
        seconds=round(seconds, 4),
        message=message and message[:_LONGEST],
        figures=box.figures,
        wrong=wrong,
        poisoned=poisoned,
    )
    # A device that cannot be touched needs no further tests.
    return poisoned or (name == "first-touch" and outcome == "fail")


def _speaker(out):
    def say(step, **values):
        values["step"] = step
        # A line end first: something may have been printed before, without one.
        line = b"\n" + json.dumps(values, default=str).encode("ascii", "replace") + b"\n"
        while line:
            line = line[os.write(out, line) :]

    return say


def _import(say):
    say("begin", test="import")
    start = time.time()
    try:
        import torch
    except BaseException as error:
        say("end", test="import", outcome="fail", seconds=round(time.time() - start, 4), message=_words(error))
        return None
    figures = {
        "torch": str(getattr(torch, "__version__", None)),
        "file": getattr(torch, "__file__", None),
        "python": "%d.%d.%d" % sys.version_info[:3],
    }
    say("end", test="import", outcome="pass", seconds=round(time.time() - start, 4), message=None, figures=figures)
    return torch


def _end(status):
    try:
        sys.stderr.flush()
    except Exception:
        pass
    # Not sys.exit: what torch does at the end of a process is no part of the question, and can hang or crash.
    os._exit(status)


def main():
    """Run the job. `import` comes first in every process, then `first-touch` where anything computes."""
    out = os.dup(1)
    os.dup2(2, 1)
    say = _speaker(out)
    try:
        import faulthandler

        faulthandler.enable()
    except Exception:
        pass
    job = json.loads(sys.argv[2])
    scratch = job.get("scratch")
    for name in ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "PYTORCH_KERNEL_CACHE_PATH") if scratch else ():
        # Nothing is left behind in the user's caches, and nothing of theirs is taken for a compilation that worked.
        os.environ[name] = os.path.join(scratch, name.lower())
    if "deterministic-training" in job["tests"]:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS reads it once, when it starts
    torch = _import(say)
    if torch is None:
        _end(0)
    box = Box(torch, job)
    for name in job["tests"]:
        if run_one(box, name, say):
            _end(0)
    say("done")
    _end(0)


if __name__ == "__main__":
    main()
