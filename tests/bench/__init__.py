"""Benchmarks: they print, they do not assert."""
