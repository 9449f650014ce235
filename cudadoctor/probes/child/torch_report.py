"""Imports torch and says what it answers, one JSON object a line, each as soon as it is known.

Run as `python - torch_report/1` with this text on stdin, by the examined environment's own python (3.6 and newer), in
the user's environment variables. Standard library alone until `import torch`. Lines go to the standard output that the
process was born with; what anybody else prints there goes to standard error. The line that begins a step is written
before the step is taken: after a hang or a crash the last one tells where that was. The lines, by `step`:

start            version, executable, prefix, shadow (what hides torch in the current directory)
import           then import-error (type, text) and the end, or imported (version, file, cuda, hip, archs, seconds)
cuda-init        then cuda (available, warnings, error)
devices          then counted (count), and for each device (index, name, major, minor)
cudnn            then cudnn-version (number)
end
"""

import os
import sys

# `python -` searches the current directory first, and a json.py there would be taken for the library's.
if sys.path and sys.path[0] == "":
    del sys.path[0]
_OUT = os.dup(1)
os.dup2(2, 1)

import json  # noqa: E402

_LONGEST = 4000
_MOST_DEVICES = 64


def _say(step, **values):
    values["step"] = step
    # A line end first: something may have been printed before this script began, without one.
    line = b"\n" + json.dumps(values, default=str).encode("ascii", "replace") + b"\n"
    while line:
        line = line[os.write(_OUT, line) :]


def _end(status):
    try:
        sys.stderr.flush()
    except Exception:
        pass
    # Not sys.exit: what torch does at the end of a process is no part of the question, and can hang or crash.
    os._exit(status)


def _words(error):
    try:
        text = str(error)
    except Exception:
        text = ""
    return (type(error).__name__ + ": " + text)[:_LONGEST] if text else type(error).__name__


def _shadow():
    """A torch in the current directory, which programs started there would import instead of the installed one."""
    try:
        here = os.getcwd()
        names = os.listdir(here)
    except OSError:
        return None
    if "torch" in names and os.path.isfile(os.path.join(here, "torch", "__init__.py")):
        return os.path.join(here, "torch", "__init__.py")
    for name in sorted(names):
        if name == "torch.py" or (name.startswith("torch.") and name.endswith(".so")):
            return os.path.join(here, name)
    return None


def _start():
    version = ".".join(str(part) for part in sys.version_info[:3])
    _say("start", version=version, executable=sys.executable, prefix=sys.prefix, shadow=_shadow())
    if sys.version_info < (3, 6):
        _say("unsupported", text="Python " + version + " is older than 3.6")
        _end(0)
    try:
        import faulthandler

        faulthandler.enable()
    except Exception:
        pass


def _import():
    import time

    _say("import")
    begin = time.time()
    try:
        import torch
    except BaseException as error:
        _say("import-error", type=type(error).__name__, text=_words(error))
        _end(0)
        raise
    seconds = round(time.time() - begin, 3)
    version = getattr(torch, "version", None)
    _say(
        "imported",
        version=str(getattr(torch, "__version__", "")) or None,
        file=getattr(torch, "__file__", None),
        cuda=getattr(version, "cuda", None),
        hip=getattr(version, "hip", None),
        archs=_archs(torch),
        seconds=seconds,
    )
    return torch


def _archs(torch):
    """The architectures that the build has code for. torch's own get_arch_list() is empty where there is no GPU."""
    try:
        return torch._C._cuda_getArchFlags()  # noqa: SLF001
    except Exception:
        return None


def _cuda(torch):
    import warnings

    _say("cuda-init")
    error = None
    available = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            available = bool(torch.cuda.is_available())
        except BaseException as reason:
            error = _words(reason)
        version = getattr(torch, "version", None)
        built = getattr(version, "cuda", None) or getattr(version, "hip", None)
        if not available and error is None and built:
            error = _swallowed(torch)
    texts = []
    for warning in caught[:20]:
        try:
            texts.append(str(warning.message)[:_LONGEST])
        except Exception:
            pass
    _say("cuda", available=available, warnings=texts, error=error)
    return available


def _swallowed(torch):
    """What is_available() kept to itself: the same initialisation, asked for in the way that raises."""
    try:
        initialise = getattr(torch.cuda, "init", None) or torch._C._cuda_init  # noqa: SLF001
        initialise()
    except BaseException as reason:
        return _words(reason)
    return None


def _devices(torch, available):
    import warnings

    _say("devices")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            count = int(torch.cuda.device_count())
        except BaseException as reason:
            _say("counted", count=None, error=_words(reason))
            return
        _say("counted", count=count)
        for index in range(min(count, _MOST_DEVICES) if available else 0):
            try:
                major, minor = torch.cuda.get_device_capability(index)
                name = torch.cuda.get_device_name(index)
            except BaseException as reason:
                _say("device", index=index, error=_words(reason))
            else:
                _say("device", index=index, name=str(name), major=int(major), minor=int(minor))


def _cudnn(torch):
    _say("cudnn")
    try:
        number = torch.backends.cudnn.version()
    except BaseException as reason:
        _say("cudnn-version", number=None, error=_words(reason))
    else:
        _say("cudnn-version", number=number)


_start()
_torch = _import()
_available = _cuda(_torch)
_devices(_torch, _available)
_cudnn(_torch)
_say("end")
_end(0)
