"""Runs single tests of child.py with a fault planted in torch: a program of its own, for an environment with torch.

`python plant.py CHILD SCRATCH [NAME …]` prints a line of JSON for each case: the test without its fault, then with it.
torch is imported once; each case runs in a process forked from this one. What needs a GPU runs on the CPU with
stand-ins for the few functions of `torch.cuda` that it calls, which shows that the test judges rightly, not that a GPU
works.
"""

import contextlib
import importlib.util
import json
import os
import signal
import sys
import types

import torch

CASES = {}


def case(test, gpu=False):
    def mark(function):
        CASES[function.__name__.replace("_", "-")] = (test, gpu, function)
        return function

    return mark


def bend(owner, name, change):
    """Put `change(old)` in the place of an attribute."""
    setattr(owner, name, change(getattr(owner, name)))


def off_by_one(old):
    return lambda *args, **options: old(*args, **options) + 1


def nan(old):
    return lambda *args, **options: old(*args, **options) * float("nan")


def refuses(text, kind=RuntimeError):
    def change(_):
        def act(*_args, **_options):
            raise kind(text)

        return act

    return change


@case("build")
def build_for_the_cpu(box, child):
    box.cuda = True


@case("libraries")
def numpy_not_understood(box, child):
    bend(torch, "from_numpy", refuses("Numpy is not available"))


@case("devices", gpu=True)
def one_gpu_of_two(box, child):
    torch.cuda.device_count = lambda: 1


@case("devices", gpu=True)
def no_gpu_at_all(box, child):
    torch.cuda.is_available = lambda: False
    torch.cuda.init = refuses("Found no NVIDIA driver on your system")(None)


@case("first-touch")
def no_kernel_image(box, child):
    bend(torch, "zeros", refuses("CUDA error: no kernel image is available for execution on the device"))


@case("properties", gpu=True)
def another_name(box, child):
    box.job["known"] = {"name": "NVIDIA Other", "capability": "8.0"}


@case("memory-patterns")
def a_bit_flips(box, child):
    bend(torch.Tensor, "clone", lambda old: lambda self: _flipped(old(self)))


def _flipped(tensor):
    tensor[12345] ^= 4
    return tensor


@case("integer-kernel")
def a_lost_element(box, child):
    bend(
        torch.Tensor,
        "__mul__",
        lambda old: lambda self, other: _zeroed(old(self, other)) if other == 2 else old(self, other),
    )


def _zeroed(tensor):
    tensor = tensor.clone()
    tensor[77] = 0
    return tensor


def _short(old):
    """A product that is computed in bf16 where it ought not to be."""

    def act(left, right):
        if left.dtype is torch.float64:
            return old(left, right)
        return old(left.to(torch.bfloat16), right.to(torch.bfloat16)).to(left.dtype)

    return act


@case("matmul-fp32")
def a_wrong_type_inside(box, child):
    bend(torch, "matmul", _short)


@case("matmul-fp32")
def tf32_where_fp32_was_asked(box, child):
    bend(torch, "matmul", lambda old: lambda left, right: old(_tf32(left), _tf32(right)))


def _tf32(tensor):
    """Ten bits of mantissa, as the tensor cores take it."""
    if tensor.dtype is not torch.float32:
        return tensor
    return ((tensor.view(torch.int32) + 0x1000) & ~0x1FFF).view(torch.float32)


@case("matmul-tf32", gpu=True)
def bf16_in_place_of_tf32(box, child):
    bend(torch, "matmul", _short)


@case("matmul-fp16")
def a_nan_in_fp16(box, child):
    bend(
        torch,
        "matmul",
        lambda old: lambda left, right: nan(old)(left, right) if left.dtype is torch.float16 else old(left, right),
    )


@case("matmul-bf16")
def the_product_in_fp32(box, child):
    bend(
        torch,
        "matmul",
        lambda old: (
            lambda left, right: old(left.float(), right.float()) if left.dtype is torch.bfloat16 else old(left, right)
        ),
    )


@case("matmul-fp64")
def fp64_in_fp32(box, child):
    def change(old):
        calls = []

        def act(left, right):
            calls.append(1)
            return old(left.float(), right.float()).double() if len(calls) == 1 else old(left, right)

        return act

    bend(torch, "matmul", change)


@case("convolution")
def a_gradient_too_large(box, child):
    real = torch.nn.functional.conv2d

    def act(image, weight, bias, padding):
        if image.dtype is torch.float32:
            weight.register_hook(lambda grad: grad * 1.01)
        return real(image, weight, bias, padding=padding)

    torch.nn.functional.conv2d = act


@case("convolution")
def cudnn_does_not_start(box, child):
    bend(torch.nn.functional, "conv2d", refuses("cuDNN error: CUDNN_STATUS_NOT_INITIALIZED"))


@case("linear-regression")
def half_the_loss(box, child):
    bend(torch.nn.functional, "mse_loss", lambda old: lambda *args: old(*args) / 2)


