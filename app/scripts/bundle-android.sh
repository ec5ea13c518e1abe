#!/usr/bin/env bash
# The production bundle as Hermes bytecode: dist/android/index.android.bundle.hbc. Exit 78: there is no compiler of it for this machine.
set -euo pipefail
cd "$(dirname "$0")/.."
case $(uname -s) in Darwin) host=osx-bin ;; *) host=linux64-bin ;; esac
hermesc=../node_modules/hermes-compiler/hermesc/$host/hermesc
[ -x "$hermesc" ] || { echo "bundle: $hermesc is missing; run 'npm ci' in the repository's root" >&2; exit 1; }
"$hermesc" -version >/dev/null 2>&1 || {
  echo "bundle: $hermesc does not run on $(uname -sm); the package hermes-compiler is for Linux on x86-64, macOS and Windows: make the bundle on one of these" >&2
  exit 78
}
[ -f native-module/src/index.tsx ] || { echo "bundle: the bindings are missing; run 'npm run bindings -w @tandem/app'" >&2; exit 1; }

rm -rf dist/android
mkdir -p dist/android/res
../node_modules/.bin/react-native bundle --platform android --dev false --minify false --entry-file index.js \
  --bundle-output dist/android/index.android.bundle --assets-dest dist/android/res
"$hermesc" -O -emit-binary -w -out dist/android/index.android.bundle.hbc dist/android/index.android.bundle
ls -l dist/android/index.android.bundle.hbc
