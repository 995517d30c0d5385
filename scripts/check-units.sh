#!/usr/bin/env bash
# Checks the units of systemd/ as `make install` would install them: systemd understands them, the commands take the flags
# that they are given, and each is closed to whatever it does not need (an exposure below 3.0 of 10).
#
#   scripts/check-units.sh [BINARY]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
binary=$(realpath "${1:-.build/release/polyrhythm}")

fail() {
  printf 'check-units: %s\n' "$*" >&2
  exit 1
}
command -v systemd-analyze >/dev/null || {
  printf "check-units: package systemd is missing; run 'make deps-test'\n" >&2
  exit 69 # EX_UNAVAILABLE
}

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
make --no-print-directory -s install-units DESTDIR="$root" PREFIX=/opt/poly
units=("$root"/opt/poly/lib/systemd/system/*.service)
[ ${#units[@]} -eq 4 ] || fail "4 units should be installed, not ${#units[@]}"

# The program is not installed below /opt/poly, so that systemd is shown the one that was built.
sed -i "s|^ExecStart=/opt/poly/bin/polyrhythm |ExecStart=$binary |" "${units[@]}"
for unit in "${units[@]}"; do
  name=$(basename "$unit")
  command=$(sed -n "s|^ExecStart=$binary \([a-z]*\) .*|\1|p" "$unit")
  "$binary" "$command" --help >/dev/null || fail "$name runs 'polyrhythm $command', which is no command"
  # A template is checked as one of its instances.
  case $name in *@.service) mv "$unit" "${unit%@.service}@1.service" && unit=${unit%@.service}@1.service ;; esac
  said=$(systemd-analyze verify --man=no "$unit" 2>&1) || fail "$name: $said"
  if grep -F "$root" <<<"$said"; then fail "$name: systemd warns of it"; fi
  systemd-analyze security --offline=true --no-pager --threshold=29 "$unit" >"$root/said" 2>&1 ||
    fail "$name is too open: $(tail -1 "$root/said"); systemd-analyze security says what is missing"
  printf 'check-units: %s: %s\n' "$name" "$(grep -o 'exposure level.*: [0-9.]*' "$root/said")"
done

# Each variable that the units use has its line in the file of settings.
for variable in $(grep -ho '\$[A-Z_]*_FLAGS' systemd/*.service | tr -d '$'); do
  grep -q "^$variable=" systemd/polyrhythm.env || fail "systemd/polyrhythm.env lacks $variable"
done
