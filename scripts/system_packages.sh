#!/usr/bin/env bash
# system_packages.sh [TOOL...]: Debian packages with the tools that the tests need, or with those that are named: installed where we may (root and
# apt-get), named where we may not. Exits 0 either way: the layer that needs a missing tool says so itself. Exit 1: apt-get could not install one.
set -euo pipefail

declare -A package_of=(
  [chromium]=chromium [aapt2]=aapt [strace]=strace [minisign]=minisign
  [java]=openjdk-17-jdk-headless [javac]=openjdk-17-jdk-headless [mvn]=maven [g++]=g++ [python3]=python3
)
[ $# -gt 0 ] || set -- "${!package_of[@]}"

is_here() { # TOOL
  [ "$1" != chromium ] || set -- "${CHROMIUM:-/usr/bin/chromium}" # where app/web/e2e/browser.ts looks for it
  command -v "$1" >/dev/null
}

declare -A missing=()
for tool in "$@"; do
  is_here "$tool" || missing[${package_of[$tool]}]=1
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "nothing to install"
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing ${!missing[*]}"
  # An older list of packages may do.
  apt-get update -qq || true
  # One by one: what this release of Debian lacks keeps no other away.
  refused=()
  for package in "${!missing[@]}"; do
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null || refused+=("$package")
  done
  if [ ${#refused[@]} -gt 0 ]; then
    echo "apt-get could not install ${refused[*]}, for the reason above; the tests want what is in them: look at the network and at /etc/apt/sources.list and run this again, or install the tools in another way (make doctor names them)" >&2
    exit 1
  fi
else
  echo "missing: ${!missing[*]}; install them with: sudo apt-get install ${!missing[*]}"
fi
