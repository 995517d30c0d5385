#!/usr/bin/env bash
# Installs the operating system packages that are missing, and only those.
#
#   scripts/deps.sh          what building and running need
#   scripts/deps.sh --test   what the tests need on top
#   scripts/deps.sh --bench  what scripts/bench.sh needs on top
#   scripts/deps.sh --peers  the same, and what benchmarks/peers/compare.py needs: Spark and others, 1.5 GB
#
# When nothing is missing it does nothing: no network, no sudo.
set -euo pipefail

fail() {
  printf 'deps: %s\n' "$*" >&2
  exit 69 # EX_UNAVAILABLE
}

case "${1-}" in
  '') want_tests=no want_bench=no want_peers=no ;;
  --test) want_tests=yes want_bench=no want_peers=no ;;
  --bench) want_tests=no want_bench=yes want_peers=no ;;
  --peers) want_tests=no want_bench=yes want_peers=yes ;;
  *)
    printf 'usage: scripts/deps.sh [--test|--bench|--peers]\n' >&2
    exit 64 # EX_USAGE
    ;;
esac

command -v dpkg-query >/dev/null ||
  fail "this needs Debian 12 or Ubuntu 24.04 (no dpkg-query here); README.md, Requirements, names the libraries to install by hand"

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo)
fi

updated=no
update_lists() {
  [ "$updated" = no ] || return 0
  run_as_root apt-get update -qq ||
    fail "cannot refresh the package lists; check the network and /etc/apt/sources.list, then run this again"
  updated=yes
}

need_sudo() {
  command -v sudo >/dev/null ||
    fail "missing and there is no sudo, run scripts/deps.sh as root: ${missing[*]-a list of packages}"
}

