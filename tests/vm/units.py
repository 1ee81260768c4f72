#!/usr/bin/python3
# The systemd units as they are, under systemd as the first process: the hub comes up from its sockets, wg0 comes back from
# the journal without any daemon, and a program in each daemon's place can't do more than its job.
# vm: --timeout 600 --memory 1536 --with systemd --with python3 --add deploy/systemd:/units --add deploy/lib:/hub/lib
# vm: --add share/install:/usr/share/wireguard-hub/install --add share/nft:/usr/share/wireguard-hub/nft --add tests/lib:/tests/lib --add tests/vm/probe.py:/usr/libexec/wireguard-hub/probe.py
# vm: --program BIN/wghub:/usr/bin/wghub --program BIN/apid:/usr/libexec/wireguard-hub/apid
# vm: --program BIN/wgprivd:/usr/libexec/wireguard-hub/wgprivd
# vm: --program BIN/wgprivd-engine:/usr/libexec/wireguard-hub/wgprivd-engine
# vm: --program /usr/bin/python3:/usr/libexec/wireguard-hub/probe
import json, sys

sys.path.insert(0, "/tests/lib")
import guest_hub as hub
from guest_hub import must, sh, show, within

UNITS = "/etc/systemd/system"
NOTHING, NET_ADMIN = 0, 1 << 12
# Unit, another daemon's state, capabilities, and what it may do of what the probe tries.
MAY = [("api", "/var/lib/wireguard-hub-privileged", NOTHING, {"inet"}),
       ("wgprivd", "/var/lib/wireguard-hub", NOTHING, set()),
       ("engine", "/var/lib/wireguard-hub", NET_ADMIN, {"netlink"})]


def install_units():
    must(f"""cp /units/*.service /units/*.socket {UNITS}/ && mkdir -p /etc/wireguard-hub &&
        systemd-sysusers /units/wireguard-hub.sysusers && systemd-tmpfiles --create /units/wireguard-hub.tmpfiles &&
        head -c 32 /dev/urandom >/etc/wireguard-hub/kek && chmod 0400 /etc/wireguard-hub/kek &&
        printf 'listen = "0.0.0.0:{hub.PORT}"\\n' >/etc/wireguard-hub/apid.toml &&
        chgrp wghub /etc/wireguard-hub/apid.toml && chmod 0640 /etc/wireguard-hub/apid.toml && systemctl daemon-reload""")


def start():
    started = sh("systemctl start wireguard-hub-isolate wireguard-hub-restore wireguard-hub-engine.socket "
                 "wireguard-hub-wgprivd.socket wireguard-hub-api")
    show(started.returncode == 0, f"everything starts: {started.stderr.strip()}")
    took = within(60, lambda: sh(f"curl -skf --max-time 5 https://127.0.0.1:{hub.PORT}/api/health/live").returncode == 0)
    show(took is not None, "apid answers")


def restored_without_daemons():
    before = must("wg show wg0 dump").splitlines()[0].split("\t")[1:3]
    must("systemctl stop wireguard-hub-api wireguard-hub-wgprivd.socket wireguard-hub-wgprivd wireguard-hub-engine.socket "
         "wireguard-hub-engine wireguard-hub-restore && ip link del wg0")
    must("systemctl start wireguard-hub-restore")
    after = sh("wg show wg0 dump").stdout.splitlines()
    show(after and after[0].split("\t")[1:3] == before, "wg0 is back from the journal, with key and port, and no daemon runs")


def probe():
    must("systemctl stop wireguard-hub-api wireguard-hub-wgprivd wireguard-hub-engine; true")
    for name, other, capabilities, allowed in MAY:
        unit = f"wireguard-hub-{name}.service"
        must(f"""mkdir -p {UNITS}/{unit}.d && printf '[Service]\\nType=oneshot\\nRestart=no\\nExecStart=\\nStandardOutput=file:/tmp/{name}\\n'\
'ExecStart=/usr/libexec/wireguard-hub/probe /usr/libexec/wireguard-hub/probe.py {other}\\n' >{UNITS}/{unit}.d/probe.conf &&
            systemctl daemon-reload && (systemctl start {unit} || systemctl status --no-pager {unit}) && cat /tmp/{name}""")
        found = json.loads(must(f"cat /tmp/{name}").splitlines()[-1])
        held = int(found.pop("capabilities"), 16)
        can = {what for what, done in found.items() if done}
        show(can <= allowed, f"{unit}: a probe in its place can do {sorted(can) or 'nothing'}, may {sorted(allowed) or 'nothing'}")
        show(held == capabilities, f"{unit}: capabilities {held:#x}")


install_units()
start()
hub.set_up()
restored_without_daemons()
probe()
if hub.FAILURES:
    print(sh("journalctl --no-pager -o short-monotonic -u 'wireguard-hub-*' | tail -n 80").stdout)
hub.finish()
