# A hub with real daemons on the guest's kernel, and spokes behind a router, for the tests in tests/vm. Leaves what is to
# be shown to each test. The API client and the spokes' namespaces are the demo's own (deploy/lib/demo.py).
#
#   hub 198.51.100.1 --- router (masquerades) --- 10.20.N.2 spoke N, with its own /etc/wireguard, /run, ...
import concurrent.futures, os, re, signal, subprocess, sys, time

sys.path.insert(0, "/hub/lib")
import demo

LIBEXEC, STATE, ETC = "/usr/libexec/wireguard-hub", "/hub/state", "/etc/wireguard-hub"
HUB, PORT = "198.51.100.1", 8443
SERVICES = {"@LIBEXEC@": LIBEXEC, "@STATE@": STATE, "@KEK@": f"{ETC}/kek", "@CONFIG@": f"{ETC}/apid.toml", "@BACKEND@": "kernel",
            "#USERSPACE# ": "#"}
FAILURES = []


def sh(command, **options):
    return subprocess.run(command, shell=True, text=True, capture_output=True, stdin=subprocess.DEVNULL, **options)


def must(command):
    done = sh(command)
    if done.returncode != 0:
        sys.exit(f"setting up failed: {command}\n{done.stdout}{done.stderr}")
    return done.stdout


def show(holds, sentence):
    """One line a claim; the test goes on, and finish() gives the verdict."""
    print("ok   " if holds else "NOT  ", sentence, flush=True)
    if not holds:
        FAILURES.append(sentence)


def finish():
    if FAILURES:
        print(sh(f"tail -n 40 {STATE}/log/*.log").stdout)
        sys.exit(f"{len(FAILURES)} claims do not hold")


def within(seconds, condition, every=0.2):
    """The seconds until condition() is true, None when that takes longer than the given ones."""
    began = time.monotonic()
    while time.monotonic() - began <= seconds:
        if condition():
            return time.monotonic() - began
        time.sleep(every)
    return None


def make_network(spokes):
    must(f"""ip netns add router && ip link add hub0 type veth peer name hub0 netns router &&
        ip address add {HUB}/24 dev hub0 && ip link set hub0 up && ip -n router address add 198.51.100.254/24 dev hub0 &&
        ip -n router link set hub0 up && ip netns exec router sysctl -qw net.ipv4.ip_forward=1 &&
        ip netns exec router nft 'table ip n {{ chain c {{ type nat hook postrouting priority 100; oifname "hub0" masquerade; }}; }}'""")
    for number in range(1, spokes + 1):
        name = demo.namespace(number)
        must(f"""ip netns add {name} && ip link add s{number} netns router type veth peer name eth0 netns {name} &&
            ip -n router address add 10.20.{number}.1/24 dev s{number} && ip -n router link set s{number} up &&
            ip -n {name} link set lo up && ip -n {name} address add 10.20.{number}.2/24 dev eth0 &&
            ip -n {name} link set eth0 up && ip -n {name} route add default via 10.20.{number}.1""")
        for folder in demo.OWN_FOLDERS:
            os.makedirs(folder, exist_ok=True)
        demo.hold(number)


