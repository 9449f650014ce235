"""Follows the dynamic loader's search for the CUDA libraries of a torch, without loading one of them.

Run as `python -I -S - loader_report/1 PYTHON TORCH [SITE]` with this text on stdin and the variables of the user:
PYTHON is the interpreter of the environment, TORCH the directory of its torch, SITE another one where wheels lie.
Standard library only, Python 3.6 and newer; reads the dynamic sections of ELF files (a few KB each) and
/etc/ld.so.cache. What it does is what glibc does (ld.so(8)):

- an object whose name (the one asked for, or its SONAME) is already there is taken, wherever it came from;
- else DT_RPATH of the object that needs it, of the one that loaded that, and so on, and of the program, but all
  this only where the object that needs it has no DT_RUNPATH; then LD_LIBRARY_PATH; then DT_RUNPATH of the object
  that needs it; then the cache; then the default directories. Files for another machine are passed over.

And what torch/__init__.py does by ctypes: libtorch_global_deps.so first; where that fails for want of a CUDA library,
or, in newer ones, after it succeeded, it loads the wheels' copies by their paths. The tables are read from that file.

Prints one JSON object a line: `library` (soname, path, real, size, how, where, by; own, own_real, own_size), with path
null where nothing provides it; and `end`.
"""

import glob
import json
import os
import re
import struct
import sys

MOST_OBJECTS = 400
CUDA = re.compile(
    r"lib(cudart|cublas|cublasLt|cudnn\w*|cufft|curand|cusolver|cusparse|cusparseLt|nccl|nvrtc|nvJitLink|cupti|nvToolsExt"
    r"|cufile|nvshmem_host|cudss|nvrtc-builtins|cuda|stdc\+\+|gomp|iomp5|mkl_\w+)(-[0-9a-f]+)?\.so"
)
CUDNN_PARTS = {
    "8": ("ops_infer", "cnn_infer", "ops_train", "cnn_train", "adv_infer", "adv_train"),
    "9": ("graph", "ops", "cnn", "adv", "engines_precompiled", "engines_runtime_compiled", "heuristic"),
}


class Elf(object):
    """The part of a shared object that the loader searches by."""

    def __init__(self, path):
        self.needed = []
        self.rpath = None
        self.runpath = None
        self.soname = None
        self.nodeflib = False
        with open(path, "rb", 0) as stream:
            self._read(stream)

    def _read(self, stream):
        head = stream.read(64)
        if head[:4] != b"\x7fELF" or len(head) < 64 or head[4:5] != b"\x02":
            raise ValueError("no 64-bit ELF file")
        self.order = "<" if head[5:6] == b"\x01" else ">"
        self.machine = struct.unpack_from(self.order + "H", head, 18)[0]
        start, size, count = (
            struct.unpack_from(self.order + "Q", head, 32)[0],
            struct.unpack_from(self.order + "H", head, 54)[0],
            struct.unpack_from(self.order + "H", head, 56)[0],
        )
        stream.seek(start)
        table = stream.read(size * min(count, 200))
        loads, dynamic = [], None
        for at in range(0, len(table) - 55, max(size, 56)):
            kind, _, offset, address, _, length, _, _ = struct.unpack_from(self.order + "IIQQQQQQ", table, at)
            if kind == 1:
                loads.append((address, offset, length))
            elif kind == 2:
                dynamic = (offset, length)
        if dynamic is None:
            return
        stream.seek(dynamic[0])
        entries = stream.read(min(dynamic[1], 1 << 16))
        strings, length, wanted = None, 0, []
        for at in range(0, len(entries) - 15, 16):
            tag, value = struct.unpack_from(self.order + "QQ", entries, at)
            if tag == 0:
                break
            if tag == 5:
                strings = value
            elif tag == 10:
                length = value
            elif tag in (1, 14, 15, 29):
                wanted.append((tag, value))
            elif tag == 0x6FFFFFFB and value & 0x800:
                self.nodeflib = True
        place = next((strings - a + o for a, o, n in loads if strings is not None and a <= strings < a + n), None)
        if place is None:
            return
        # Names lie anywhere in a table that can have many MB: neighbours are read together.
        first, data, needed = 0, b"", {}
        for tag, value in sorted(wanted, key=lambda one: one[1]):
            if value >= length:
                continue
            if not first <= value < first + len(data) - 512:
                stream.seek(place + value)
                first, data = value, stream.read(min(8192, length - value))
            text = data[value - first : value - first + 4096].split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
            if tag == 1:
                needed[value] = text
            elif tag == 14:
                self.soname = text
            elif tag == 15:
                self.rpath = text
            else:
                self.runpath = text
        self.needed = [needed[value] for tag, value in wanted if tag == 1 and value in needed]
        if self.runpath is not None:
            self.rpath = None


