#!/usr/bin/env bash
# Builds the device core's library and generates both TypeScript bindings from it: for Node into generated/, for
# React Native into native-module/. Does nothing when the library and the generator are those of the last run.
# TANDEM_FFI_LIBRARY names a library that is already built.
set -euo pipefail
cd "$(dirname "$0")/.."
app=$PWD
root=$(dirname "$app")
cache=${TANDEM_CACHE:-$HOME/.cache/tandem}
generator_source=$root/node_modules/uniffi-bindgen-react-native
target=${CARGO_TARGET_DIR:-$cache/cargo-target}

fail() { echo "bindings: $*" >&2; exit 1; }

[ -f "$generator_source/Cargo.toml" ] || fail "$generator_source is missing; run 'npm ci' in $root"

library=${TANDEM_FFI_LIBRARY:-}
if [ -z "$library" ]; then
  case $(uname -s) in Darwin) name=libtandem_ffi.dylib ;; *) name=libtandem_ffi.so ;; esac
  # The same packages as `make build`: with others Cargo may choose other features and build the engine anew.
  CARGO_TARGET_DIR=$target cargo build --quiet --release --locked --manifest-path "$root/native/Cargo.toml" -p tandem-cli -p tandem-ffi
  library=$target/release/$name
fi
[ -f "$library" ] || fail "the library $library is missing"

version=$(node -p "require('$generator_source/package.json').version")
stamp=$(cat "$library" scripts/bindings.sh native-module/package.json native-module/ubrn.config.yaml scripts/ubrn.Cargo.lock | cksum)-$version
if [ "$(cat generated/stamp 2>/dev/null)" = "$stamp" ]; then
  echo "bindings: up to date"
  exit 0
fi

# The package comes without a lock file for its Rust program: ours keeps its dependencies pinned.
generator=$cache/ubrn-target/$version/debug/uniffi-bindgen-react-native
if [ ! -x "$generator" ]; then
  echo "bindings: building the generator $version (once, some minutes)"
  cp scripts/ubrn.Cargo.lock "$generator_source/Cargo.lock"
  CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR=$cache/ubrn-target/$version \
    cargo build --quiet --locked --manifest-path "$generator_source/crates/ubrn_cli/Cargo.toml"
fi

# In place of older output only when all has been generated.
rm -rf generated native-module/src native-module/cpp
mkdir -p generated/node
cp "$library" generated/node/
crate=$root/native/crates/ffi
# The generator reads the crate's metadata from the current folder.
(cd "$crate" && "$generator" generate napi bindings --library "$library" --ts-dir "$app/generated/node" --lib-colocated --no-format)
(cd "$crate" && "$generator" generate jsi bindings --library "$library" \
  --ts-dir "$app/native-module/src/generated" --cpp-dir "$app/native-module/cpp/generated" --no-format)
(cd native-module && "$generator" generate jsi turbo-module --config ubrn.config.yaml tandem_ffi)
rm -rf native-module/ios native-module/*.podspec

# The app is type-checked against one flavour and runs on the other: their types must be the same.
declarations() { # SOURCE OUT
  "$root/node_modules/.bin/tsc" "$1" --outDir "$2" --declaration --emitDeclarationOnly --skipLibCheck \
    --target es2022 --module esnext --moduleResolution bundler --types node
}
declarations generated/node/tandem_ffi.ts generated/types
declarations native-module/src/generated/tandem_ffi.ts generated/types-native
diff generated/types/tandem_ffi.d.ts generated/types-native/tandem_ffi.d.ts >&2 || fail "the Node and the React Native binding differ in their types"
rm -rf generated/types-native
echo "$stamp" >generated/stamp
echo "bindings: generated"
