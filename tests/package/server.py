#!/usr/bin/python3
# On a clean server with systemd: the package is installed, a hub set up by its API, three spokes by the real command; then the machine is
# started again. Runs at each boot; /test/phase says which one it is.
import glob, os, signal, subprocess, sys, time

sys.path.insert(0, "/test")
import guest_hub as hub
from guest_hub import demo, must, sh, show, within

hub.PORT = 3000
SPOKES, KEPT = 3, "/test/spokes"
UNITS = ("api.service", "wgprivd.socket", "engine.socket", "restore.service", "isolate.service")


def active():
    return [unit for unit in UNITS if sh(f"systemctl is-active --quiet wireguard-hub-{unit}").returncode != 0]


def keep_spokes():
    """The spokes' own disks, which outlive their machines."""
    for number in range(1, SPOKES + 1):
        for folder in ("/etc/wireguard", "/var/lib/wghub-spoke"):
            there = f"{KEPT}/{number}{folder}"
            os.makedirs(there, exist_ok=True)
            must(f"cp -a /proc/{demo.pids_of(number)[0]}/root{folder}/. {there}/")


def start_spokes():
    """Three machines with the disks that they had, started as their own unit does: nothing is asked of the hub."""
    hub.make_network(SPOKES)
    for number in range(1, SPOKES + 1):
        for folder in ("/etc/wireguard", "/var/lib/wghub-spoke"):
            must(f"cp -a {KEPT}/{number}{folder}/. /proc/{demo.pids_of(number)[0]}/root{folder}/")
        name = os.path.basename(glob.glob(f"{KEPT}/{number}/etc/wireguard/*.conf")[0]).removesuffix(".conf")
        done = hub.in_spoke(number, f"wg-quick up {name}")
        show(done.returncode == 0, f"spoke {number} starts its tunnel: {done.stderr.strip()[-200:] if done.returncode else name}")


def api_of(secret):
    api = hub.known_api()
    api.headers = {"Authorization": f"Bearer {secret}"}
    return api


def all_active(api):
    return all(spoke["status"] == "active" for spoke in demo.spokes(api).values())


def install():
    began = time.monotonic()
    done = sh("dpkg --install /test/first.deb")
    show(done.returncode == 0, f"the package is installed, in {time.monotonic() - began:.0f} s" + (f': {done.stderr[-500:]}' if done.returncode else ''))
    show(within(60, lambda: not active()) is not None, f"its units run: {active() or 'all'}")
    show(within(60, lambda: sh("curl -skf --max-time 5 https://127.0.0.1:3000/api/health/live").returncode == 0) is not None, "apid answers")
    must("sed -i 's/^#listen = .*/listen = \"0.0.0.0:3000\"/' /etc/wireguard-hub/apid.toml && systemctl restart wireguard-hub-api")
    within(60, lambda: sh("curl -skf --max-time 5 https://127.0.0.1:3000/api/health/live").returncode == 0)
    hub.make_network(SPOKES)
    api = hub.set_up()
    hub.install(api, SPOKES)
    show(True, f"{SPOKES} spokes by the real command, all active")
    keep_spokes()
    with open("/test/secret", "w") as file:
        file.write(api.headers["Authorization"].removeprefix("Bearer "))
    return api


def killed_often():
    """The helper's programs are killed a hundred times, as soon as they are there: the sockets stay, and serve. (Under emulation it takes a
    second until one is there again; that no rate ends the sockets is their setting.)"""
    killed, began = 0, time.monotonic()
    while killed < 100 and time.monotonic() - began < 300:
        for name in ("wgprivd", "wgprivd-engine"):
            for entry in filter(str.isdigit, os.listdir("/proc")):
                try:
                    with open(f"/proc/{entry}/comm") as file:
                        if file.read().strip() == name[:15]:
                            os.kill(int(entry), signal.SIGKILL)
                            killed += 1
                except (OSError, ProcessLookupError):
                    pass
        time.sleep(0.02)
    took = time.monotonic() - began
    show(killed >= 100, f"killed {killed} times in {took:.0f} s")
    limits = sh("systemctl show -p TriggerLimitIntervalUSec --value wireguard-hub-wgprivd.socket wireguard-hub-engine.socket; "
                "systemctl show -p StartLimitIntervalUSec --value wireguard-hub-wgprivd.service wireguard-hub-engine.service").stdout.split()
    show(limits == ["0"] * 4, f"no limit of starts or triggers: {limits}")
    show(not active(), f"the sockets are active: {active() or 'all'}")
    healthy = within(60, lambda: sh("curl -skf --max-time 5 https://127.0.0.1:3000/api/health/ready").returncode == 0)
    show(healthy is not None, f"ready again after {healthy or 0:.1f} s")


def upgrade(api):
    """A newer version over a running hub: the tunnels do not notice."""
    traffic = hub.Traffic(1)
    time.sleep(3)
    done = sh("dpkg --install /test/second.deb")
    show(done.returncode == 0, "the newer package is installed" + (f': {done.stderr[-500:]}' if done.returncode else ''))
    within(60, lambda: sh("curl -skf --max-time 5 https://127.0.0.1:3000/api/health/ready").returncode == 0)
    time.sleep(3)
    sent, lost = traffic.end()
    show(sent > 30 and lost == 0, f"{sent} pings through a tunnel during the upgrade, {lost} lost")
    show(all_active(api), "all spokes are active after it")


def reboot():
    state = sh("systemctl show -p ActiveEnterTimestampMonotonic --value wireguard-hub-restore.service wireguard-hub-api.service").stdout.split()
    show(len(state) == 2 and 0 < int(state[0]) <= int(state[1]), f"wg0 was restored before apid started (us since boot): {state}")
    peers = sh("wg show wg0 peers").stdout.split()
    show(len(peers) == SPOKES, f"wg0 has its {len(peers)} peers")
    start_spokes()
    with open("/test/secret") as file:
        api = api_of(file.read())
    began = time.monotonic()
    since = int(time.time())
    fresh = within(120, lambda: all(int(line.split()[1]) >= since - 5 for line in sh("wg show wg0 latest-handshakes").stdout.splitlines()))
    show(fresh is not None and within(60, lambda: all_active(api)) is not None, f"all spokes are active again after {time.monotonic() - began:.0f} s, without a touch")


def purge():
    done = sh("dpkg --purge wireguard-hub")
    show(done.returncode == 0, "purged" + (f': {done.stderr[-500:]}' if done.returncode else ''))
    show(sh("ip link show wg0").returncode != 0, "wg0 is gone")
    show(sh("nft list table inet wghub").returncode != 0, "the filter is gone")
    show(sh("pgrep -x 'apid|wgprivd|wgprivd-engine'").returncode != 0, "no program runs")
    left = [path for path in must("find / -xdev -path /test -prune -o -path /hub -prune -o -path /proc -prune -o -path '*wireguard-hub*' -print").splitlines()
            if "/var/lib/dpkg/" not in path and "/var/log/" not in path]
    show(not left, f"left on the machine: {left or 'nothing'}")


first = not os.path.exists("/test/phase")
if first:
    api = install()
    killed_often()
    upgrade(api)
    open("/test/phase", "w").close()
else:
    reboot()
    purge()
    with open("/test/ended", "w") as file:
        file.write("yes")
if hub.FAILURES:
    print(sh("journalctl --no-pager -o short-monotonic -u 'wireguard-hub-*' | tail -n 60; systemctl --failed --no-pager").stdout)
    sys.exit(f"{len(hub.FAILURES)} claims do not hold")