class Object(object):
    """A shared object in the process."""

    def __init__(self, path, elf, loader):
        self.path = path
        self.elf = elf
        self.loader = loader
        self.real = os.path.realpath(path)


def cache_entries(data, machine):
    """Soname → path from /etc/ld.so.cache, the first that serves 64-bit programs of this machine."""
    at = data.find(b"glibc-ld.so.cache1.1")
    found = {}
    if at < 0:
        return found
    flag = {62: 0x0300, 183: 0x0A00, 21: 0x0500, 22: 0x0400}.get(machine)
    count = struct.unpack_from("<I", data, at + 20)[0]
    for number in range(min(count, 100000)):
        flags, key, value, _, hwcap = struct.unpack_from("<iIIIQ", data, at + 48 + 24 * number)
        # Copies for particular processors (glibc-hwcaps) stand there, too; CUDA's libraries have none.
        if hwcap or (flag is not None and flags & 0xFF00 != flag):
            continue
        name, path = (data[at + o : data.find(b"\0", at + o)].decode("utf-8", "replace") for o in (key, value))
        found.setdefault(name, path)
    return found


class Loader(object):
    """One process: what it has, and how it finds more."""

    def __init__(self, program, environ):
        self.objects = []
        self.by_name = {}
        self.said = []
        self.elves = {}
        self.program = Object(program, self.elf(program), None)
        self.machine = self.program.elf.machine
        self.origin = os.path.dirname(program)
        self.env_dirs = self._split(environ.get("LD_LIBRARY_PATH") or "", "[:;]", self.origin)
        try:
            with open("/etc/ld.so.cache", "rb") as stream:
                self.cache = cache_entries(stream.read(1 << 24), self.machine)
        except (OSError, struct.error):
            self.cache = {}
        triplet = {62: "x86_64", 183: "aarch64", 21: "powerpc64le"}.get(self.machine, "x86_64") + "-linux-gnu"
        self.default = ["/lib/" + triplet, "/usr/lib/" + triplet, "/lib64", "/usr/lib64", "/lib", "/usr/lib"]
        self.objects.append(self.program)
        preload = re.split(r"[\s:]+", environ.get("LD_PRELOAD") or "")
        try:
            with open("/etc/ld.so.preload") as stream:
                preload += re.split(r"[\s:]+", stream.read(65536))
        except (OSError, ValueError):
            pass
        fresh = [self.program]
        for name in filter(None, preload):
            one = self.find(name, self.program, "preload")
            if one is not None:
                fresh.append(one)
        self.close(fresh)

    def elf(self, path):
        """The file's dynamic section, read once."""
        if path not in self.elves:
            self.elves[path] = Elf(path)
        return self.elves[path]

    def _split(self, text, marks, origin):
        parts = []
        for part in re.split(marks, text) if text else []:
            whole = part.replace("${ORIGIN}", origin).replace("$ORIGIN", origin)
            if "$LIB" in whole or "${LIB}" in whole:
                for lib in ("lib64", "lib/x86_64-linux-gnu", "lib"):
                    parts.append(whole.replace("${LIB}", lib).replace("$LIB", lib))
            else:
                parts.append(whole or ".")
        return parts

    def _own(self, one, text):
        return self._split(text or "", ":", os.path.dirname(one.real))

    def places(self, by):
        """(how, directory) in the order of the search."""
        if by.elf.runpath is None:
            chain, one = [], by
            while one is not None:
                chain.append(one)
                one = one.loader
            if self.program not in chain:
                chain.append(self.program)
            for one in chain:
                for folder in self._own(one, one.elf.rpath):
                    yield "rpath", folder
        for folder in self.env_dirs:
            yield "LD_LIBRARY_PATH", folder
        for folder in self._own(by, by.elf.runpath):
            yield "runpath", folder

    def fits(self, path):
        """The file's ELF, or None where the loader would pass it over."""
        try:
            elf = self.elf(path)
        except (OSError, ValueError, struct.error):
            return None
        return elf if elf.machine == self.machine else None

    def find(self, name, by, how=None):
        """Map what `by` asks for by name; gives the new object, None where it is already there or not found."""
        if name in self.by_name:
            return None
        if "/" in name:
            path = name if name.startswith("/") else os.path.abspath(name)
            elf = self.fits(path)
            return self.map(name, path, elf, by, how or "path", os.path.dirname(path)) if elf else None
        for way, folder in self.places(by):
            path = os.path.join(folder, name)
            if os.path.exists(path):
                elf = self.fits(path)
                if elf is not None:
                    return self.map(name, path, elf, by, how or way, folder)
        cached = self.cache.get(name)
        if cached and not by.elf.nodeflib:
            elf = self.fits(cached)
            if elf is not None:
                return self.map(name, cached, elf, by, how or "cache", os.path.dirname(cached))
        for folder in [] if by.elf.nodeflib else self.default:
            elf = self.fits(os.path.join(folder, name))
            if elf is not None:
                return self.map(name, os.path.join(folder, name), elf, by, how or "default", folder)
        return self.missing(name, by)

    def missing(self, name, by):
        """Note that nothing provides it."""
        self.said.append({"soname": name, "path": None, "how": "missing", "by": os.path.normpath(by.path)})
        return

    def map(self, name, path, elf, by, how, where):
        """Take the file; gives the new object, None where it is there already under another name."""
        one = Object(path, elf, by)
        real = one.real
        for other in self.objects:
            if other.real == real:
                self.by_name[name] = other
                return None
        self.objects.append(one)
        self.by_name[name] = one
        if elf.soname:
            self.by_name.setdefault(elf.soname, one)
        self.said.append(
            {
                "soname": os.path.basename(elf.soname or name),
                "path": os.path.normpath(path),
                "real": real,
                "size": os.path.getsize(path),
                "how": how,
                "where": where,
                "by": os.path.normpath(by.path),
            }
        )
        return one

    def close(self, fresh):
        """Map what the new objects need, breadth first; gives False where something is missing."""
        whole = True
        while fresh and len(self.objects) < MOST_OBJECTS:
            by = fresh.pop(0)
            for name in by.elf.needed:
                one = self.find(name, by)
                if one is not None:
                    fresh.append(one)
                elif name not in self.by_name:
                    whole = False
        return whole

    def dlopen(self, name, by, how=None):
        """Map a name and what it needs. As in glibc nothing stays where something is missing."""
        before, names, said = list(self.objects), dict(self.by_name), len(self.said)
        one = self.find(name, by, how)
        if one is None:
            return name in self.by_name, self.said[said:]
        if self.close([one]):
            return True, []
        lost = [row for row in self.said[said:] if row["path"] is None]
        self.objects, self.by_name = before, names
        del self.said[said:]
        return False, lost