def start_daemons(settings=""):
    must(f"""mkdir -p {STATE}/log {ETC} /var/lib/wireguard-hub /var/lib/wireguard-hub-privileged &&
        chown wghub:wghub /var/lib/wireguard-hub && chmod 0750 /var/lib/wireguard-hub &&
        chown wgprivd:wgprivd /var/lib/wireguard-hub-privileged && chmod 0700 /var/lib/wireguard-hub-privileged &&
        (test -s {ETC}/kek || head -c 32 /dev/urandom >{ETC}/kek) && chmod 0400 {ETC}/kek &&
        (test ! -e /usr/share/wireguard-hub/nft/isolate.nft || nft -f /usr/share/wireguard-hub/nft/isolate.nft)""")
    with open(f"{ETC}/apid.toml", "w") as file:
        file.write(f'listen = "0.0.0.0:{PORT}"\n{settings}\n')
    must(f"chgrp wghub {ETC}/apid.toml && chmod 0640 {ETC}/apid.toml")
    with open("/hub/lib/services.toml") as file:
        plan = file.read()
    for word, value in SERVICES.items():
        plan = plan.replace(word, value)
    with open("/hub/services.toml", "w") as file:
        file.write(plan)
    with open(f"{STATE}/log/activate.log", "w") as log:
        subprocess.Popen(["/hub/activate", "/hub/services.toml"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    took = within(60, lambda: sh(f"curl -skf --max-time 5 https://127.0.0.1:{PORT}/api/health/live").returncode == 0)
    if took is None:
        show(False, "apid answers within 60 s of its start")
        finish()
    print(f"apid answers after {took:.1f} s")


def known_api():
    """An Api that trusts the hub's certificate, without a credential."""
    os.makedirs("/hub/state/api", exist_ok=True)
    must("ln -sfn /var/lib/wireguard-hub/tls /hub/state/api/tls")
    return demo.Api(STATE, PORT)


def set_up(network="10.83.0.0/24"):
    """An initialised hub; an Api that holds an admin's token."""
    code = must("wghub setup-code").split()[-1]
    api = known_api()
    demo.set_up(api, code)
    api.call("POST", "/api/hub/initialize",
             {"networkCIDR": network, "listenPort": 51820, "endpoint": f"{HUB}:51820", "dns": []})
    secret = api.call("POST", "/api/api-tokens", {"name": "test", "role": "admin"})[0]["secret"]
    api.headers = {"Authorization": f"Bearer {secret}"}
    return api


def commands_for(api, count):
    made = api.call("POST", "/api/installation/tokens/bulk",
                    {"spokes": [{"spokeName": f"spoke-{number}"} for number in range(1, count + 1)]})[0]["tokens"]
    return [token["installCommands"]["linux"] for token in made]


def install(api, count):
    """Runs the returned command in each spoke and waits until all are active; number -> spoke as the API shows it."""
    commands = commands_for(api, count)
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        codes = list(pool.map(demo.install, range(1, count + 1), commands, ["/tmp"] * count))
    if any(codes):
        sys.exit(f"the commands ended with {codes}: " + sh("tail -n 20 /tmp/demo-*.log").stdout)
    if within(60, lambda: all(spoke["status"] == "active" for spoke in demo.spokes(api).values())) is None:
        sys.exit("not every spoke is active")
    return {number: demo.spokes(api)[f"spoke-{number}"] for number in range(1, count + 1)}


def in_spoke(number, command):
    return sh(f"nsenter --target {demo.pids_of(number)[0]} --mount --net --root --wd=/ {command}")


def log(name, begin=0):
    """A daemon's log from that byte on."""
    with open(f"{STATE}/log/{name}.log") as file:
        file.seek(begin)
        return file.read()


def log_size(name):
    return os.path.getsize(f"{STATE}/log/{name}.log")


class Traffic:
    """One spoke pings the hub through the tunnel, ten times a second, until judged."""

    def __init__(self, number):
        self.number, self.path = number, f"/tmp/ping-{number}"
        inside = ["nsenter", "--target", str(demo.pids_of(number)[0]), "--net"]
        with open(self.path, "w") as output:
            self.process = subprocess.Popen([*inside, "ping", "-n", "-D", "-i", "0.1", "10.83.0.1"], stdin=subprocess.DEVNULL, stdout=output)

    def replies(self):
        """(time, number) of every answered ping, in the order in which they came."""
        with open(self.path) as file:
            return [(float(at), int(number)) for at, number in re.findall(r"^\[([0-9.]+)\] .* icmp_seq=(\d+) ", file.read(), re.MULTILINE)]

    def answered_since(self, moment, count=3):
        return sum(1 for at, _ in self.replies() if at > moment) >= count

    def end(self):
        """Pings up to the last answered one, and how many of them were lost; what is behind that is still on its way."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)
        numbers = {number for _, number in self.replies()}
        sent = max(numbers, default=0)
        return sent, sent - len(numbers)
