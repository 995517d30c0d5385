"""As much of docker compose as scripts/test-compose.sh needs, by plain podman.

    stack.py PROJECT up SERVICE…              starts them, those they depend on first, each when those are ready
    stack.py PROJECT ready SERVICE…           waits for their health checks
    stack.py PROJECT run SERVICE WORD…        runs a command once, as that service is run
    stack.py PROJECT down                     removes containers, network and volumes

It reads compose/compose.yaml and, over it, scripts/compose/test.yaml, whose keys replace those of a service. A key that
it does not know is an error, so that nothing in the file is left out of the test unseen. $PODMAN is the command line of
podman.
"""
import json, os, re, shlex, subprocess, sys, time
import yaml

PODMAN = shlex.split(os.environ.get("PODMAN", "podman"))
DEADLINE = 180  # seconds until a service has to be ready
FOLDER = "compose"


def podman(*words, quiet=False):
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run([*PODMAN, *words], stdout=output, stderr=output, stdin=subprocess.DEVNULL).returncode


def must(*words):
    result = subprocess.run([*PODMAN, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if result.returncode:
        sys.exit(f"stack: podman {words[0]}: {result.stderr.strip()}")


def ask(*words):
    return subprocess.run([*PODMAN, *words], capture_output=True, text=True).stdout.strip()


def filled_in(value):
    """A value with the variables of the environment, as compose puts them in."""
    if isinstance(value, dict):
        return {key: filled_in(each) for key, each in value.items()}
    if isinstance(value, list):
        return [filled_in(each) for each in value]
    if not isinstance(value, str):
        return value

    def variable(match):
        name, default = match[1], match[2]
        found = os.environ.get(name) or (default[2:] if default and default.startswith(":-") else None)
        if found is None:
            raise KeyError(name)
        return found

    return re.sub(r"(?<!\$)\$\{(\w+)(:[-?][^}]*)?\}", variable, value).replace("$$", "$")


def services():
    with open(f"{FOLDER}/compose.yaml") as file:
        found = yaml.safe_load(file)["services"]
    with open("scripts/compose/test.yaml") as file:
        for name, changes in yaml.safe_load(file)["services"].items():
            if changes is None:
                del found[name]
            else:
                found[name] = {**found[name], **changes}
    return found


class Stack:
    def __init__(self, project):
        self.project = project
        self.services = services()

    def container(self, name):
        return f"{self.project}-{name}"

    def flags(self, name, with_ports):
        """The flags of `podman run` for a service."""
        flags = []
        network = [f"--network={self.project}", f"--network-alias={name}"]
        for key, value in self.services[name].items():
            if key in ("ports", "restart", "healthcheck") and not with_ports:
                continue
            value = value if key in ("command", "entrypoint") else filled_in(value)
            if key in ("image", "build", "depends_on", "command", "entrypoint"):
                continue
            elif key == "network_mode":
                network = [f"--network=container:{self.container(value.removeprefix('service:'))}"]
            elif key == "read_only":
                flags += [f"--read-only={str(value).lower()}", "--read-only-tmpfs=false"]
            elif key == "security_opt":
                # Podman wants the word alone where Docker takes it with a value as well.
                flags += [f"--security-opt={each.removesuffix(':true')}" for each in value]
            elif key in ("restart", "shm_size", "pids_limit", "cpus"):
                flags.append(f"--{key.replace('_', '-')}={value}")
            elif key == "mem_limit":
                flags.append(f"--memory={value}")
            elif key == "stop_grace_period":
                flags.append(f"--stop-timeout={value.removesuffix('s')}")
            elif key in ("tmpfs", "cap_drop"):
                flags += [f"--{key.replace('_', '-')}={each}" for each in value]
            elif key == "ports":
                flags += [f"--publish={each}" for each in value]
            elif key == "volumes":
                flags += [f"--volume={self.project}-{each}" for each in value]
            elif key == "secrets":
                folder = os.environ.get("TEST_SECRETS", os.path.abspath(f"{FOLDER}/secrets"))
                flags += [f"--volume={folder}/{each}:/run/secrets/{each}:ro" for each in value]
            elif key == "environment":
                flags += [f"--env={variable}={text}" for variable, text in value.items()]
            elif key == "logging":
                # Podman's log has one file; its size is bounded as well.
                flags += [f"--log-driver={value['driver']}", f"--log-opt=max-size={value['options']['max-size']}"]
            elif key == "healthcheck":
                # Podman 4 does not know the form of a list, so the same goes through a shell.
                flags.append(f"--health-cmd={shlex.join(value['test'][1:])}")
                flags += [f"--health-{part.replace('_', '-')}={each}" for part, each in value.items() if part != "test"]
            else:
                sys.exit(f"stack: {name}: this does not know the key {key}")
        return flags + network

    def words(self, name):
        """The entry point, as a flag, and the command."""
        service = self.services[name]
        entry = filled_in(service.get("entrypoint", []))
        return ([f"--entrypoint={json.dumps(entry)}"] if entry else []), filled_in(service.get("command", []))

    def is_running(self, name):
        return ask("inspect", "--format={{.State.Running}}", self.container(name)) == "true"

    def wait_ready(self, name):
        end = time.monotonic() + DEADLINE
        while podman("healthcheck", "run", self.container(name), quiet=True):
            if time.monotonic() > end:
                podman("logs", "--tail=30", self.container(name))
                sys.exit(f"stack: {name} is not healthy after {DEADLINE} s")
            time.sleep(0.5)

    def up(self, names):
        if podman("network", "exists", self.project):
            must("network", "create", self.project)
        for name in names:
            if self.is_running(name):
                continue
            others = list(self.services[name].get("depends_on", {}))
            self.up(others)
            for other in others:
                self.wait_ready(other)
            entry, command = self.words(name)
            image = f"localhost/{self.services[name]['image']}"
            podman("rm", "--force", "--volumes", self.container(name), quiet=True)
            must("run", "--detach", "--pull=never", f"--name={self.container(name)}",
                 *self.flags(name, with_ports=True), *entry, image, *command)

    def run(self, name, words):
        image = f"localhost/{self.services[name]['image']}"
        return podman("run", "--rm", "--pull=never", *self.flags(name, with_ports=False), image, *words)

    def down(self):
        names = [each for each in ask("ps", "--all", "--format={{.Names}}").split() if each.startswith(f"{self.project}-")]
        # Those that share another's network go first.
        for name in sorted(names, key=lambda each: each == self.container("kafka")):
            podman("rm", "--force", "--volumes", "--time=5", name, quiet=True)
        podman("network", "rm", "--force", self.project, quiet=True)
        for volume in ask("volume", "ls", "--quiet").split():
            if volume.startswith(f"{self.project}-"):
                podman("volume", "rm", volume, quiet=True)


stack, verb, rest = Stack(sys.argv[1]), sys.argv[2], sys.argv[3:]
if verb == "up":
    stack.up(rest)
elif verb == "ready":
    for service in rest:
        stack.wait_ready(service)
elif verb == "run":
    sys.exit(stack.run(rest[0], rest[1:]))
elif verb == "down":
    stack.down()
else:
    sys.exit(__doc__)