def preloads(torch):
    """What torch/__init__.py loads by path: (its whole table, what it loads after all went well)."""
    try:
        with open(os.path.join(torch, "__init__.py"), encoding="utf-8", errors="replace") as stream:
            text = stream.read(1 << 20)
    except OSError:
        return [], []
    table = re.findall(r"[\"'](\w+)[\"']\s*[,:]\s*[\"'](lib[\w-]+\.so\.\*\[0-9\])[\"']", text)
    after = text.partition('"libcudart.so" not in _maps')[2].partition("except Exception")[0]
    if "_preload_cuda_deps()" in after:
        return table, table
    return table, re.findall(r"_preload_cuda_(?:deps|lib)\(\s*\"(\w+)\",\s*\"(lib[^\"]+)\"", after)


def wheel_copy(sites, folder, pattern):
    """As torch/__init__.py looks for it, in the site-packages that are known."""
    for site in sites:
        for where in (("nvidia", folder, "lib"), ("nvidia", "cu13", "lib"), (folder, "lib")):
            found = glob.glob(os.path.join(glob.escape(os.path.join(site, *where)), pattern))
            if found:
                return found[0]
    return None


def follow(python, torch, environ, sites):
    """Every library that importing torch maps, in order."""
    program = os.path.realpath(python)
    loader = Loader(program, environ)
    # Extension modules are opened by libpython, where the interpreter has one, and the interpreter loaded that.
    host = next((one for one in loader.objects if "libpython" in os.path.basename(one.path)), loader.program)
    caller = host
    pattern = os.path.join(glob.escape(os.path.dirname(os.path.dirname(program))), "lib", "python3*", "lib-dynload")
    for path in sorted(glob.glob(os.path.join(pattern, "_ctypes.*.so")))[:1]:
        if loader.dlopen(path, host)[0]:
            caller = loader.by_name[path]
    table, after = preloads(torch)
    deps = os.path.join(torch, "lib", "libtorch_global_deps.so")
    lost = []
    if os.path.exists(deps):
        done, lost = loader.dlopen(deps, caller)
        stems = tuple(row[1].split(".", 1)[0] for row in table)
        if not done and lost and any(stem in lost[0]["soname"] for stem in stems):
            for folder, pattern in table:
                path = wheel_copy(sites, folder, pattern)
                if path is None and folder == "nvtx":
                    continue
                if path is None:
                    break  # torch ends here with a ValueError
                loader.dlopen(path, caller, "torch")
            done, lost = loader.dlopen(deps, caller)
        elif done and any(one.startswith("libcudart.so") for one in loader.by_name):
            for folder, pattern in after:
                path = wheel_copy(sites, folder, pattern)
                if path is None:
                    break  # torch stops here, too, and goes on without the rest
                loader.dlopen(path, caller, "torch")
    if not lost:
        for path in sorted(glob.glob(os.path.join(glob.escape(torch), "_C.*so")))[:1]:
            lost = loader.dlopen(path, host)[1]
    later(loader)
    return loader.said + lost


