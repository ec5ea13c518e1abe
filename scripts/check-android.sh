#!/usr/bin/env bash
# Checks each layer of the Android app that can be checked without Android's SDK, NDK and Gradle (docs/android.md says how far that goes).
# Prints a line a layer: OK, FAILED with the end of its log, SKIPPED with the reason, or NOT RUN for what no machine without an SDK can do.
# Exit 1 when a layer failed, 78 when none did and one was skipped. REQUIRE_ALL=1: what would be skipped fails.
set -uo pipefail
shopt -s inherit_errexit

ROOT=$(cd "$(dirname "$0")/.." && pwd)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

# The exit code of what this machine cannot run, with the reason as the last line that it printed: of a layer, of artifacts.py and bundle-android.sh, and to
# run_tests.py of this script.
SKIPPED=78

# shellcheck source-path=SCRIPTDIR source=android/layers.sh disable=SC1091
. "$ROOT/scripts/android/layers.sh"

failed=0 skipped=0 passed=0

layer() { # TITLE FUNCTION
  local title=$1 log=$WORK/$2.log status
  (set -e; cd "$ROOT"; "$2") >"$log" 2>&1
  status=$?
  echo "$status" >"$WORK/$2.status"
  case $status in
    0) passed=$((passed + 1)); echo "OK       $title" ;;
    "$SKIPPED")
      if [ "${REQUIRE_ALL:-}" = 1 ]; then
        failed=$((failed + 1)); echo "FAILED   $title: $(tail -n 1 "$log"), and REQUIRE_ALL=1"
      else
        skipped=$((skipped + 1)); echo "SKIPPED  $title: $(tail -n 1 "$log")"
      fi
      ;;
    *) failed=$((failed + 1)); echo "FAILED   $title"; tail -n 40 "$log" | sed 's/^/         | /' ;;
  esac
}

not_run() { echo "NOT RUN  $1: $2"; }

# What it cannot install, the layers that need it miss.
"$ROOT/scripts/system_packages.sh" java javac mvn aapt2 g++ python3
layer "JavaScript bundle, Hermes bytecode" javascript
layer "autolinking finds the device core" autolinking
layer "codegen of the TurboModule specs" codegen
layer "merged manifest, linked resources, permissions and exported components of the release" manifest
layer "Kotlin and Java against React Native's classes" kotlin
layer "Kotlin unit tests on Robolectric" unit_tests
layer "instrumentation test compiles" device_test
layer "the manifest's checks refuse what they must" manifest_fixtures
layer "JSI C++ of the bindings" jsi
layer "Gradle scripts parse" gradle_scripts
layer "the history's database is built encrypted" encrypted_history
layer "the check of 16 KB pages refuses what it must" alignment
not_run "Gradle build, R8, packaging, signing" "need Gradle, the Android plugin and the SDK, which no package registry has"
not_run "device core for arm64, link of the bindings" "need the NDK"
not_run "instrumentation test" "needs a phone or an emulator"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] || exit 1
[ "$skipped" = 0 ] || exit "$SKIPPED"
