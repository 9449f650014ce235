"""Writes CUDA toolkits, compilers, and what the dynamic loader is configured with."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from .ground import ELF, Ground
from .parts import Toolkit
from .tree import Program, by_arguments, prints

GCC_MAX = (
    ("13.0", 15),
    ("12.8", 14),
    ("12.4", 13),
    ("12.1", 12),
    ("11.5", 11),
    ("11.1", 10),
    ("11.0", 9),
    ("10.1", 8),
    ("9.2", 7),
)
"""Newest gcc that the toolkit's header takes, from this CUDA on."""


class ToolParts(Ground):
    """Toolkits, compilers, loader."""

    def _toolkits(self) -> None:
        for toolkit in self.machine.toolkits:
            self._toolkit(toolkit)
        standard = [one for one in self.machine.toolkits if one.where.startswith("/usr/local/cuda-")]
        link = self.machine.cuda_link
        if link == "follows":
            newest = max(standard, key=lambda one: tuple(map(int, one.version.split("."))), default=None)
            link = newest.where if newest else None
        if link is not None:
            self.tree.link("/usr/local/cuda", link)

    def _toolkit(self, toolkit: Toolkit) -> None:
        tree, root = self.tree, toolkit.where
        major, minor, _ = toolkit.version.split(".")
        release = f"{major}.{minor}"
        number = tuple(map(int, (major, minor)))
        nvcc = (
            "nvcc: NVIDIA (R) Cuda compiler driver\nCopyright (c) 2005-2026 NVIDIA Corporation\n"
            "Built on Mon_Jun__1_12:00:00_UTC_2026\n"
            f"Cuda compilation tools, release {release}, V{toolkit.version}\n"
        )
        if number >= (11, 0):
            nvcc += f"Build cuda_{release}.r{release}/compiler.00000000_0\n"
        limit = toolkit.gcc_max or next(top for first, top in GCC_MAX if number >= tuple(map(int, first.split("."))))
        if toolkit.layout == "distribution":
            if toolkit.nvcc:
                self.program(f"{root}/bin/nvcc", prints(nvcc))
                self.tree.link("/usr/bin/nvcc", f"{root}/bin/nvcc")
            tree.file("/usr/include/crt/host_config.h", _host_config(limit))
            tree.file("/usr/include/cuda_runtime.h", "")
            tree.file("/usr/include/cuda.h", f"#define CUDA_VERSION {number[0] * 1000 + number[1] * 10}\n")
            return
        library = f"{root}/targets/{'x86_64' if self.machine.os.arch == 'x86_64' else 'sbsa'}-linux"
        if toolkit.nvcc:
            self.program(f"{root}/bin/nvcc", prints(nvcc))
            tree.file(f"{root}/bin/nvcc.profile", "TOP = $(_HERE_)/..\n")
        if number >= (11, 1):
            tree.file(
                f"{root}/version.json",
                f'{{\n   "cuda" : {{\n      "name" : "CUDA SDK",\n      "version" : "{toolkit.version}"\n   }}\n}}\n',
            )
        else:
            tree.file(f"{root}/version.txt", f"CUDA Version {toolkit.version}\n")
        tree.file(f"{library}/include/crt/host_config.h", _host_config(limit))
        if toolkit.headers:
            tree.file(f"{library}/include/cuda_runtime.h", "")
        tree.file(f"{library}/include/cuda.h", f"#define CUDA_VERSION {number[0] * 1000 + number[1] * 10}\n")
        tree.link(f"{root}/include", f"targets/{posixpath.basename(library)}/include")
        tree.link(f"{root}/lib64", f"targets/{posixpath.basename(library)}/lib")
        soname = f"libcudart.so.{major}" if number >= (11, 0) else f"libcudart.so.{release}"
        if number[0] == 11:
            soname = "libcudart.so.11.0"
        files = {soname: f"libcudart.so.{toolkit.version}", **_libraries(number, toolkit.version)}
        for name, real in files.items():
            tree.file(f"{library}/lib/{real}", ELF, mode=0o755)
            tree.link(f"{library}/lib/{name}", real)
            tree.link(f"{library}/lib/{name.partition('.so')[0]}.so", name)
        if toolkit.stubs:
            tree.file(f"{library}/lib/stubs/libcuda.so", ELF, mode=0o755)
        if toolkit.in_loader_cache:
            tree.file(
                f"/etc/ld.so.conf.d/{posixpath.basename(root).replace('.', '-')}.conf",
                f"{root}/targets/{posixpath.basename(library)}/lib\n",
            )
            self.cache += [(name, f"{library}/lib/{name}") for name in files]

    def _compilers(self) -> None:
        machine = self.machine
        compilers = dict(machine.cxx)
        if machine.compiler:
            compilers[f"/usr/bin/g++-{machine.os.gcc.split('.')[0]}"] = machine.os.gcc
        for path, version in compilers.items():
            self.program(path, _compiler(path, version))
            partner = path.replace("g++", "gcc")
            if partner != path:
                self.program(partner, _compiler(partner, version))
        if machine.compiler:
            major = machine.os.gcc.split(".")[0]
            for short, long in (("g++", f"g++-{major}"), ("c++", "g++"), ("gcc", f"gcc-{major}"), ("cc", "gcc")):
                self.tree.link(f"/usr/bin/{short}", long)

    def _loader(self) -> None:
        machine, tree = self.machine, self.tree
        tree.file("/etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n")
        tree.file("/etc/ld.so.conf.d/libc.conf", "# libc default configuration\n/usr/local/lib\n")
        tree.file(
            f"/etc/ld.so.conf.d/{machine.os.arch}-linux-gnu.conf",
            f"/usr/local/lib/{machine.os.arch}-linux-gnu\n/lib/{machine.os.arch}-linux-gnu\n",
        )
        lists = [
            *self.cache,
            ("libstdc++.so.6", f"{machine.os.libdir}/libstdc++.so.6"),
            ("libc.so.6", f"{machine.os.libdir}/libc.so.6"),
        ]
        tree.file(f"{machine.os.libdir}/libstdc++.so.6", ELF)
        tree.file(f"{machine.os.libdir}/libc.so.6", ELF)
        flags = "libc6,x86-64" if machine.os.arch == "x86_64" else "libc6,AArch64"
        text = f"{len(lists)} libs found in cache `/etc/ld.so.cache'\n" + "".join(
            f"\t{name} ({flags}) => {path}\n" for name, path in sorted(lists)
        )
        self.program("/usr/sbin/ldconfig", by_arguments({("-p",): prints(text)}))
        tree.file("/etc/ld.so.cache", b"glibc-ld.so.cache1.1" + bytes(28))


