"""Loads libcuda.so.1 as the loader finds it, and says what it answers.

Run as `python -I -S - libcuda_report/1` with this text on stdin. Standard library only, Python 3.6 and newer. It
creates no CUDA context and changes nothing. Each answer is a line with a JSON object, printed as soon as it is known. A
line with `step` alone says that the step was begun: after a hang or a crash the last line tells how far it came. The
steps: load, loaded (path), load-error (text), version (value), cuinit (code), count (value), device, end.
"""

import sys

try:
    from _json import encode_basestring_ascii as quote  # a tenth of the time of `import json`
except ImportError:
    from json import dumps as quote

LIBRARY = "libcuda.so.1"
COMPUTE_CAPABILITY_MAJOR = 75  # CUdevice_attribute, cuda.h
COMPUTE_CAPABILITY_MINOR = 76
MOST_DEVICES = 256


def say(step, **values):
    """One line, at once."""
    parts = ['"step": ' + quote(step)]
    for key, value in values.items():
        shown = "null" if value is None else str(value) if isinstance(value, int) else quote(value)
        parts.append(quote(key) + ": " + shown)
    sys.stdout.write("{" + ", ".join(parts) + "}\n")
    sys.stdout.flush()


def words(error):
    """The text of an error, as UTF-8 can hold it."""
    return str(error).encode("utf-8", "replace").decode("utf-8", "replace")[:2000]


def path_of(address):
    """The file that is mapped at an address: the library that was really loaded, links resolved."""
    try:
        with open("/proc/self/maps", "rb") as maps:
            for line in maps:
                fields = line.split(None, 5)
                first, _, last = fields[0].partition(b"-")
                if len(fields) == 6 and int(first, 16) <= address < int(last, 16):
                    return fields[5].strip().decode("utf-8", "replace")
    except (OSError, ValueError):
        pass
    return None


def number(ctypes, function, *arguments):
    """The int that a function writes through its first parameter, or None where it fails or is not there."""
    value = ctypes.c_int(-1)
    if function is None or function(ctypes.byref(value), *arguments) != 0:
        return None
    return value.value


def report_device(ctypes, cuda, ordinal):
    """What the driver says of one device; null where it does not."""

    def find(name):
        return getattr(cuda, name, None)

    device = number(ctypes, find("cuDeviceGet"), ctypes.c_int(ordinal))
    if device is None:
        say("device", ordinal=ordinal)
        return
    handle = ctypes.c_int(device)
    text = ctypes.create_string_buffer(256)
    name = bus_id = memory = None
    if find("cuDeviceGetName") and cuda.cuDeviceGetName(text, 256, handle) == 0:
        name = text.value.decode("utf-8", "replace")
    if find("cuDeviceGetPCIBusId") and cuda.cuDeviceGetPCIBusId(text, 256, handle) == 0:
        bus_id = text.value.decode("ascii", "replace")
    size = ctypes.c_size_t(0)
    if find("cuDeviceTotalMem_v2") and cuda.cuDeviceTotalMem_v2(ctypes.byref(size), handle) == 0:
        memory = size.value
    say(
        "device",
        ordinal=ordinal,
        name=name,
        major=number(ctypes, find("cuDeviceGetAttribute"), ctypes.c_int(COMPUTE_CAPABILITY_MAJOR), handle),
        minor=number(ctypes, find("cuDeviceGetAttribute"), ctypes.c_int(COMPUTE_CAPABILITY_MINOR), handle),
        memory=memory,
        bus_id=bus_id,
    )


def main():
    """All steps, in order."""
    try:
        import ctypes
    except ImportError as error:
        say("no-ctypes", text=words(error))
        return
    say("load")
    try:
        cuda = ctypes.CDLL(LIBRARY)
        initialise = cuda.cuInit
    except (OSError, AttributeError) as error:
        say("load-error", text=words(error))
        return
    say("loaded", path=path_of(ctypes.cast(initialise, ctypes.c_void_p).value))
    say("version")
    # Before cuInit, which it does not need: a driver that hangs there has then said what it is.
    say("version", value=number(ctypes, getattr(cuda, "cuDriverGetVersion", None)))
    say("cuinit")
    code = initialise(ctypes.c_uint(0))
    say("cuinit", code=code)
    if code == 0:
        say("count")
        count = number(ctypes, getattr(cuda, "cuDeviceGetCount", None))
        say("count", value=count)
        for ordinal in range(min(count or 0, MOST_DEVICES)):
            report_device(ctypes, cuda, ordinal)
    say("end")


if __name__ == "__main__":
    main()
    # The library's own clean-up at exit is not waited for: it has been seen to hang where all else went well.
    import os

    os._exit(0)
