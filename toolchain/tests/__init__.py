"""Unit and property tests of the toolchain: a tiny random base stands in for the real one."""