@case("linear-regression")
def the_sum_of_the_losses(box, child):
    bend(torch.nn.functional, "mse_loss", lambda old: lambda *args: old(*args) * 100)


@case("memory-returns", gpu=True)
def memory_stays(box, child):
    counts = iter((0, 8 << 24, 5 << 20))
    torch.cuda.memory_allocated = lambda *_: next(counts)


@case("tensor-types")
def truth_is_not_kept(box, child):
    bend(torch.Tensor, "is_floating_point", lambda old: lambda self: True)


@case("tensor-ranks")
def a_rank_too_many(box, child):
    bend(torch.Tensor, "dim", lambda old: lambda self: old(self) + 1)


@case("tensor-creation")
def numpy_is_copied(box, child):
    bend(torch, "from_numpy", lambda old: lambda array: old(array).clone())


@case("tensor-defaults")
def the_default_stays(box, child):
    torch.set_default_dtype = lambda kind: None


@case("tensor-filled")
def linspace_without_its_end(box, child):
    bend(torch, "linspace", lambda old: lambda start, end, steps, **more: old(start, end, steps + 1, **more)[:steps])


@case("full-dtype")
def full_of_floats(box, child):
    bend(torch, "full", lambda old: lambda *args, **more: old(*args, **more).float())


@case("tensor-empty")
def an_empty_double(box, child):
    bend(torch, "empty", lambda old: lambda *args, **more: old(*args, **more).double())


@case("tensor-random")
def rand_is_one(box, child):
    bend(torch, "rand", lambda old: lambda *args, **more: old(*args, **more) * 0 + 1)


@case("tensor-permutation")
def an_index_twice(box, child):
    bend(torch, "randperm", lambda old: lambda count, **more: old(count, **more).clamp(max=count - 2))


@case("tensor-errors")
def a_warning_in_place_of_an_error(box, child):
    import warnings

    def act(*args, **more):
        warnings.warn("two numbers were given", stacklevel=2)

    bend(torch, "tensor", lambda old: lambda *args, **more: act() if len(args) == 2 else old(*args, **more))


@case("tensor-errors")
def an_error_of_another_type(box, child):
    bend(torch, "tensor", lambda old: lambda *args, **more: int("x") if len(args) == 2 else old(*args, **more))


@case("digits")
def a_nan_in_the_loss(box, child):
    bend(torch.nn.functional, "cross_entropy", nan)


@case("digits")
def nothing_is_learned(box, child):
    torch.optim.Adam.step = lambda self: None


@case("deterministic-training")
def noise_in_a_step(box, child):
    bend(torch.nn.functional, "cross_entropy", lambda old: lambda *args: old(*args) + next(_NOISE) * args[0].sum())


_NOISE = (one * 1e-3 for one in range(1000))


@case("amp-step")
def autocast_without_effect(box, child):
    torch.autocast = lambda *args, **more: contextlib.nullcontext()


@case("fft")
def another_scale(box, child):
    bend(torch.fft, "ifft", lambda old: lambda spectrum: old(spectrum) * 1.001)


@case("solver")
def a_wrong_solution(box, child):
    bend(torch.linalg, "solve", off_by_one)


@case("solver")
def cusolver_refuses(box, child):
    bend(torch.linalg, "cholesky", refuses("cusolver error: CUSOLVER_STATUS_EXECUTION_FAILED"))


@case("sparse")
def a_row_lost(box, child):
    bend(torch.sparse, "mm", lambda old: lambda *args: torch.cat([old(*args)[:-1], old(*args)[:1] * 0]))


@case("random")
def the_seed_does_nothing(box, child):
    torch.manual_seed = lambda seed: None


@case("pinned-streams", gpu=True)
def a_copy_that_is_not_waited_for(box, child):
    bend(
        torch.Tensor,
        "to",
        lambda old: lambda self, *args, **more: old(self) * 0 if more.get("non_blocking") else old(self, *args, **more),
    )


@case("graph-replay", gpu=True)
def a_graph_that_does_nothing(box, child):
    torch.cuda.CUDAGraph.replay = lambda self: None


@case("attention")
def a_backend_without_scale(box, child):
    real = torch.nn.functional.scaled_dot_product_attention
    torch.nn.functional.scaled_dot_product_attention = lambda *args: real(*args, scale=1.0)


@case("compile")
def compiled_to_something_else(box, child):
    torch.compile = lambda function: lambda x: function(x) * 1.01


@case("triton", gpu=True)
def a_kernel_that_skips_the_tail(box, child):
    sys.modules["triton"].wrong = 1


@case("data-loader")
def a_worker_hands_over_other_bytes(box, child):
    real = child.Blocks.__getitem__
    child.Blocks.__getitem__ = lambda self, place: real(self, place) + (place == 3)


@case("data-loader")
def a_worker_dies(box, child):
    def act(self, place):
        os.kill(os.getpid(), signal.SIGKILL)

    child.Blocks.__getitem__ = act


@case("copy-rate")
def out_of_memory(box, child):
    bend(torch, "empty", refuses("CUDA out of memory. Tried to allocate 256.00 MiB"))


