"""The one installer of the NVIDIA driver: `fix` and `install` print the same steps for the same machine."""
