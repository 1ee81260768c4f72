"""A hub as one is after a year: sixty spokes of all systems, four clusters, tokens in every state, failures, users."""
from hub import PASSWORD, Client, make_key

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
    hub.user("operator", "olga")
    hub.user("viewer", "victor")
