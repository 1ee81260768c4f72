"""The shown command with nothing faked but the hub's API: real curl, sudo, wg-quick, wireguard-go and pings between two namespaces.

    hub: 10.99.0.1 (API, UDP 51820; wg-hub 10.77.1.1) ---- veth ---- spoke: 10.99.0.2 (wg0 10.77.1.5)

The whole runs in a child with a network and mount namespace of its own, and is gone with it.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
NEEDED = ["wg", "wg-quick", "wireguard-go", "sudo", "ip", "ping", "nsenter"]
SPOKE_MOUNTS = ["/etc/wireguard", "/run", "/var/lib", "/var/log", "/usr/local/sbin"]


def sh(command, check=True):
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}"
    return done


class Spoke:
    def __init__(self):
        mounts = " && ".join(f"mount -t tmpfs tmpfs {m}" for m in SPOKE_MOUNTS)
        self.process = subprocess.Popen(["unshare", "-nm", "--propagation", "private", "sh", "-c", f"{mounts} && ip link set lo up && echo up && exec sleep 600"],
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "up\n"
        sh(f"ip link add to-spoke type veth peer name eth0 netns {self.process.pid} && ip addr add 10.99.0.1/24 dev to-spoke && ip link set to-spoke up")
        self.run("ip addr add 10.99.0.2/24 dev eth0 && ip link set eth0 up && ip route add default via 10.99.0.1")

    def run(self, command, check=True):
        return sh(f"nsenter -t {self.process.pid} -n -m sh -c {quoted(command)}", check)


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def start_hub(directory):
    from stub_hub import StubHub
    sh("ip link set lo up")
    spoke = Spoke()
    hub = StubHub(directory, "10.99.0.1")
    sh(f"mount -t tmpfs tmpfs /run && wireguard-go wg-hub && wg genkey >{directory}/key && wg set wg-hub private-key {directory}/key listen-port 51820")
    sh("ip addr add 10.77.1.1/24 dev wg-hub && ip link set wg-hub up")
    hub.registered = lambda token: sh(f"wg set wg-hub peer {token.key} allowed-ips {token.values['SPOKE_IP'].split('/')[0]}/32")
    hub_key = sh("wg show wg-hub public-key").stdout.strip()
    return spoke, hub, lambda **more: hub.new_token(HUB_PUBLIC_KEY=hub_key, HUB_ENDPOINT="10.99.0.1:51820", **more)


def whole_path(spoke, hub, new_token):
    token = new_token()
    done = spoke.run(token.values["COMMAND"])
    assert "connected: wg0" in done.stdout, done.stdout
    assert token.stages()[-1] == ("verified", 0), token.stages()
    assert "impl=" in token.reports[-1]["reason"]
    spoke.run("ping -c 2 -W 2 10.77.1.1")
    sh("ping -c 2 -W 2 10.77.1.5")
    assert "already installed" in spoke.run(token.values["COMMAND"]).stdout
    assert int(sh("wg show wg-hub latest-handshakes").stdout.split()[1]) > 0
    replaced = new_token()
    assert "connected: wg0" in spoke.run(replaced.values["COMMAND"]).stdout
    spoke.run("wghub-uninstall")
    left = spoke.run("find /etc/wireguard /run /var/lib -name '*wg*' -type f; find /run/wireguard -name wg0.sock; ip link show | grep wg0", check=False).stdout
    assert left == "", left


def killed_for_real(spoke, hub, new_token):
    """kill -9 of the saved script at points in time; wg-quick and wireguard-go are left as they stand."""
    for delay in (0.3, 0.5, 0.7, 0.9, 1.1, 1.4):
        token = new_token(SPOKE_ID=f"a1b2c3d4-e5f6-4890-abcd-{int(delay * 10):012d}")
        started = subprocess.Popen(["nsenter", "-t", str(spoke.process.pid), "-n", "-m", "bash", "-c", token.values["COMMAND"]], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(delay)
        spoke.run("kill -9 $(cat /run/wghub.lock/pid)", check=False)
        started.wait()
        done = spoke.run(token.values["COMMAND"], check=False)
        if done.returncode == 42 and token.state == "claimed":
            assert not token.bodies
            continue
        assert done.returncode == 0, f"after {delay} s: {done.stdout}"
        assert len({b["publicKey"] for b in token.bodies}) == 1
        spoke.run("ping -c 1 -W 2 10.77.1.1")


def udp_blocked(spoke, hub, new_token):
    """The hub's port takes nothing: 60, and it heals when the port opens."""
    spoke.run("wghub-uninstall", check=False)
    sh("wg set wg-hub listen-port 51821")
    token = new_token()
    done = spoke.run(token.values["COMMAND"], check=False)
    assert done.returncode == 60 and "blocked" in done.stdout, done.stdout
    sh("wg set wg-hub listen-port 51820")
    until = time.monotonic() + 30
    while spoke.run("ping -c 1 -W 1 10.77.1.1", check=False).returncode and time.monotonic() < until:
        pass
    assert "connected" in spoke.run(token.values["COMMAND"]).stdout


CASES = {"whole": whole_path, "killed": killed_for_real, "blocked": udp_blocked}


def in_namespaces(case):
    def test(place):
        from checking import Skip
        missing = [name for name in NEEDED if not shutil.which(name)]
        if missing or not os.path.exists("/dev/net/tun"):
            raise Skip("not here: " + " ".join(missing or ["/dev/net/tun"]))
        done = subprocess.run(["unshare", "-nm", "--propagation", "private", sys.executable, __file__, case, place.directory], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=200)
        assert done.returncode == 0, done.stdout

    return test


TESTS = [
    ("real: the shown command connects, pings both ways, is replaced and uninstalled", in_namespaces("whole")),
    ("real: killed at points in time, the same command finishes", in_namespaces("killed")),
    ("real: a blocked port ends with 60 and heals", in_namespaces("blocked")),
]


def main():
    sys.path.insert(0, str(HERE))
    spoke, hub, new_token = start_hub(pathlib.Path(sys.argv[2]))
    try:
        CASES[sys.argv[1]](spoke, hub, new_token)
    finally:
        spoke.run("wghub-uninstall", check=False)
        spoke.process.kill()
        sh("ip link del wg-hub", check=False)


if __name__ == "__main__":
    main()
