#!/usr/bin/env bash
# Runs compose/ for real, by podman, as root: builds the images, brings the services up with the rights and limits that
# compose.yaml gives them, sends events, asks for them, loads, kills each container, stops and starts all, audits, and
# upgrades a database of an earlier version. Kafka's image is replaced by a mock (scripts/compose/test.yaml).
#
#   scripts/test-compose.sh
#
# Images, containers and volumes are in a storage of their own, POLYRHYTHM_COMPOSE_STORAGE (default
# /var/tmp/polyrhythm-compose), where images stay for the next time. Where no registry can be reached, Debian's image
# is made by debootstrap, and that of Swift from this and the toolchain on PATH.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/.."
storage=${POLYRHYTHM_COMPOSE_STORAGE-/var/tmp/polyrhythm-compose}

say() { printf 'compose-test: %s\n' "$*"; }
fail() {
  say "$*" >&2
  exit "${code-1}"
}
unavailable() { code=69 fail "$*"; } # EX_UNAVAILABLE

[ "$(id -u)" -eq 0 ] || unavailable "this needs root"
for program in podman runc python3 curl zstd; do
  command -v "$program" >/dev/null || unavailable "$program is missing: apt-get install podman runc netavark aardvark-dns iptables python3-yaml curl zstd"
done

mkdir -p "$storage"
exec 9>"$storage/lock"
flock --nonblock 9 || code=75 fail "another run has $storage" # EX_TEMPFAIL
work=$(mktemp -d "${TMPDIR:-/tmp}/polyrhythm-compose.XXXXXXXX")
driver=vfs
if grep -qw overlay /proc/filesystems; then driver=overlay; fi
cat >"$work/containers.conf" <<'CONF'
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=8000:8000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
CONF
export CONTAINERS_CONF=$work/containers.conf
export PODMAN="podman --root $storage/storage --runroot $storage/runroot --storage-driver $driver"
# Health checks are asked for here, so none needs a timer of systemd.
export DISABLE_HC_SYSTEMD=true
# Nothing that goes on beyond this run may keep the lock.
podman() { command $PODMAN "$@" 9>&-; }