run_as_root() {
  if [ ${#as_root[@]} -gt 0 ]; then need_sudo; fi
  "${as_root[@]}" "$@"
}

is_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# The major version of the newest PostgreSQL server that is installed; nothing where there is none.
installed_postgres() {
  local binary
  for binary in /usr/lib/postgresql/*/bin/postgres; do
    [ -x "$binary" ] || continue
    binary=${binary#/usr/lib/postgresql/}
    printf '%s\n' "${binary%%/*}"
  done | sort -n | tail -1
}

# The major version that this distribution's metapackage stands for; nothing where apt knows none.
distribution_postgres() {
  apt-cache depends --important postgresql 2>/dev/null |
    sed -n 's/^ *Depends: postgresql-\([0-9][0-9]*\)$/\1/p' | sort -n | tail -1
}

postgres=$(installed_postgres)
[ -n "$postgres" ] || postgres=$(distribution_postgres)
if [ -z "$postgres" ]; then
  printf 'deps: asking apt which PostgreSQL this distribution has\n'
  update_lists
  postgres=$(distribution_postgres)
fi
[ -n "$postgres" ] || fail "apt knows no package 'postgresql'; enable the distribution's main (Ubuntu: universe) repository"

packages=(
  g++ pkg-config zstd
  libpq-dev librdkafka-dev libsimdjson-dev libmicrohttpd-dev libzstd-dev
  libcurl4-openssl-dev zlib1g-dev libbrotli-dev libxxhash-dev
  libjs-chart.js
  "postgresql-$postgres" "postgresql-$postgres-hll"
)
if [ "$want_tests" = yes ]; then
  packages+=(
    python3-yaml # scripts/check-compose.sh
    python3-venv # for moto and DuckDB, below
    rsync        # the copy of a log, as docs/operations.md has it
    systemd      # scripts/check-units.sh
    gzip         # the tests compress what they import
    curl openssl # the tests ask the server, over TLS too
    chromium     # scripts/test-page.sh
  )
fi
if [ "$want_bench" = yes ]; then
  packages+=(
    mbw  # how fast this machine copies memory
    kcat # reads from Kafka, beside us
    time # GNU time, for the peak memory of a process
  )
fi
if [ "$want_peers" = yes ]; then
  packages+=(
    openjdk-17-jre-headless  # Spark
    libpostgresql-jdbc-java  # Spark writes to PostgreSQL
    python3-venv             # for Spark, DuckDB and ClickHouse, below
  )
fi

# What the tests need of PyPI, in a Python environment below .build: moto, a mock of S3 that the tests of EventSources talk
# to, what Tests/Oracle counts with, and what Tests/Page drives a browser with. Where the system's Python has moto already, it is not installed.
test_python=$(cd "$(dirname "$0")/.." && pwd)/.build/test-python
tests=$(cd "$(dirname "$0")/.." && pwd)/Tests
install_required() { # FOLDER of the tests, and what is installed for it
  local required=$tests/$1/requirements.txt installed=$test_python/$1-requirements.txt
  if cmp -s "$required" "$installed"; then return; fi
  printf 'deps: installing %s from PyPI into %s\n' "$2" "$test_python"
  { "$test_python/bin/pip" install --quiet --disable-pip-version-check -r "$required" && cp "$required" "$installed"; } ||
    fail "cannot install what $required names from PyPI into $test_python; check the network, then run this again"
}
install_for_tests() {
  if [ ! -x "$test_python/bin/pip" ]; then
    python3 -m venv "$test_python" || fail "cannot make a Python environment in $test_python"
  fi
  install_required Oracle DuckDB
  install_required Page 'Playwright, axe and Pillow'
  local python
  for python in "$test_python/bin/python3" python3; do
    if "$python" -c 'import moto.server, boto3' 2>/dev/null; then return; fi
  done
  printf 'deps: installing moto (a mock of S3) from PyPI into %s\n' "$test_python"
  "$test_python/bin/pip" install --quiet --disable-pip-version-check 'moto[server,s3]==5.2.1' ||
    fail "cannot install moto[server,s3] from PyPI into $test_python; check the network, then run this again"
}

# The peers' versions are pinned in their requirements.txt. They are installed again where that has changed.
peers_python=$(cd "$(dirname "$0")/.." && pwd)/.build/peers-python
peers=$(cd "$(dirname "$0")/.." && pwd)/benchmarks/peers/requirements.txt
install_peers() {
  if cmp -s "$peers" "$peers_python/requirements.txt"; then return; fi
  printf 'deps: installing Spark, DuckDB and ClickHouse from PyPI into %s (1.5 GB)\n' "$peers_python"
  { python3 -m venv "$peers_python" &&
    "$peers_python/bin/pip" install --quiet --disable-pip-version-check -r "$peers" &&
    cp "$peers" "$peers_python/requirements.txt"; } ||
    fail "cannot install what $peers names from PyPI into $peers_python; check the network, then run this again"
}

missing=()
for package in "${packages[@]}"; do
  is_installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  [ "$want_tests" = no ] || install_for_tests
  [ "$want_peers" = no ] || install_peers
  exit 0
fi

if [ ${#as_root[@]} -gt 0 ]; then
  need_sudo
  printf 'deps: installing with sudo apt-get (it may ask for your password): %s\n' "${missing[*]}"
else
  printf 'deps: installing with apt-get: %s\n' "${missing[*]}"
fi

# When Debian's server package is first installed it makes and starts a system-wide cluster. Polyrhythm has
# private clusters instead, so this is switched off during the installation, unless this machine has a
# setting of its own.
no_cluster=/etc/postgresql-common/createcluster.d/polyrhythm-install.conf
remove_no_cluster() {
  run_as_root rm -f "$no_cluster"
}
if [[ " ${missing[*]} " == *" postgresql-$postgres "* ]] &&
  ! grep -qsr '^[[:space:]]*create_main_cluster' /etc/postgresql-common; then
  printf 'deps: no system-wide PostgreSQL cluster is made meanwhile (%s, removed afterwards)\n' "$no_cluster"
  trap remove_no_cluster EXIT
  run_as_root mkdir -p "${no_cluster%/*}"
  run_as_root sh -c "echo 'create_main_cluster = false' >'$no_cluster'"
fi

install() {
  run_as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends -qq "${missing[@]}"
}

# Package lists that are missing or old lead to packages that no longer exist: then the lists are refreshed,
# and the installation is tried once more.
if ! install; then
  printf 'deps: refreshing the package lists, then trying once more\n'
  update_lists
  install || fail "apt-get could not install: ${missing[*]}; its own message is above"
fi
[ "$want_tests" = no ] || install_for_tests
[ "$want_peers" = no ] || install_peers
printf 'deps: installed\n'
