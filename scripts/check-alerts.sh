#!/bin/bash
# Checks the alert rules of compose/prometheus with promtool, and that they name no metric that the server does not have.
# check-alerts.sh; promtool is of Debian's package prometheus, and is taken out of it where the package is not installed.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "check-alerts: $*" >&2; exit 1; }

promtool=$(command -v promtool || echo .build/promtool/usr/bin/promtool)
if [ ! -x "$promtool" ]; then
  # The package would start a server and brings 300 MB; this is 50.
  work=$(mktemp -d /tmp/polyrhythm-promtool-XXXXXX)
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && apt-get download prometheus > /dev/null) || fail "cannot download Debian's package prometheus"
  mkdir -p .build/promtool
  dpkg-deb --fsys-tarfile "$work"/prometheus_*.deb | tar -x -C .build/promtool ./usr/bin/promtool
fi

"$promtool" check config compose/prometheus/prometheus.yml
"$promtool" test rules compose/prometheus/alerts-test.yml
source=Sources/ServingLayer/Monitoring
for metric in $(grep -oE 'polyrhythm_[a-z_]+' compose/prometheus/alerts.yml | sort -u); do
  # A summary's or histogram's own samples have the family's name and more.
  family=$(sed -E 's/_(sum|count|bucket)$//' <<< "$metric")
  grep -rqE "\"($metric|$family)\"" "$source" || fail "$source has no metric $metric"
done
echo "check-alerts: the rules hold, and name only what /metrics has"
