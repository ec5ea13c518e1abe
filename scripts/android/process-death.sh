#!/usr/bin/env bash
# process-death.sh: what was shared outlives the app's process, and is given out once. For a phone or an emulator with a build of the app, set to English.
# Not an instrumentation test, because that would end with the process. Exit 0 when it holds.
set -euo pipefail
app=ai.tandem.app
marker="Zanzibar-$$"

fail() { echo "process-death: $*" >&2; exit 1; }

screen() { # the texts on the screen
  adb exec-out uiautomator dump /dev/tty 2>/dev/null
}

await() { # TEXT
  for _ in $(seq 30); do
    screen | grep -qF "$1" && return
    sleep 1
  done
  fail "\"$1\" is not on the screen"
}

process() { adb shell pidof "$app" || true; }

open() { adb shell am start -W -a android.intent.action.MAIN -c android.intent.category.LAUNCHER -n "$app/.MainActivity" >/dev/null; }

kill_behind() { # as Android does when it wants the memory: the process goes, the task and its saved state stay
  local before
  before=$(process)
  adb shell input keyevent KEYCODE_HOME
  sleep 2
  adb shell am kill "$app"
  for _ in $(seq 20); do
    [ "$(process)" != "$before" ] && return
    sleep 0.5
  done
  fail "Android did not end the process"
}

adb get-state >/dev/null || fail "adb sees no phone; connect one and allow USB debugging"
adb shell am force-stop "$app"
# Spaces and quotes pass through the phone's shell as well.
adb shell "am start -W -a android.intent.action.SEND -t text/plain -n $app/.MainActivity --es android.intent.extra.TEXT 'Ana: $marker?'" >/dev/null
await "$marker"

kill_behind
open
await Tandem
sleep 5
# The app need not remember the conversation; it must not take the old intent for a new one and show it twice.
[ "$(screen | grep -oF "$marker" | wc -l)" -le 1 ] || fail "the shared text is there twice"

adb shell am force-stop "$app"
open
await Tandem
sleep 5
screen | grep -qF "$marker" && fail "a new start shows what was shared before"
echo "what was shared was given out once"
