"""The command line. No logic here: it reads options, calls `cudadoctor.api` and prints what a renderer drew."""