def later(loader):
    """What the libraries open by name when they are first used. What is not there then is no news here."""
    for one in list(loader.objects):
        name = os.path.basename(one.path)
        cudnn = re.match(r"libcudnn\.so\.(\d+)", name)
        names = []
        if cudnn:
            names = ["libcudnn_%s.so.%s" % (part, cudnn.group(1)) for part in CUDNN_PARTS.get(cudnn.group(1), ())]
        if name.startswith("libcudart"):
            names = ["libcuda.so.1"]
        for wanted in names:
            done, lost = loader.dlopen(wanted, one)
            if not done:
                loader.said[:] = [row for row in loader.said if row not in lost]


def bundled(torch, sites, soname):
    """The copy that this torch came with: a wheel's, its own, or that of its conda environment."""
    site = os.path.dirname(torch)
    prefix = os.path.dirname(os.path.dirname(os.path.dirname(site)))
    places = [os.path.join(torch, "lib")]
    for one in sites:
        places += sorted(glob.glob(os.path.join(glob.escape(one), "nvidia", "*", "lib")))
    places += sorted(glob.glob(os.path.join(glob.escape(site), "cusparselt", "lib")))
    if os.path.isdir(os.path.join(prefix, "conda-meta")):
        places.append(os.path.join(prefix, "lib"))
    for folder in places:
        if os.path.exists(os.path.join(folder, soname)):
            return os.path.join(folder, soname)
    return None


def say(**values):
    """One line of the answer."""
    sys.stdout.write(json.dumps(values) + "\n")


def main(python, torch, other):
    """The whole answer."""
    say(step="start")
    sites = [os.path.dirname(torch)] + [site for site in (other,) if site and site != os.path.dirname(torch)]
    for row in follow(python, torch, os.environ, sites):
        if not CUDA.match(row["soname"]) and row["path"] is not None:
            continue
        own = bundled(torch, sites, row["soname"])
        if own:
            row["own"] = own
            row["own_real"] = os.path.realpath(own)
            row["own_size"] = os.path.getsize(own)
        say(step="library", **row)
    say(step="end")


if len(sys.argv) > 3 and sys.argv[1] == "loader_report/1":
    main(sys.argv[2], sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else "")
