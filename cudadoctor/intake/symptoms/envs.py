"""What pip and conda say, and what compiled companions of torch say."""

from __future__ import annotations

from cudadoctor.intake.symptoms.row import Row

_VISION = "https://github.com/pytorch/vision/blob/main/torchvision/extension.py"
_XFORMERS = "https://github.com/facebookresearch/xformers/blob/main/xformers/_cpp_lib.py"
_PIP = "https://github.com/pypa/pip/blob/main/src/pip/_internal/resolution/resolvelib/factory.py"
_PIP_WHEEL = "https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/"
_CONDA = "https://github.com/conda/conda/blob/main/conda/exceptions.py"
_CONDA_VIRTUAL = "https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-virtual.html"
_CONDA_TOS = "https://www.anaconda.com/docs/getting-started/tos-plugin"
_LD_SO = "https://man7.org/linux/man-pages/man8/ld.so.8.html"
_PYTHON_WINDOWS = "https://docs.python.org/3.7/using/windows.html#installing-without-ui"
_NAME = r"[A-Za-z][A-Za-z0-9._-]{1,60}"
_ASKED_BY = r"(?:\(from (?!versions?:)[^()\n]{1,160}(?:\([^()\n]{1,40}\))?\) ?)?"
"""Where pip read the requirement: `(from -r requirements.txt (line 3))`, `(from xformers)`."""

