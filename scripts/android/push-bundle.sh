#!/usr/bin/env bash
# push-bundle.sh [BUNDLE [BASE]]: puts a bundle, and the base model unless the bundle holds it, where a debug build of the app finds them.
# BUNDLE is a directory, build/bundle by default; BASE a .gguf file, by default the one in the cache when the bundle has none.
# Needs adb, one phone with USB debugging, and the debug build installed: Android lets nobody into the files of a release.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
app=ai.tandem.app
bundle=${1:-$root/build/bundle}
stage=/data/local/tmp/tandem

fail() { echo "push-bundle: $*" >&2; exit 1; }

[ -f "$bundle/manifest.json" ] || fail "$bundle holds no manifest.json; wanted a bundle: run \`make demo\`, or name one"
base=${2:-}
if [ -z "$base" ] && ! compgen -G "$bundle/base/*.gguf" >/dev/null; then
  name=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["base"]["file"])' "$bundle/manifest.json")
  base=${TANDEM_CACHE:-$HOME/.cache/tandem}/model/$(basename "$name")
  [ -f "$base" ] || fail "the bundle holds no base model and $base is missing; run \`make demo\`, or name the file"
fi
adb get-state >/dev/null || fail "adb sees no phone; connect one and allow USB debugging"
adb shell run-as "$app" true || fail "the debug build of $app is not installed: run ./gradlew :app:installDebug in app/android"

# Through a folder that both adb and the app can read; in place of the old files only when all have arrived.
adb shell rm -rf "$stage"
adb shell mkdir -p "$stage"
trap 'adb shell rm -rf "$stage"' EXIT
adb push "$bundle/." "$stage/bundle" >/dev/null
[ -z "$base" ] || adb push "$base" "$stage/base.gguf" >/dev/null
adb shell chmod -R a+rX "$stage"
adb shell am force-stop "$app"
adb shell run-as "$app" rm -rf files/incoming
adb shell run-as "$app" mkdir -p files/incoming
adb shell run-as "$app" cp -r "$stage/bundle" files/incoming/bundle
[ -z "$base" ] || adb shell run-as "$app" cp "$stage/base.gguf" files/incoming/base.gguf
adb shell run-as "$app" rm -rf files/bundle files/base.gguf
adb shell run-as "$app" mv files/incoming/bundle files/bundle
[ -z "$base" ] || adb shell run-as "$app" mv files/incoming/base.gguf files/base.gguf
adb shell run-as "$app" rm -rf files/incoming
echo "installed $bundle${base:+ with $base}"
