#!/usr/bin/env bash
# The page in a real Chromium, beside a server with data of its own (docs/page.md).
# Usage: test-page.sh POLYRHYTHM [CLASS[.TEST]… | --screens [--record]]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
polyrhythm=$1
shift
export POLYRHYTHM_PAGE=$root/Sources/ServingLayer/Page
python=$root/.build/test-python/bin/python3
if [ "${1-}" = --screens ]; then
  exec "$python" -B "$root/Tests/Page/screens.py" "$polyrhythm" "$root/docs/screens" "${@:2}"
fi
# The tests take a minute and a half where nothing else runs; a hanging browser must not hang what calls this.
exec timeout --kill-after=60 900 "$python" -B "$root/Tests/Page/test_page.py" "$polyrhythm" "$@"
