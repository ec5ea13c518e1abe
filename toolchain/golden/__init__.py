"""Golden vectors: what Python computes and Rust must compute alike (tests/golden, written by `toolchain golden`)."""