_COMPILED = (
    Row(
        kind="torch-symbol-undefined",
        word="undefined symbol",
        # THP…, THC… and TH…Tensor are the C functions of torch before 1.13.
        pattern=r"(?<![^\s'\"(`“‘:])(?P<file>[^\s'\"`]{1,240}\.so[\d.]{0,12}): undefined symbol: "
        r"(?P<symbol>_Z[A-Z0-9]{1,6}?(?:3c10|2at|5torch|6caffe2)[\w.]{1,400}|TH[PC][A-Z]?\w{3,80})",
        says="a compiled module needs a C++ function of torch that this torch does not have",
        source=_LD_SO,
    ),
    Row(
        kind="torch-symbol-undefined",
        word="undefined symbol",
        # As people quote it, without the file.
        pattern=r"(?<!so: )(?<!so\.\d: )(?<!undefined )\bundefined symbol: {0,2}[`'\"]?"
        r"(?P<symbol>_Z[A-Z0-9]{1,6}?(?:3c10|2at|5torch|6caffe2)[\w.]{1,400}|TH[PC][A-Z]?\w{3,80})",
        says="a compiled module needs a C++ function of torch that this torch does not have",
        source=_LD_SO,
    ),
    Row(
        kind="torch-library-not-found",
        word="cannot open shared object file",
        pattern=r"(?<![\w/.])(?P<library>lib(?:torch|c10)(?:_\w{2,16})?\.so): cannot open shared object file",
        says="a compiled module needs a library of torch's that is not loaded, or that this torch does not have",
        source=_LD_SO,
    ),
    Row(
        kind="torchvision-operator-missing",
        word="operator torchvision::",
        # The second is how torch up to 1.x worded it.
        pattern=r"operator torchvision::\w{2,40} does not exist|No such operator torchvision::\w{2,40}",
        says="torchvision's compiled part was not loaded",
        source=_VISION,
    ),
    Row(
        kind="torchvision-operator-missing",
        word="load custom c++ ops",
        pattern=r"Couldn.?t load custom C\+\+ ops",
        says="torchvision's compiled part was not loaded",
        source=_VISION,
    ),
    Row(
        kind="torchvision-without-cuda",
        word="torchvision::",
        pattern=r"Could not run 'torchvision::\w{2,40}' with arguments from the 'CUDA' backend",
        says="torchvision has no code for the GPU in it: it is a CPU build",
        source=_VISION,
    ),
    Row(
        kind="companion-other-cuda",
        word="were compiled with different cuda",
        pattern=r"PyTorch and (?P<library>[A-Za-z][\w.-]{1,40}) were compiled with different CUDA (?:major )?versions"
        r"(?:\. {1,2}PyTorch has CUDA [Vv]ersion ?[= ] ?(?P<torch>\d{1,2}\.\d{1,2}) (?:and|whereas) [\w.-]{1,40} has "
        r"CUDA [Vv]ersion ?[= ] ?(?P<other>\d{1,2}\.\d{1,2}))?",
        says="a compiled companion of torch was built for another CUDA than torch",
        source=_VISION,
    ),
    Row(
        kind="xformers-built-for",
        word="(you have ",
        pattern=r"PyTorch (?P<built>\d[\w.+-]{1,40}) with CUDA (?P<cuda>\d{3,5}|None) "
        r"\(you have (?P<torch>\d[\w.+-]{1,40})\)",
        says="xFormers was built for this torch, and another one is installed",
        source=_XFORMERS,
    ),
    Row(
        kind="bitsandbytes-without-cuda",
        word="libbitsandbytes_cuda",
        pattern=r"(?:not found(?: at)?|cannot open)[^\n]{0,240}?"
        r"libbitsandbytes_cuda(?P<cuda>\d{2,3})(?:_nocublaslt)?\.(?:so|dll)",
        says="bitsandbytes has no library for the CUDA that torch was built for",
        source="https://github.com/bitsandbytes-foundation/bitsandbytes/blob/main/bitsandbytes/cextension.py",
    ),
    Row(
        kind="extension-without-cuda",
        word="not compiled with ",
        pattern=r"(?:RuntimeError|AssertionError): (?:\w{1,40}: )?Not compiled with (?:CUDA|GPU) support",
        says="a compiled extension was built without CUDA",
        source="https://github.com/rusty1s/pytorch_scatter/blob/master/csrc/scatter.cpp",
    ),
    Row(
        kind="flash-attention-gpu",
        word="only supports ampere",
        pattern=r"FlashAttention only supports Ampere GPUs or newer",
        says="FlashAttention 2 has no code for GPUs before Ampere",
        source="https://github.com/Dao-AILab/flash-attention/blob/main/csrc/flash_attn/flash_api.cpp",
    ),
    Row(
        kind="extension-arch-list",
        word="torch_cuda_arch_list",
        pattern=r"TORCH_CUDA_ARCH_LIST[\"']?\]? ?[= :]{1,2} ?[\"']?"
        r"(?P<archs>\d{1,2}\.\d(?:\+PTX)?(?:[;, ]\d{1,2}\.\d(?:\+PTX)?){0,20})",
        says="the architectures that extensions were compiled for here",
        source="https://docs.pytorch.org/docs/stable/cpp_extension.html",
    ),
)
_INSTALLERS = (
    Row(
        kind="pip-no-version",
        word="could not find a version that satisfies",
        pattern=rf"satisfies the requirement (?P<package>{_NAME}?)(?:===?(?P<wanted>\d[\w.+!-]{{0,40}}))?"
        rf"(?:[<>~!;, ][^(\n]{{0,80}})? ?{_ASKED_BY}"
        r"\((?:from versions|from version): ?(?P<versions>[^)\n]{0,4000})\)?",
        says="pip found no file of this package and version for this Python",
        source=_PIP,
    ),
    Row(
        kind="pip-no-version",
        word="could not find a version that satisfies",
        pattern=rf"satisfies the requirement (?P<package>{_NAME}?)(?:===?(?P<wanted>\d[\w.+!-]{{0,40}}))? ?"
        rf"{_ASKED_BY}[\s\"'`.”]*\Z",
        says="pip found no file of this package and version for this Python",
        source=_PIP,
    ),
    Row(
        kind="wheel-not-supported",
        word="is not a supported wheel on this platform",
        pattern=r"(?P<name>torch\w{0,12})-(?P<version>\d[\w.+!%]{0,40})-(?P<python>[a-z]{2}\d{1,3})-(?P<abi>\w{2,12})-"
        r"(?P<platform>[\w.]{3,80})\.whl is not a supported wheel on this platform",
        says="the wheel is for another Python, processor or system",
        source=_PIP_WHEEL,
    ),
    Row(
        kind="uv-no-wheel",
        word="we only found wheels for",
        pattern=r"You require CPython (?P<python>3\.\d{1,2})[^\n]{0,20}, but we only found wheels for "
        r"`(?P<package>torch\w{0,12})`"
        r"(?: \(v(?P<wanted>\d[\w.+]{0,40})\))?",
        says="uv found wheels of this package for other Pythons only",
        source="https://docs.astral.sh/uv/reference/resolver-internals/",
    ),
    Row(
        kind="python-32bit-path",
        word="-32",
        pattern=r"\b[Pp]ython3\.?\d{1,2}-32[\\/]",
        says="a Python from python.org's 32-bit installer, by the name of its directory",
        source=_PYTHON_WINDOWS,
    ),
    Row(
        kind="python-32bit-path",
        word="32 bit",
        pattern=r"\bPython 3\.\d{1,2}\.\d{1,2} [^\n]{0,120}\b32 bit \(Intel\)",
        says="a 32-bit Python, by its own first line",
        source=_PYTHON_WINDOWS,
    ),
    Row(
        kind="torch-placeholder",
        word="0.1.2.post",
        pattern=r"\btorch(?:-|==)0\.1\.2(?:\.post\d)?(?:\.tar\.gz)?\b|version=\"0\.1\.2\.post2\"",
        says="pip fell back on a placeholder of 2017 because it found no wheel of torch for this Python",
        source=_PIP_WHEEL,
    ),
    Row(
        kind="pip-torch-index",
        word="download.pytorch.org/whl/",
        pattern=r"download\.pytorch\.org/whl/(?:nightly/|test/)?(?P<tag>cu\d{2,4})\b",
        says="PyTorch's index for one CUDA version was named",
        source="https://pytorch.org/get-started/locally/",
    ),
    Row(
        kind="cuda-build-asked",
        word="cudatoolkit",
        pattern=r"(?:\binstall\b[^\n]{0,200}?|^\s{0,12}- ?(?:[\w-]{1,30}::)?)\bcudatoolkit ?[=<>]{1,2} ?\d",
        says="conda was asked for torch with CUDA",
        source="https://pytorch.org/get-started/previous-versions/",
    ),
    Row(
        kind="cuda-build-asked",
        word="pytorch-cuda",
        pattern=r"(?:\binstall\b[^\n]{0,200}?|^\s{0,12}- ?(?:[\w-]{1,30}::)?)\bpytorch-cuda ?[=<>]{1,2} ?\d",
        says="conda was asked for torch with CUDA",
        source="https://pytorch.org/get-started/previous-versions/",
    ),
    Row(
        kind="pip-invalid-distribution",
        word="ignoring invalid distribution",
        pattern=r"Ignoring invalid distribution [-~]{1,2}(?P<name>(?:or|o)[a-z]{2,12})",
        says="the remains of an upgrade that was interrupted lie in site-packages",
        source="https://github.com/pypa/pip/blob/main/src/pip/_internal/metadata/base.py",
    ),
    Row(
        kind="conda-package-not-found",
        word="packagesnotfounderror",
        pattern=r"\bPackagesNotFoundError\b(?!: The following packages are missing)",
        says="conda's channels do not have a package that was asked for",
        source=_CONDA,
    ),
    Row(
        kind="conda-package-not-found",
        word="resolvepackagenotfound",
        pattern=r"\bResolvePackageNotFound\b",
        says="conda's channels do not have a package that was asked for",
        source=_CONDA,
    ),
    Row(
        kind="conda-package-not-found",
        word="not available from current channels",
        pattern=r"packages are not available from current channels",
        says="conda's channels do not have a package that was asked for",
        source=_CONDA,
    ),
    Row(
        kind="conda-package-not-found",
        word="perhaps a typo or a missing channel",
        pattern=r"(?<![\w.-])(?P<package>[a-z0-9][\w.-]{1,60}) [^\n]{0,60}"
        r"does not exist \(perhaps a typo or a missing channel\)",
        says="conda's channels do not have a package that was asked for",
        source="https://github.com/mamba-org/mamba/blob/main/libmamba/src/solver/problems_graph.cpp",
    ),
    Row(
        kind="conda-package-not-found",
        word="nothing provides requested",
        pattern=r"nothing provides requested (?P<package>[a-z0-9][\w.-]{1,60})",
        says="conda's channels do not have a package that was asked for",
        source="https://github.com/mamba-org/mamba/blob/main/libmamba/src/solver/problems_graph.cpp",
    ),
    Row(
        kind="conda-nothing-provides-cuda",
        word="__cuda",
        pattern=r"nothing provides (?:requested )?__cuda(?P<wanted>[ <>=.*\d]{0,20})|"
        r"feature:(?:/\w{1,12}-\w{1,12})?::__cuda==(?P<had>[\d.]{1,8})|"
        r"__cuda[ <>=.*\d]{0,20}, which (?:is missing on the system|cannot be installed)",
        says="conda's solver sees no CUDA driver, or too old a one, on this machine",
        source=_CONDA_VIRTUAL,
    ),
    Row(
        kind="conda-terms-not-accepted",
        word="terms of service have not been accepted",
        pattern=r"Terms of Service have not been accepted for the following channels",
        says="conda asks that the terms of Anaconda's channels be accepted",
        source=_CONDA_TOS,
    ),
)
ROWS = (*_COMPILED, *_INSTALLERS)
