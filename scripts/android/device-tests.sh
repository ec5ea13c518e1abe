#!/usr/bin/env bash
# device-tests.sh [BUNDLE [BASE]]: installs the debug build and its tests, puts the bundle where they find it, and runs all that needs a phone or an emulator.
# Build them first: `./gradlew :app:assembleDebug :app:assembleDebugAndroidTest -PembedJs` in app/android, with
# -PreactNativeArchitectures=x86_64 for an emulator on a PC. The phone must be unlocked and set to English. Exit 0 when all pass.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
apks=$here/../../app/android/app/build/outputs/apk
report=$(mktemp)
trap 'rm -f "$report"' EXIT

adb install -r "$apks/debug/app-debug.apk"
adb install -r "$apks/androidTest/debug/app-debug-androidTest.apk"
"$here/push-bundle.sh" "$@"
# The command ends well when tests fail; only its report tells.
adb shell am instrument -w ai.tandem.app.test/androidx.test.runner.AndroidJUnitRunner | tee "$report"
grep -q '^OK (' "$report"
"$here/process-death.sh"