project=polyrhythm-test
stack() { python3 -B scripts/compose/stack.py "$@" 9>&-; }
cleanup() {
  stack polyrhythm-test down || true
  stack polyrhythm-test-old down || true
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT
# What a run that was killed has left.
stack polyrhythm-test down
stack polyrhythm-test-old down

# ---- Images

pull() { timeout 600 $PODMAN pull --quiet "docker.io/library/$1" >/dev/null 2>&1; }
have() { podman image exists "docker.io/library/$1"; }
debian=debian:bookworm-slim
swift=$(sed -n 's/^ARG SWIFT_IMAGE=//p' compose/Dockerfile)

if ! have $debian && ! pull $debian; then
  command -v debootstrap >/dev/null || unavailable "no registry can be reached, and debootstrap is missing"
  say "no registry can be reached: $debian is made by debootstrap"
  debootstrap --variant=minbase bookworm "$work/debian" http://deb.debian.org/debian >"$work/debootstrap.log" ||
    unavailable "debootstrap: $(tail -1 "$work/debootstrap.log")"
  rm -rf "$work"/debian/var/cache/apt/archives/*.deb "$work"/debian/var/lib/apt/lists/*
  tar -C "$work/debian" -c . | podman import --quiet - "docker.io/library/$debian"
fi

build() { # tag, Dockerfile, context, further flags
  say "building $1"
  podman build --quiet --isolation chroot --layers --pull=never --tag "$1" --file "$2" "${@:4}" "$3" >"$work/build.log" 2>&1 ||
    { tail -40 "$work/build.log" >&2 && fail "$2 does not build"; }
}
if ! have "$swift" && ! pull "$swift"; then
  toolchain=$(dirname "$(dirname "$(realpath "$(command -v swift)")")")
  say "no registry can be reached: $swift is made from $toolchain ($(swift --version 2>/dev/null | head -1))"
  build "docker.io/library/$swift" scripts/compose/swift.Dockerfile "$toolchain" --ignorefile scripts/compose/swift.ignore
fi
build localhost/polyrhythm-postgres:15 compose/postgres/Dockerfile .
build localhost/polyrhythm-mock-kafka:local scripts/compose/mock-kafka.Dockerfile scripts/compose
build localhost/polyrhythm:local compose/Dockerfile .

# ---- Steps

export TEST_SECRETS=$work/secrets
mkdir -m 755 "$TEST_SECRETS"
chmod 755 "$work"
# A quote and a backslash, because a password may have them.
printf "it's\\\\secret-of-the-test" >"$TEST_SECRETS/postgres_password"
printf 'token-of-the-compose-test-0123456789' >"$TEST_SECRETS/api_token"
chmod 444 "$TEST_SECRETS"/*
TEST_PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export TEST_PORT
export POLYRHYTHM_CRON='* * * * *' POLYRHYTHM_CPUS=1 # a load each minute, on machines of any size
database=postgresql://polyrhythm@postgres/polyrhythm
ours=(postgres archive speed schedule serve)

container() { printf '%s-%s' $project "$1"; }
state() { podman inspect --format "{{.State.$2}}" "$(container "$1")" 2>/dev/null || true; }
sql() { podman exec "$(container postgres)" psql -XAtq -d polyrhythm -c "$1"; }

until_equal() { # what, seconds, expected, command…
  local what=$1 end=$((SECONDS + $2)) expected=$3 found
  shift 3
  until found=$("$@" 2>/dev/null) && [ "$found" = "$expected" ]; do
    [ $SECONDS -lt $end ] || fail "$what: $expected expected, found ${found:-nothing}"
    sleep 0.5
  done
  say "$what: $expected"
}

listens() { # as the API has them, both layers merged
  curl -fsS -m 10 -H "Authorization: Bearer $(cat "$TEST_SECRETS/api_token")" \
    "http://127.0.0.1:$TEST_PORT/api/v1/query?metrics=listens&from=-30d&to=now&granularity=none" |
    python3 -c 'import json, sys; rows = json.load(sys.stdin)["rows"]; print(rows[0]["listens"] if rows else 0)'
}

sent=0
day=20 # before today
send() { # the events of the day after that of the last call, so that none is late, by users that are new to the log
  local truth
  truth=$(stack $project run speed generate --users 150 --from ${day}d --to $((day - 1))d --first-user-id $((day * 1000)) \
    --seed $day --log "kafka:$TEST_BROKER" --truth /dev/stdout 2>"$work/generate.log") || fail "$(cat "$work/generate.log")"
  day=$((day - 1))
  sent=$((sent + $(python3 -c 'import json, sys; print(json.load(sys.stdin)["events"]["listen_events"])' <<<"$truth")))
}
loads() { sql "select count(*) >= $1 from warehouse.load_run where status = 'published'"; }
reader() { stack $project run serve sql --csv --database $database 'select current_user' | tail -1; }

bounded() { # that a container has no more than compose.yaml gives it
  local status
  status=$(podman exec "$(container "$1")" cat /proc/1/status)
  for line in 'CapEff:	0000000000000000' 'CapBnd:	0000000000000000' 'NoNewPrivs:	1'; do
    grep -qx "$line" <<<"$status" || fail "$1 has not '$line'"
  done
  ! grep -qE '^Uid:	0	' <<<"$status" || fail "$1 runs as root"
  ! podman exec "$(container "$1")" touch /usr/written 2>/dev/null || fail "$1 can write to its image"
  for limit in Memory PidsLimit NanoCpus; do
    [ "$(podman inspect --format "{{.HostConfig.$limit}}" "$(container "$1")")" -gt 0 ] || fail "$1 has no $limit"
  done
  podman inspect "$(container "$1")" >"$work/inspect"
  ! grep -q 'secret-of-the-test' "$work/inspect" || fail "$1 shows the password"
}

say 'Kafka is a mock: its image is not part of this test'
stack $project up kafka
stack $project ready kafka
TEST_BROKER=$(podman exec "$(container kafka)" cat /tmp/address)
export TEST_BROKER

stack $project up postgres
stack $project ready postgres
send
stack $project up "${ours[@]}"
stack $project ready "${ours[@]}"
say "all healthy"
for service in "${ours[@]}"; do bounded "$service"; done
say 'no root, no capabilities, nothing to write to, memory and processes bounded'
until_equal 'listens in the API' 120 $sent listens
until_equal 'commands that only read are' 30 analyst reader
until_equal 'a load is published' 150 t loads 1

for service in "${ours[@]}"; do
  before=$(state "$service" Pid)
  kill -9 "$before" # from outside, as a crash: podman's own kill counts as wanted
  end=$((SECONDS + 60))
  until [ "$(state "$service" Running)" = true ] && [ "$(state "$service" Pid)" != "$before" ]; do
    [ $SECONDS -lt $end ] || fail "$service did not come back"
    sleep 0.2
  done
  stack $project ready "${ours[@]}"
  send
  until_equal "$service was killed and came back; listens in the API" 120 $sent listens
done

for service in serve schedule speed archive postgres; do
  podman stop "$(container "$service")" >/dev/null
  [ "$(state "$service" ExitCode)" = 0 ] || fail "$service ended with $(state "$service" ExitCode) when it was stopped"
done
say 'all stopped, each with exit code 0'
stack $project up "${ours[@]}"
stack $project ready "${ours[@]}"
until_equal 'started again; listens in the API' 120 $sent listens
send
until_equal 'and it goes on; listens in the API' 120 $sent listens
published=$(sql "select count(*) from warehouse.load_run where status = 'published'")
until_equal 'loads go on' 150 t loads $((published + 1))

podman stop "$(container schedule)" >/dev/null
stack $project run schedule check --lake /lake --database $database || fail 'the audit found differences'
stack $project down

# ---- An earlier version's database

# The oldest has the most to bring up to date.
dump=$(find Tests/Dumps -mindepth 1 -maxdepth 1 | sort | head -1)
say "upgrading the database and the lake of $dump"
project=$project-old
stack $project up postgres
stack $project ready postgres
# Comments on extensions, and rights to functions of the server's, which it warns of, are for a superuser; everything
# else is the owner's.
zstd -dcq "$dump/warehouse.sql.zst" | sed '/^COMMENT ON EXTENSION /d; /^SET client_min_messages /d' |
  podman exec -i -e PGPASSWORD="$(cat "$TEST_SECRETS/postgres_password")" -e PGOPTIONS='-c client_min_messages=error' "$(container postgres)" \
    psql -Xq -v ON_ERROR_STOP=1 -h 127.0.0.1 -U polyrhythm polyrhythm >/dev/null
podman volume create $project-lake >/dev/null
zstd -dcq "$dump/log.tar.zst" | tar -x --strip-components=1 -C "$(podman volume inspect --format '{{.Mountpoint}}' $project-lake)"
chown -R 10001:10001 "$(podman volume inspect --format '{{.Mountpoint}}' $project-lake)"
stack $project run schedule load incremental --lake /lake --database $database
stack $project run schedule check --lake /lake --database $database || fail 'the audit found differences after the upgrade'
found=$(sql "select to_char(max(number), 'FM0000') from warehouse.schema_migration")
newest=$(find warehouse-sql/migrations -name '*.sql' -printf '%f\n' | sort | tail -1 | cut -c1-4)
[ "$found" = "$newest" ] || fail "the database is at migration $found, not $newest"
say "a database of migration $(basename "$dump") is one of migration $newest, and audited"
say passed
