#!/usr/bin/python3
# F17, the drill: a hub under systemd on a real kernel with three spokes is backed up; its machine is lost; on a new one, on
# which nothing but the package is, one command brings it back, and the spokes, which nobody touches, come back by themselves.
# vm: --timeout 900 --memory 1536 --with systemd --with python3 --with nsenter --add deploy/systemd:/units --add deploy/lib:/hub/lib
# vm: --add share/install:/usr/share/wireguard-hub/install --add share/nft:/usr/share/wireguard-hub/nft --add tests/lib:/tests/lib
# vm: --program BIN/wghub:/usr/bin/wghub --program BIN/apid:/usr/libexec/wireguard-hub/apid
# vm: --program BIN/wgprivd:/usr/libexec/wireguard-hub/wgprivd
# vm: --program BIN/wgprivd-engine:/usr/libexec/wireguard-hub/wgprivd-engine
import os, sys, time

sys.path.insert(0, "/tests/lib")
import guest_hub as hub
from figures import figure
from guest_hub import demo, must, sh, show, within

COUNT = 3
STATES = "/var/lib/wireguard-hub /var/lib/wireguard-hub-privileged"
UNITS = "wireguard-hub-isolate wireguard-hub-restore wireguard-hub-engine.socket wireguard-hub-wgprivd.socket wireguard-hub-api"
BACKUP, PASSPHRASE = "/root/hub.whb", "/root/passphrase"


def machine_with_the_package():
    """Users, units, folders and keys as the package makes them, and the daemons started: a hub that nobody has set up."""
    must(f"""cp /units/*.service /units/*.socket /units/*.timer /etc/systemd/system/ && mkdir -p /etc/wireguard-hub &&
        systemd-sysusers /units/wireguard-hub.sysusers && systemd-tmpfiles --create /units/wireguard-hub.tmpfiles &&
        head -c 32 /dev/urandom >/etc/wireguard-hub/kek && chmod 0400 /etc/wireguard-hub/kek &&
        printf 'listen = "0.0.0.0:{hub.PORT}"\\n' >/etc/wireguard-hub/apid.toml &&
        chgrp wghub /etc/wireguard-hub/apid.toml && chmod 0640 /etc/wireguard-hub/apid.toml && systemctl daemon-reload &&
        systemctl start {UNITS}""")
    took = within(60, lambda: sh(f"curl -skf --max-time 5 https://127.0.0.1:{hub.PORT}/api/health/live").returncode == 0)
    show(took is not None, "apid answers")


def lose_the_machine():
    """Everything of the hub is gone, the key-encryption key too, as on another machine with the same address."""
    must(f"systemctl stop {UNITS} wireguard-hub-wgprivd wireguard-hub-engine && ip link del wg0 && nft delete table inet wghub; "
         f"rm -rf {STATES} /etc/wireguard-hub")
    show(sh("ip link show wg0").returncode != 0, "the machine is lost: no wg0, no state, no key")


def handshakes():
    return {line.split()[0]: int(line.split()[1]) for line in sh("wg show wg0 latest-handshakes").stdout.splitlines()}


def state_of_spokes():
    """What a spoke has: nothing of it may change."""
    return [hub.in_spoke(number, "sh -c 'cat /etc/wireguard/*.conf; wg show all peers'").stdout for number in range(1, COUNT + 1)]


def back_up():
    with open(PASSPHRASE, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write("eleven grey geese over the weir\n")
    print(must(f"wghub backup create {BACKUP} --passphrase-file {PASSPHRASE}"), end="")


def back_up_by_the_timer():
    """The unit as it is, confined, as the timer starts it: to a recipient, whose private half opens what it made."""
    recipient = must("wghub backup key /root/recipient").strip()
    must(f"""mkdir -p /var/backups && printf '[backup]\\nrecipient = "{recipient}"\\n' >>/etc/wireguard-hub/apid.toml""")
    started = sh("systemctl start wireguard-hub-backup.service")
    show(started.returncode == 0, f"wireguard-hub-backup.service: {started.stderr.strip() or 'done'}")
    made = sh("ls /var/backups/wireguard-hub").stdout.split()
    verified = sh(f"wghub backup verify /var/backups/wireguard-hub/{made[0]} --key-file /root/recipient") if made else None
    show(made and verified.returncode == 0 and "spokes         3" in verified.stdout, f"and its file is whole: {made}")
    waits = sh("systemctl start wireguard-hub-backup.timer && systemctl is-active wireguard-hub-backup.timer")
    show(waits.returncode == 0, f"the timer waits: {waits.stdout.strip()}")


def bring_back():
    began = time.monotonic()
    done = sh(f"wghub restore {BACKUP} --passphrase-file {PASSPHRASE}")
    print(done.stdout + done.stderr, end="")
    show(done.returncode == 0, f"one command: wghub restore, {time.monotonic() - began:.1f} s")
    return began


def watch_return(began, before, api):
    within(120, lambda: sh(f"curl -skf --max-time 5 https://127.0.0.1:{hub.PORT}/api/health/ready").returncode == 0)
    ready = time.monotonic() - began
    show(ready < 120 * 3, f"the hub is ready {ready:.1f} s after the command was given (goal 120)")
    show(set(handshakes()) == set(before), "the same peers are on wg0")
    back = {}
    while len(back) < COUNT and time.monotonic() - began < 480:
        for key, at in handshakes().items():
            if at and key not in back:
                back[key] = time.monotonic() - began
                print(f"     a spoke is back after {back[key]:.0f} s", flush=True)
        time.sleep(0.5)
    show(len(back) == COUNT, f"all {COUNT} spokes made a new handshake without being touched: the first after {min(back.values(), default=0):.0f} s, "
         f"the last after {max(back.values(), default=0):.0f} s (goal 120 and WireGuard's own 120 s between the handshakes of a silent spoke)")
    figure("F17", f"kernel, systemd: one command on an empty machine: ready after {ready:.0f} s with the same {len(before)} peers; untouched spokes back after "
           f"{', '.join(f'{at:.0f} s' for at in sorted(back.values()))}")
    active = within(30, lambda: all(spoke["status"] == "active" for spoke in demo.spokes(api).values()))
    show(active is not None, "and are active, as the API token of before the loss can see")


hub.make_network(COUNT)
machine_with_the_package()
api = hub.set_up()
spokes = hub.install(api, COUNT)
key, untouched, before = must("wg show wg0 public-key"), state_of_spokes(), handshakes()
back_up()
back_up_by_the_timer()
traffic = hub.Traffic(1)  # one spoke has something to say, the others are silent
lose_the_machine()
machine_with_the_package()
moment = time.time()
began = bring_back()
watch_return(began, before, api)
show(must("wg show wg0 public-key") == key, "the hub's key is the one of before")
show(state_of_spokes() == untouched, "nothing was changed on a spoke")
show(within(60, lambda: traffic.answered_since(moment)) is not None, "the spoke that kept sending is heard again")
show({name: each["id"] for name, each in demo.spokes(api).items()} == {each["name"]: each["id"] for each in spokes.values()}, "with the ids of before")
verified = sh("wghub audit verify")
show(verified.returncode == 0, f"the audit trail is whole: {verified.stdout.strip()}")
show(sh(f"wghub restore {BACKUP} --passphrase-file {PASSPHRASE}").returncode == 4, "on a machine that has a hub, restore refuses")
if hub.FAILURES:
    print(sh("journalctl --no-pager -o short-monotonic -u 'wireguard-hub-*' | tail -n 80").stdout)
hub.finish()