def _libraries(number: tuple[int, ...], version: str) -> dict[str, str]:
    """The toolkit's own libraries by soname, with the file behind each: only some carry the toolkit's number."""
    major, minor = number
    fft = {10: 10, 11: 10, 12: 11, 13: 12}.get(major, major)
    sparse = {10: 10, 11: 11, 12: 12, 13: 12}.get(major, major)
    nvrtc = f"{major}.{minor}" if major == 10 else "11.2" if major == 11 else f"{major}"
    found = {
        f"libcublas.so.{major}": f"libcublas.so.{version.rpartition('.')[0]}.5.8",
        f"libcublasLt.so.{major}": f"libcublasLt.so.{version.rpartition('.')[0]}.5.8",
        f"libcufft.so.{fft}": f"libcufft.so.{fft}.2.1.3",
        f"libcusparse.so.{sparse}": f"libcusparse.so.{sparse}.3.1.170",
        f"libnvrtc.so.{nvrtc}": f"libnvrtc.so.{version}",
    }
    if major >= 12:
        found[f"libnvJitLink.so.{major}"] = f"libnvJitLink.so.{version}"
    return found


def _host_config(limit: int) -> str:
    return (
        "#if defined(__GNUC__)\n"
        f"#if __GNUC__ > {limit}\n"
        f"#error -- unsupported GNU version! gcc versions later than {limit} are not supported!\n"
        f"#endif /* __GNUC__ > {limit} */\n#endif\n"
    )


def _compiler(path: str, version: str) -> Program:
    name = posixpath.basename(path)
    if "clang" in name:
        said = f"clang version {version}\nTarget: x86_64-pc-linux-gnu\n"
    else:
        said = f"{name} (Distribution {version}-1) {version}\nCopyright (C) Free Software Foundation, Inc.\n"
    return by_arguments(
        {
            ("-dumpfullversion",): prints(f"{version}\n"),
            ("-dumpversion",): prints(f"{version.split('.', maxsplit=1)[0]}\n"),
            ("-dM",): prints(_macros(name, version)),
        },
        otherwise=prints(said),
    )


def _macros(name: str, version: str) -> str:
    major, minor, patch = version.split(".")
    macros: Mapping[str, str] = {"__GNUC__": major, "__GNUC_MINOR__": minor, "__GNUC_PATCHLEVEL__": patch}
    if "clang" in name:
        macros = {"__GNUC__": "4", "__clang__": "1", "__clang_major__": major}
    return "".join(f"#define {key} {value}\n" for key, value in macros.items())
