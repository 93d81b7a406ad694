"""Benchmarks of the course's library: `python -m benchmarks --help`."""
