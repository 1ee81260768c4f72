#!/usr/bin/python3
# The product's path on a real kernel: three machines behind a router run the very command that the API returned; then the
# daemons are killed under traffic, and a spoke is deleted.
# vm: --timeout 600 --memory 1536 --with python3 --with nsenter --add tests/lib:/tests/lib --add deploy/lib:/hub/lib
# vm: --add deploy/activate:/hub/activate --add share/install:/usr/share/wireguard-hub/install --add share/nft:/usr/share/wireguard-hub/nft --program BIN/wghub:/usr/bin/wghub
# vm: --program BIN/apid:/usr/libexec/wireguard-hub/apid --program BIN/wgprivd:/usr/libexec/wireguard-hub/wgprivd
# vm: --program BIN/wgprivd-engine:/usr/libexec/wireguard-hub/wgprivd-engine
import concurrent.futures, re, subprocess, sys, time

sys.path.insert(0, "/tests/lib")
import guest_hub as hub
from guest_hub import demo, in_spoke, must, sh, show, within

COUNT = 3


def statuses(api):
    return {spoke["name"]: spoke for spoke in api.call("GET", "/api/spoke/list")[0]["spokes"]}


def install_all(api):
    commands = hub.commands_for(api, COUNT)
    for command in commands:
        show(command.startswith("curl -sSL ") and command.endswith("| sudo bash"), "the command is curl … | sudo bash")

    def one(number):
        code = demo.install(number, commands[number - 1], "/tmp")
        ended = time.monotonic()
        took = within(30, lambda: statuses(api).get(f"spoke-{number}", {}).get("status") == "active")
        return number, code, time.monotonic() - ended, took

    with concurrent.futures.ThreadPoolExecutor(COUNT) as pool:
        for number, code, after, took in pool.map(one, range(1, COUNT + 1)):
            show(code == 0, f"spoke {number}: the command ends with 0 (was {code})")
            if code != 0:
                print(open(f"/tmp/demo-{number}.log").read())
            show(took is not None, f"spoke {number}: active {after:.1f} s after the command's end (goal 10)")
    hub_handshakes = must("wg show wg0 latest-handshakes").split()[1::2]
    show(len(hub_handshakes) == COUNT and all(int(at) > 0 for at in hub_handshakes), "the kernel saw a handshake of each")
    for number in range(1, COUNT + 1):
        show(in_spoke(number, "ping -c 1 -W 5 10.83.0.1").returncode == 0, f"spoke {number}: the hub answers ping")


def kill_daemons_under_traffic():
    ping = subprocess.Popen(["nsenter", "--target", str(demo.pids_of(1)[0]), "--net", "ping", "-i", "0.1", "-c", "150", "-W", "5",
                             "10.83.0.1"], stdout=subprocess.PIPE, text=True)
    time.sleep(3)
    sh("kill -KILL $(pidof apid wgprivd wgprivd-engine)")
    back = within(30, lambda: sh(f"curl -skf --max-time 5 https://127.0.0.1:{hub.PORT}/api/health/ready").returncode == 0)
    show(back is not None, f"ready again {back or 0:.1f} s after kill -9 of all three")
    lost = re.search(r"(\d+) packets transmitted, (\d+) received", ping.communicate()[0])
    show(lost and int(lost[1]) - int(lost[2]) <= 1, f"pings through both restarts: {lost and lost[0]}")


def delete_spoke(api):
    spoke = statuses(api)[f"spoke-{COUNT}"]
    began = time.monotonic()
    api.call("DELETE", f"/api/spoke/{spoke['id']}")
    gone = within(6, lambda: spoke["publicKey"] not in sh("wg show wg0 peers").stdout, 0.05)
    show(gone is not None, f"deleted: the peer is gone from the kernel {time.monotonic() - began:.2f} s after the request (goal 2)")
    show(in_spoke(COUNT, "ping -c 2 -W 1 10.83.0.1").returncode != 0, "deleted: ping is dead")
    show(in_spoke(1, "ping -c 1 -W 5 10.83.0.1").returncode == 0, "another spoke does not notice")


def spoke_to_spoke(api):
    must("sysctl -qw net.ipv4.ip_forward=1")
    other = statuses(api)["spoke-2"]["allowedIPs"]
    address = (other[0] if isinstance(other, list) else other).split("/")[0]
    ping = f"ping -c 3 -i 0.2 -W 1 {address}"
    show(in_spoke(1, ping).returncode != 0, "no packet goes from spoke to spoke, with ip_forward on")
    dropped = re.search(r"packets (\d+)", must("nft list table inet wghub"))
    show(dropped and int(dropped[1]) >= 3, f"the filter counted them: {dropped and dropped[1]}")
    must("nft delete table inet wghub")
    show(in_spoke(1, ping).returncode == 0, "without the filter they would have gone")
    must("nft -f /usr/share/wireguard-hub/nft/isolate.nft")


hub.make_network(COUNT)
hub.start_daemons()
api = hub.set_up()
install_all(api)
kill_daemons_under_traffic()
spoke_to_spoke(api)
delete_spoke(api)
hub.finish()
