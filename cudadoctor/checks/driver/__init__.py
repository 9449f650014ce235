"""The GPU on the bus, the kernel driver, nvidia-smi and libcuda."""
