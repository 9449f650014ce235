"""cudadoctor: an environment doctor for CUDA and PyTorch.

Importing this package imports nothing else: `cudadoctor.api` is the library, `cudadoctor.cli` the command.
"""

__version__ = "0.1.0"
