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

from real_machine import RealMachine, sh

HERE = pathlib.Path(__file__).resolve().parent
NEEDED = ["wg", "wg-quick", "wireguard-go", "sudo", "ip", "ping", "nsenter"]


def start_hub(directory):
    from stub_hub import StubHub
    sh("ip link set lo up")
    spoke = RealMachine("to-spoke", "10.99.0.1", "10.99.0.2")
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
    find = "find /etc/wireguard /run /var/lib -name '*wg[0h]*' -type f; find /run/wireguard -name wg0.sock; ip link show | grep wg0"
    until = time.monotonic() + 5  # wireguard-go ends on its own once its device is gone
    while (left := spoke.run(find, check=False).stdout) and time.monotonic() < until:
        time.sleep(0.1)
    assert left == "", left


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


CASES = {"whole": whole_path, "blocked": udp_blocked}


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
    ("real: a blocked port ends with 60 and heals", in_namespaces("blocked")),
]


def main():
    spoke, hub, new_token = start_hub(pathlib.Path(sys.argv[2]))
    try:
        CASES[sys.argv[1]](spoke, hub, new_token)
    finally:
        spoke.end()
        sh("ip link del wg-hub", check=False)


if __name__ == "__main__":
    main()
