#!/usr/bin/env bash
# Ends with one clear line when the Swift toolchain is missing or too old.
set -euo pipefail

need=6.0
where='install Swift 6 from https://www.swift.org/install/linux and put its usr/bin on PATH'

if ! command -v swift >/dev/null; then
  printf 'swift is not on PATH and Polyrhythm needs Swift %s or later; %s\n' "$need" "$where" >&2
  exit 69 # EX_UNAVAILABLE
fi

if ! said=$(swift --version 2>&1); then
  printf '%s does not run (%s); install the packages that https://www.swift.org/install/linux names for this system\n' \
    "$(command -v swift)" "$(tail -1 <<<"$said")" >&2
  exit 69
fi
found=$(sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' <<<"$said" | head -1)
if [ -z "$found" ]; then
  printf '%s does not say its version; %s\n' "$(command -v swift)" "$where" >&2
  exit 69
fi
if [ "$(printf '%s\n%s\n' "$need" "$found" | sort -V | head -1)" != "$need" ]; then
  printf 'Swift %s is too old, Polyrhythm needs %s or later; %s\n' "$found" "$need" "$where" >&2
  exit 69
fi
