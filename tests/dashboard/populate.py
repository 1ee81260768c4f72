"""A hub as one is after a year: sixty spokes of all systems, four clusters, tokens in every state, failures, users."""
import sqlite3, time

from hub import DATABASE, Client, make_key, sh

SITES = ["berlin", "oslo", "porto", "riga"]
SYSTEMS = ["linux", "linux", "linux", "windows", "macos"]


def register(hub, name, **fields):
    issued = hub.token(name)["token"]
    answer = Client().post("/api/spoke/register", {"token": issued["token"], "publicKey": make_key(), "os": "linux", **fields})
    assert answer.status == 201, answer
    return answer.json["spoke"]


def report(token, stage, code=0, reason="", detail=""):
    answer = Client().post("/api/installation/report", {"token": token, "stage": stage, "code": code, "reason": reason, "os": "linux", "detail": detail})
    assert answer.status == 202, answer


MINUTE, HOUR, DAY = 60, 3600, 86400


def see_handshakes(hub):
    """Lets the database remember handshakes, as it does of machines that were connected: most within the last minutes, some long ago,
    some never. By cluster: all of the first, all but one of the second, none of the third any more, none of the fourth yet."""
    hub.stop()
    now = int(time.time())
    with sqlite3.connect(DATABASE) as database:
        names = [name for name, in database.execute("SELECT name FROM spoke_registrations ORDER BY name")]
        for place, name in enumerate(names):
            if name.startswith("pve-alone") or name.endswith("berlin"):
                status, ago = "active", 40 + 9 * place % 60
            elif name.endswith("oslo"):
                status, ago = ("inactive", 3 * HOUR) if name == "pve2.oslo" else ("active", 70)
            elif name.endswith("porto"):
                status, ago = "inactive", 25 * MINUTE
            elif name.endswith("riga") or place % 15 == 7:
                continue
            else:
                status, ago = ("inactive", (2 + place) * DAY // 3) if place % 11 == 3 else ("active", 7 * place % 110)
            database.execute("UPDATE spoke_registrations SET status = ?, last_handshake = ?, transfer_rx = ?, transfer_tx = ? WHERE name = ?",
                             (status, now - ago, place * 7_340_032, place * 524_288, name))
    database.close()
    sh(f"chown wghub:wghub {DATABASE}*")
    hub.start()
    hub.wait_ready()


def populate(hub):
    for number in range(45):
        register(hub, f"{['pos', 'cam', 'laptop', 'kiosk'][number % 4]}-{SITES[number % 4]}-{number:02}", os=SYSTEMS[number % 5],
                 metadata={"hostname": f"host{number}", "kernelVersion": "6.1.0-37-amd64", "wireguardVersion": "1.0.20210914"})
    for site in SITES:
        for node in range(1, 4):
            register(hub, f"pve{node}.{site}", os="proxmox", isProxmox=True, proxmoxNodeName=f"pve{node}", proxmoxClusterName=f"{site}-prod", proxmoxVersion="8.4.1",
                     metadata={"clusterNodes": ["pve1", "pve2", "pve3", "pve4"]})
    for number in range(3):
        register(hub, f"pve-alone-{number}", os="proxmox", isProxmox=True, proxmoxVersion="9.0.3")
    for cluster in hub.admin.get("/api/proxmox/clusters").json["clusters"][:2]:
        assert hub.admin.put(f"/api/proxmox/clusters/{cluster['id']}", {"datacenter": "DC 1", "description": "Virtual machines of the shops"}).status == 200
    for name, stage, code, reason in (("till-7", "packages", 20, "PACKAGES"), ("old-laptop", "preflight", 11, "UNSUPPORTED")):
        token = hub.token(name)["token"]["token"]
        report(token, "fetched")
        report(token, stage, code, reason, "apt-get")
    for name in ("not-yet-1", "not-yet-2"):
        hub.token(name)
    gone = hub.token("revoked-one")["token"]
    assert hub.admin.delete(f"/api/installation/token/{gone['id']}").status == 200
    for name, address in (("On call", "on.call@example.net"), ("Chat of the shops", "https://chat.example.net/hooks/EXAMPLE")):
        channel = "mail" if "@" in address else "webhook"
        quiet = {"from": "22:00", "until": "07:00"} if channel == "webhook" else None
        answer = hub.admin.post("/api/alerts/targets", {"name": name, "channel": channel, "address": address, "quietHours": quiet})
        assert answer.status == 201, answer
    hub.user("operator", "olga")
    hub.user("viewer", "victor")
    see_handshakes(hub)
