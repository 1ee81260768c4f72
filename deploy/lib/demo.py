#!/usr/bin/python3
# The demo of quickstart: an admin, an initialised hub, and N spokes, each in its own network and mount namespace, that run
# the very command the API returned. Leaves the daemons to quickstart. Secrets are printed once and stored nowhere.
#
#   bridge wghub-demo0, NETWORK.1 = the hub's endpoint
#     |-- wghub-demo-1  NETWORK.2     own /etc/wireguard, /run, /var/lib/wghub-spoke, /var/log, /usr/local/sbin
#     `-- wghub-demo-N  NETWORK.N+1   kept alive by a holder process; everything in it ends with 'stop'
#
# NETWORK is the first of NETWORKS, which nobody else may use on the internet, that this machine does not use either.
#
#   demo.py start STATE PORT COUNT SETUP-CODE        (an empty code: the hub has its admin already)
#   demo.py stop
import concurrent.futures, ctypes, http.client, ipaddress, json, os, secrets, signal, ssl, subprocess, sys, time

BRIDGE, BRIDGE_MAC = "wghub-demo0", "02:77:67:68:75:62"
NETWORKS = [ipaddress.ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.42.0/24")]
OWN_FOLDERS = ("/etc/wireguard", "/run", "/var/lib/wghub-spoke", "/var/log", "/usr/local/sbin")
CLONE_NEWNS, CLONE_NEWNET, MS_REC, MS_PRIVATE = 0x00020000, 0x40000000, 0x4000, 1 << 18
COMMAND_SECONDS, ACTIVE_SECONDS, AT_ONCE = 180, 60, 8
LIBC = ctypes.CDLL(None, use_errno=True)


class Refused(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status} {body.get('code', '')}: {body.get('error', '')}")
        self.status, self.code = status, body.get("code", "")


class Api:
    def __init__(self, state, port):
        # The certificate that apid made for itself is the only one trusted; its names don't matter on loopback.
        self.context = ssl.create_default_context(cafile=os.path.join(state, "api/tls/certificate.pem"))
        self.context.check_hostname = False
        self.port, self.headers = port, {}

    def call(self, method, path, body=None):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=self.context)
        headers = {**self.headers, "Host": f"127.0.0.1:{self.port}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        result = json.loads(text) if text else {}
        if answer.status >= 300:
            raise Refused(answer.status, result)
        return result, answer


def say(text):
    print("[quickstart]", text, file=sys.stderr, flush=True)


def run(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def namespace(number):
    return f"wghub-demo-{number}"


# --- namespaces ---------------------------------------------------------------------------------------------------------


def check(result):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def become_spoke(number):
    """In the holder: its network namespace, a mount namespace of its own, fresh folders that hide the hub's."""
    with open(f"/run/netns/{namespace(number)}") as file:
        check(LIBC.setns(file.fileno(), CLONE_NEWNET))
    check(LIBC.unshare(CLONE_NEWNS))
    # Mounts must not reach the machine. The root may be a chroot, which is no mount point: step out, cut off, step back.
    root = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    with open("/proc/self/ns/mnt") as file:
        check(LIBC.setns(file.fileno(), CLONE_NEWNS))
    check(LIBC.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
    os.fchdir(root)
    os.chroot(".")
    os.close(root)
    check(LIBC.mount(b"sysfs", b"/sys", b"sysfs", 0, None))
    for folder in OWN_FOLDERS:
        mode = b"mode=0700,size=16m" if folder == "/etc/wireguard" else b"mode=0755,size=16m"
        check(LIBC.mount(b"tmpfs", folder.encode(), b"tmpfs", 0, mode))
    os.makedirs("/run/lock", exist_ok=True)


def hold(number):
    """Starts the process that keeps a spoke's namespaces; returns its pid once they are ready."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        ready = os.read(reader, 200)
        os.close(reader)
        if ready != b"ready":
            raise RuntimeError(f"{namespace(number)}: {ready.decode()}")
        return pid
    try:
        os.setsid()
        become_spoke(number)
        os.write(writer, b"ready")
        quiet = os.open("/dev/null", os.O_RDWR)
        for target in range(3):
            os.dup2(quiet, target)
        os.closerange(3, 1024)
        os.execvp("sleep", ["sleep", "infinity"])
    except BaseException as error:  # the child must never go on as a second demo
        os.write(writer, str(error).encode()[:200])
    os._exit(1)


def pids_of(number):
    """Every process in a spoke's network namespace: the holder first."""
    path = f"/run/netns/{namespace(number)}"
    if not os.path.exists(path):
        return []
    wanted, found = os.stat(path).st_ino, []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat(f"/proc/{entry}/ns/net").st_ino == wanted:
                found.append(int(entry))
        except OSError:
            pass
    return sorted(found)


def existing():
    if not os.path.isdir("/run/netns"):
        return []
    names = [name for name in os.listdir("/run/netns") if name.startswith("wghub-demo-")]
    return sorted(int(name.rsplit("-", 1)[1]) for name in names)


def asked(*question):
    """What ip answers, as its JSON says it."""
    return json.loads(subprocess.run(["ip", "-json", "-4", *question], check=True, capture_output=True).stdout or "[]")


def choose_network():
    """The bridge's own where there is one, else the first that no address and no route of this machine touches."""
    links = [(link["ifname"], ipaddress.ip_network(f"{address['local']}/{address['prefixlen']}", strict=False))
             for link in asked("address") if "ifname" in link for address in link["addr_info"]]
    routes = [ipaddress.ip_network(route["dst"]) for route in asked("route") if route["dst"] != "default"]
    for name, network in links:
        if name == BRIDGE:
            return network
    for network in NETWORKS:
        if not any(network.overlaps(used) for used in [used for _, used in links] + routes):
            return network
    raise RuntimeError("no network is free for the demo: this machine uses " + ", ".join(map(str, NETWORKS)))


def make_bridge(network):
    if subprocess.run(["ip", "link", "show", "dev", BRIDGE], capture_output=True).returncode == 0:
        return
    # An address of its own: else it takes the lowest of its ports', and a new spoke would cut the others off until they ask.
    run("ip", "link", "add", BRIDGE, "address", BRIDGE_MAC, "type", "bridge")
    run("ip", "address", "add", f"{network[1]}/{network.prefixlen}", "dev", BRIDGE)
    run("ip", "link", "set", BRIDGE, "up")


def make_namespace(number, network):
    for folder in OWN_FOLDERS:
        os.makedirs(folder, exist_ok=True)
    name, outside = namespace(number), f"wghubd{number}"
    inside = ("nsenter", f"--net=/run/netns/{name}")  # "ip -n" remounts the root, which a chroot can't
    run("ip", "netns", "add", name)
    run("ip", "link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", name)
    run("ip", "link", "set", outside, "master", BRIDGE, "up")
    run(*inside, "ip", "link", "set", "lo", "up")
    run(*inside, "ip", "address", "add", f"{network[number + 1]}/{network.prefixlen}", "dev", "eth0")
    run(*inside, "ip", "link", "set", "eth0", "up")
    hold(number)


def remove_namespace(number):
    for sent in (signal.SIGTERM, signal.SIGKILL):
        for pid in pids_of(number):
            try:
                os.kill(pid, sent)
            except ProcessLookupError:
                pass
        deadline = time.monotonic() + 2
        while pids_of(number) and time.monotonic() < deadline:
            time.sleep(0.05)
    # The pair by name, as the kernel takes its time to end a namespace.
    subprocess.run(["ip", "link", "delete", f"wghubd{number}"], capture_output=True)
    run("ip", "netns", "delete", namespace(number))


# --- the hub ------------------------------------------------------------------------------------------------------------


def set_up(api, code):
    """The first admin, and a session of theirs; returns the password."""
    password = secrets.token_urlsafe(15)
    body, answer = api.call("POST", "/api/setup", {"setupCode": code, "username": "admin", "password": password})
    cookie = answer.getheader("Set-Cookie").split(";")[0]
    api.headers = {"Cookie": cookie, "X-CSRF-Token": body["csrfToken"]}
    return password


def initialize(api, endpoint):
    for second in range(83, 128):
        try:
            api.call("POST", "/api/hub/initialize", {"networkCIDR": f"10.{second}.0.0/24", "listenPort": 51820,
                                                     "endpoint": endpoint, "dns": []})
            return
        except Refused as refused:
            if refused.code == "HUB_ALREADY_INITIALIZED":
                return
            if refused.code not in ("NETWORK_OVERLAP", "POLICY_MISMATCH"):
                raise
    raise RuntimeError("no free private network found")


def access(api, state, code, endpoint):
    """Username, password and API token: made in the first run, read again in later ones."""
    path = os.path.join(state, "demo.json")
    if not code:
        if not os.path.exists(path):
            raise RuntimeError("this hub has an admin of its own already: 'quickstart stop --purge' first, or leave out --demo")
        with open(path) as file:
            return json.load(file)
    password = set_up(api, code)
    initialize(api, endpoint)
    wanted = {"name": "demo", "role": "admin", "expiresInDays": 365}
    made = {"username": "admin", "password": password, "api-token": api.call("POST", "/api/api-tokens", wanted)[0]["secret"]}
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(made, file)
    return made


def spokes(api):
    found, cursor = {}, ""
    while cursor is not None:
        page = api.call("GET", "/api/spoke/list?limit=1000" + (f"&cursor={cursor}" if cursor else ""))[0]
        found.update({spoke["name"]: spoke for spoke in page["spokes"]})
        cursor = page.get("nextCursor")
    return found


def install(number, command, log_directory):
    """Runs the command as it is inside the spoke; returns its exit code."""
    log = os.path.join(log_directory, f"demo-{number}.log")
    inside = ["nsenter", "--target", str(pids_of(number)[0]), "--mount", "--net", "--root", "--wd=/", "bash", "-c", command]
    with open(log, "w") as output:
        os.chmod(log, 0o600)
        try:
            return subprocess.run(inside, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=COMMAND_SECONDS,
                                  env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                       "HOME": "/root", "LANG": "C.UTF-8"}).returncode
        except subprocess.TimeoutExpired:
            return 124


def bring_up(api, numbers, network, log_directory):
    old = spokes(api)
    for number in numbers:
        if f"demo-{number}" in old:  # of an earlier run whose namespaces, and so its key, are gone
            api.call("DELETE", f"/api/spoke/{old[f'demo-{number}']['id']}")
        make_namespace(number, network)
    answer = api.call("POST", "/api/installation/tokens/bulk",
                      {"spokes": [{"spokeName": f"demo-{number}"} for number in numbers]})[0]
    commands = {number: made["installCommands"]["linux"] for number, made in zip(numbers, answer["tokens"])}
    say(f"installing {len(numbers)} spokes, {min(AT_ONCE, len(numbers))} at a time")
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        codes = pool.map(lambda item: (item[0], install(*item, log_directory)), commands.items())
        return {number: code for number, code in codes if code != 0}


def wait_active(api, count):
    deadline = time.monotonic() + ACTIVE_SECONDS
    while True:
        found = spokes(api)
        wanted = {number: found.get(f"demo-{number}", {}) for number in range(1, count + 1)}
        if all(spoke.get("status") == "active" for spoke in wanted.values()) or time.monotonic() > deadline:
            return wanted
        time.sleep(0.5)


def start(state, port, count, code):
    api = Api(state, int(port))
    network = choose_network()
    endpoint = f"{network[1]}:51820"
    known = access(api, state, code, endpoint)
    for name, value in known.items():
        print(f"{name}: {value}", flush=True)
    api.headers = {"Authorization": f"Bearer {known['api-token']}"}
    if api.call("GET", "/api/hub/config")[0]["endpoint"] != endpoint:  # the machine's networks have changed since
        api.call("PUT", "/api/hub/config", {"endpoint": endpoint})
    make_bridge(network)
    alive = [number for number in existing() if pids_of(number)]
    for number in set(existing()) - set(alive):
        remove_namespace(number)
    missing = [number for number in range(1, int(count) + 1) if number not in alive]
    logs = os.path.join(state, "log")
    failed = bring_up(api, missing, network, logs) if missing else {}
    wanted = wait_active(api, int(count))
    for number, spoke in wanted.items():
        print(f"spoke: demo-{number} {namespace(number)} {' '.join(spoke.get('allowedIPs', ['-']))} {spoke.get('status', 'missing')}")
        if number in failed or spoke.get("status") != "active":
            say(f"ERROR: demo-{number}: its command ended with {failed.get(number, 0)} and said, in {logs}/demo-{number}.log:")
            with open(f"{logs}/demo-{number}.log", errors="replace") as log:
                print("".join(f"    | {line}" for line in log.readlines()[-5:]), end="", file=sys.stderr, flush=True)
    return 1 if failed or any(spoke.get("status") != "active" for spoke in wanted.values()) else 0


def stop():
    for number in existing():
        remove_namespace(number)
    if subprocess.run(["ip", "link", "show", "dev", BRIDGE], capture_output=True).returncode == 0:
        run("ip", "link", "delete", BRIDGE)
    if os.path.isdir("/run/netns") and not os.listdir("/run/netns"):  # ip made it, and would again
        while subprocess.run(["umount", "/run/netns"], capture_output=True).returncode == 0:
            pass
        os.rmdir("/run/netns")
    if os.path.isdir("/var/lib/wghub-spoke") and not os.listdir("/var/lib/wghub-spoke"):
        os.rmdir("/var/lib/wghub-spoke")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(start(*sys.argv[2:6]) if sys.argv[1] == "start" else stop())
    except (Refused, OSError, RuntimeError, http.client.HTTPException, subprocess.CalledProcessError) as error:
        sys.exit(f"[quickstart] ERROR: demo: {error}")
