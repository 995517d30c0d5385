#!/usr/bin/env bash
# Every question, mart and query of a dashboard, beside DuckDB over the lake's files (docs/questions.md).
# Usage: test-oracle.sh POLYRHYTHM [--only PATTERN | --make-sample]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$root/.build/test-python/bin/python3" -B "$root/Tests/Oracle/test_oracle.py" --buffer
exec "$root/.build/test-python/bin/python3" -B "$root/Tests/Oracle/oracle.py" "$@"
