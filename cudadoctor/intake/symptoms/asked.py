"""What programs say when they were asked for CUDA and there is none: it tells that somebody wanted it."""

from __future__ import annotations

from cudadoctor.intake.symptoms.row import Row

_LAZY_INIT = "https://github.com/pytorch/pytorch/blob/main/torch/cuda/__init__.py"
_SERIALIZATION = "https://github.com/pytorch/pytorch/blob/main/torch/serialization.py"
_KIND = "cuda-asked-for"
_SAYS = "a program was told to use CUDA, and CUDA is not available to it"

ROWS = (
    Row(
        kind=_KIND,
        word="attempting to deserialize object on",
        pattern=r"Attempting to deserialize object on (?:a )?CUDA device",
        says=_SAYS,
        source=_SERIALIZATION,
    ),
    Row(
        kind=_KIND,
        word="not compiled with cuda enabled",
        pattern=r"Torch not compiled with CUDA enabled",
        says=_SAYS,
        source=_LAZY_INIT,
    ),
    Row(
        kind=_KIND,
        word="no cuda gpus are available",
        pattern=r"No CUDA GPUs are available",
        says=_SAYS,
        source=_LAZY_INIT,
    ),
    Row(
        kind=_KIND,
        word="cuda",
        # How programs above torch word it: their own checks of torch.cuda.is_available() before they start.
        pattern=r"(?:Error|Exception|assert)\w{0,20}:.{0,80}(?:CUDA.{0,40}\brequested\b|"
        r"CUDA (?:is )?(?:not available|unavailable|required)|requires? (?:a )?CUDA|"
        r"no CUDA[- ](?:capable )?(?:device|GPU))",
        says=_SAYS,
        source=_LAZY_INIT,
    ),
)