@case("matmul-rate")
def cublas_does_not_start(box, child):
    bend(torch, "matmul", refuses("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`"))


@case("peer-access", gpu=True)
def a_link_that_changes_bytes(box, child):
    bend(
        torch.Tensor,
        "to",
        lambda old: lambda self, place: _flipped(self.clone()) if place == "cuda:1" else old(self, place),
    )


@case("all-reduce")
def a_sum_without_the_others(box, child):
    torch.distributed.all_reduce = lambda values: values.add_(1)


@case("burn")
def now_and_then_another_bit(box, child):
    box.job["seconds"] = 1.0
    calls = []

    def change(old):
        def act(left, right):
            calls.append(1)
            return old(left, right) + (len(calls) == 9) * 1e-3

        return act

    bend(torch, "matmul", change)


def stand_in_for_a_gpu(box, child):
    """The functions of torch.cuda that the tests call, on the CPU."""
    cuda = torch.cuda
    box.cuda = True
    gpu = types.SimpleNamespace(name="NVIDIA Stand-in", total_memory=8 << 30, major=8, minor=0, multi_processor_count=1)
    cuda.is_available = lambda: True
    cuda.device_count = lambda: 2
    cuda.get_device_properties = lambda index: gpu
    cuda.get_device_capability = lambda index: (8, 0)
    cuda.synchronize = lambda *_: None
    cuda.empty_cache = lambda: None
    cuda.can_device_access_peer = lambda one, other: True
    counts = iter((0, 8 << 24, 0))
    cuda.memory_allocated = lambda *_: next(counts)
    stream = types.SimpleNamespace(
        wait_event=lambda event: None, synchronize=lambda: None, wait_stream=lambda other: None
    )
    cuda.Stream = lambda: stream
    cuda.current_stream = lambda: stream
    cuda.stream = lambda one: contextlib.nullcontext()
    cuda.Event = lambda: types.SimpleNamespace(record=lambda stream: None)
    cuda.graph = lambda graph: contextlib.nullcontext()
    cuda.CUDAGraph = type("CUDAGraph", (), {"replay": _replay})
    torch.Tensor.pin_memory = lambda self: self
    torch.Tensor.is_pinned = lambda self: True
    torch.Tensor.record_stream = lambda self, stream: None
    real = torch.Tensor.to
    torch.Tensor.to = lambda self, *args, **more: real(
        self.clone(), *("cpu" if "cuda" in str(one) else one for one in args), **more
    )
    child._from_libcuda = lambda box: box.figures.update({"driver count": 2})
    child._toolchain = lambda box: None
    triton = types.ModuleType("triton")
    triton.language = types.ModuleType("triton.language")
    triton.language.constexpr = int
    triton.wrong = 0
    triton.jit = lambda function: _Kernel()
    sys.modules.update({"triton": triton, "triton.language": triton.language})


class _Kernel:
    def __getitem__(self, grid):
        def launch(left, right, out, count, BLOCK):  # noqa: N803
            done = count - sys.modules["triton"].wrong
            out.zero_()
            out[:done] = left[:done] + right[:done]

        return launch


def _replay(self):
    """What a captured graph does, as the test has it."""
    mine = sys._getframe(1).f_locals
    mine["out"].copy_(torch.relu(mine["given"].matmul(mine["weight"])))


def run(child, name, scratch, *, planted):
    """One case, in a process of its own; the line that ends its test."""
    test, gpu, fault = CASES[name]
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            os.dup2(2, 1)
            box = child.Box(torch, {"device": "cpu", "scratch": scratch, "rank": 0, "world": 1, "seconds": 0.2})
            if gpu:
                stand_in_for_a_gpu(box, child)
            if planted:
                fault(box, child)
            child.run_one(box, test, child._speaker(writing))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        lines = [json.loads(line) for line in stream if line.strip()]
    os.waitpid(pid, 0)
    end = next((line for line in lines if line["step"] == "end"), {"test": test, "outcome": "lost", "message": None})
    return {
        "case": name,
        "planted": planted,
        "test": test,
        "outcome": end["outcome"],
        "message": end["message"],
        "wrong": end.get("wrong"),
    }


def main():
    spec = importlib.util.spec_from_file_location("smoke_child", sys.argv[1])
    child = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    sys.modules["smoke_child"] = child
    spec.loader.exec_module(child)
    torch.set_num_threads(1)
    wanted = sys.argv[3:] or list(CASES)
    sound = {}
    for name in wanted:
        test = CASES[name][0]
        scratch = os.path.join(sys.argv[2], name)
        os.makedirs(scratch)
        # Sound once a test; `compile` takes long and is run by hand.
        if test not in sound and test not in ("compile", "digits", "build"):
            sound[test] = True
            print(json.dumps(run(child, name, scratch, planted=False)), flush=True)
            for left in os.listdir(scratch):
                os.unlink(os.path.join(scratch, left))
        print(json.dumps(run(child, name, scratch, planted=True)), flush=True)


if __name__ == "__main__":
    main()
