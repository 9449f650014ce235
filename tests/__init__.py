"""Tests of cudadoctor."""
