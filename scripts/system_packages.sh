#!/usr/bin/env bash
# Debian packages that the tests need: installed where we may (root and apt-get), named where we may not. Exits 0 either way:
# the layer that needs a missing tool says so itself.
set -euo pipefail

declare -A package_of=([chromium]=chromium [aapt2]=aapt [strace]=strace [minisign]=minisign)
missing=()
for tool in "${!package_of[@]}"; do
  command -v "$tool" >/dev/null || missing+=("${package_of[$tool]}")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "nothing to install"
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
  echo "missing: ${missing[*]}; install them with: sudo apt-get install ${missing[*]}"
fi
