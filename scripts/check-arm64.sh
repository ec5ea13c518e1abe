#!/usr/bin/env bash
# Build the whole device core for ARM64 Linux, run its tests under qemu-user, and compare one answer with this machine's.
#
# usage: check-arm64.sh BUNDLE (with its base). Wants rustup, Debian's qemu-user, gcc-aarch64-linux-gnu and g++-aarch64-linux-gnu.
# Emulation says nothing about speed. Exit 0 if all tests pass and both answers are equal.
set -euo pipefail
bundle=$(realpath "$1")
cd "$(dirname "$0")/../native"

for tool in rustup qemu-aarch64 aarch64-linux-gnu-gcc aarch64-linux-gnu-g++; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: install rustup, qemu-user, gcc-aarch64-linux-gnu and g++-aarch64-linux-gnu" >&2; exit 1; }
done

cache=${TANDEM_CACHE:-$HOME/.cache/tandem}
native=${CARGO_TARGET_DIR:-$cache/cargo-target}/release/tandem
target=aarch64-unknown-linux-gnu
emulator="qemu-aarch64 -L /usr/aarch64-linux-gnu"
rustup target add "$target"
export CARGO_TARGET_DIR=$cache/arm64-target
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER=$emulator
# Quicker to build.
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
export CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc CXX_aarch64_unknown_linux_gnu=aarch64-linux-gnu-g++ AR_aarch64_unknown_linux_gnu=aarch64-linux-gnu-ar

# Not the test of the real base's promises: it measures the process's memory, which under emulation is the emulator's too.
TEST_RUNNER=$emulator PROPTEST_CASES=32 \
  cargo test --release --locked --no-fail-fast --target "$target" -- --skip the_real_engine_keeps_what_the_session_promises

answer() { # RUNNER...: the text of one answer
  echo '{"id": "1", "conversation": [{"speaker": "Ana", "text": "Lunch at 1?"}, {"speaker": "Ben", "text": "Make it 1:30, I have a call."}]}' |
    "$@" run --bundle "$bundle" --task summarize --into es --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["text"])'
}
# shellcheck disable=SC2086
emulated=$(answer $emulator "$CARGO_TARGET_DIR/$target/release/tandem")
expected=$(answer "$native")
echo "ARM64: $emulated"
[ "$emulated" = "$expected" ] || { echo "here: $expected" >&2; exit 1; }
