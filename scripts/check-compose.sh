#!/usr/bin/env bash
# Checks compose/ as far as that goes without a container engine: the file is well formed, everything
# it refers to is there, and the commands of our services exist with the flags they are given.
#
#   scripts/check-compose.sh [BINARY]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
binary=${1:-.build/release/polyrhythm}

fail() {
  printf 'check-compose: %s\n' "$*" >&2
  exit 69 # EX_UNAVAILABLE
}
[ -x "$binary" ] || fail "$binary is not there; run 'make build' first"
python3 -c 'import yaml' 2>/dev/null || fail "package python3-yaml is missing; run 'make deps-test'"

python3 - "$binary" <<'PYTHON'
import fnmatch, os, re, subprocess, sys
import yaml

BINARY = sys.argv[1]
FOLDER = "compose"
problems = []


def check(holds, problem):
    if not holds:
        problems.append(problem)


def filled_in(text):
    """The text as compose would see it with every variable at its default."""
    text = re.sub(r"(?<!\$)\$\{\w+:-([^}]*)\}", r"\1", text)
    return text.replace("$$", "$")


def required_variables(text):
    return set(re.findall(r"(?<!\$)\$\{(\w+):\?", text))


def help_of(command):
    run = subprocess.run([BINARY, command, "--help"], capture_output=True, text=True, timeout=30)
    return run.stdout if run.returncode == 0 else None


def check_command(where, words):
    """`words` is a command line of polyrhythm: the command is there and takes these flags."""
    words = [filled_in(str(word)) for word in words]
    text = help_of(words[0])
    check(text is not None, f"{where}: 'polyrhythm {words[0]} --help' fails: no such command")
    check(text is None or f"polyrhythm {words[0]}" in text,
          f"{where}: 'polyrhythm {words[0]} --help' is not the help of that command")
    for word in words[1:]:
        if text is not None and word.startswith("--"):
            known = re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)
            check(known, f"{where}: polyrhythm {words[0]} has no flag {word}")


def ignored(path, rules):
    """Whether a .dockerignore that starts from * and takes back with ! leaves the path out."""
    out = False
    for rule in rules:
        back, rule = rule.startswith("!"), rule.lstrip("!").rstrip("/")
        parts = path.split("/")
        heads = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
        if any(fnmatch.fnmatchcase(head, rule) for head in heads):
            out = not back
    return out


with open(f"{FOLDER}/compose.yaml") as file:
    source = file.read()
stack = yaml.safe_load(source)
services = stack["services"]

awaited = {}  # service -> the conditions that others wait for
for name, service in services.items():
    for other, rule in service.get("depends_on", {}).items():
        check(other in services, f"{name}: depends on {other}, which is no service")
        awaited.setdefault(other, set()).add(rule["condition"])

BOUNDS = {"read_only", "cap_drop", "security_opt", "mem_limit", "cpus", "pids_limit", "logging"}

used_volumes, used_secrets, our_services, dockerfiles = set(), set(), set(), set()
for name, service in services.items():
    once = "service_completed_successfully" in awaited.get(name, ())
    check("restart" in service, f"{name}: no restart policy")
    check(BOUNDS <= service.keys(), f"{name}: nothing says {sorted(BOUNDS - service.keys())}")
    check(once or "healthcheck" in service, f"{name}: no health check")
    image = service["image"]
    check(re.search(r":[^/:]+$", image) and not image.endswith(":latest"),
          f"{name}: image {image} is not pinned to a version")

    for volume in service.get("volumes", []):
        place = volume.split(":")[0]
        if place.startswith((".", "/")):
            check(os.path.exists(os.path.join(FOLDER, place)), f"{name}: {place} is not there")
        else:
            used_volumes.add(place)
    used_secrets.update(service.get("secrets", []))
    for text in map(str, service["environment"].values() if "environment" in service else []):
        match = re.match(r"/run/secrets/(\w+)$", text)
        if match:
            check(match[1] in service.get("secrets", []), f"{name}: secret {match[1]} is not mounted")
    for word in service.get("command", []):
        match = re.match(r"/run/secrets/(\w+)$", str(word))
        if match:
            check(match[1] in service.get("secrets", []), f"{name}: secret {match[1]} is not mounted")

    if "build" in service:
        check(os.path.normpath(os.path.join(FOLDER, service["build"]["context"])) == ".",
              f"{name}: is not built from the repository's root")
        dockerfiles.add(service["build"]["dockerfile"])
    if image == "polyrhythm:local":
        our_services.add(name)
        check_command(name, service["command"])
        probe = service["healthcheck"]["test"]
        if probe[:2] == ["CMD", "polyrhythm-container"]:
            check_command(f"{name} health check", probe[2:])

check(our_services == {"archive", "speed", "schedule", "serve"},
      f"services of our image: {sorted(our_services)}")
check(used_volumes == set(stack["volumes"]),
      f"volumes declared {sorted(stack['volumes'])}, used {sorted(used_volumes)}")
check(used_secrets == set(stack["secrets"]),
      f"secrets declared {sorted(stack['secrets'])}, used {sorted(used_secrets)}")

with open(f"{FOLDER}/init.sh") as file:
    init = file.read()
for variable in required_variables(source):
    check(f"{variable}=" in init, f"${variable} is required and init.sh does not make it")
for secret in stack["secrets"]:
    check(re.search(rf"\b{secret}\b", init), f"secret {secret}: init.sh does not make it")

for dockerfile in sorted(dockerfiles):
    if not os.path.exists(dockerfile):
        check(False, f"{dockerfile} is not there")
        continue
    with open(f"{dockerfile}.dockerignore") as file:
        rules = file.read().split()
    with open(dockerfile) as file:
        copies = [line.split()[1:] for line in file if line.startswith("COPY ")]
    for words in copies:
        if any(word.startswith("--from=") for word in words):
            continue
        for path in [word for word in words if not word.startswith("--")][:-1]:
            check(os.path.exists(path), f"{dockerfile}: COPY {path}: not there")
            check(not ignored(path, rules), f"{dockerfile}: COPY {path}: left out by .dockerignore")
for script in ["init.sh", "polyrhythm-container", "postgres/polyrhythm-postgres"]:
    check(os.access(f"{FOLDER}/{script}", os.X_OK), f"{script} is not executable")

# What `make compose-test` changes is still there to be changed.
with open("scripts/compose/test.yaml") as file:
    for name in yaml.safe_load(file)["services"]:
        check(name in services, f"scripts/compose/test.yaml: {name} is no service")

for problem in problems:
    print(f"check-compose: {problem}", file=sys.stderr)
if problems:
    sys.exit(1)
print(f"check-compose: {len(services)} services, their commands and flags are there")
PYTHON

# With the compose plugin, Docker's own reading of the file as well.
if docker compose version >/dev/null 2>&1; then
  KAFKA_CLUSTER_ID=check docker compose -f compose/compose.yaml config --quiet
  printf 'check-compose: docker compose config accepts it\n'
else
  printf 'check-compose: no docker compose plugin here, so its own check was not made\n'
fi
