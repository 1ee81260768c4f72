#!/usr/bin/python3
# In the guest of tests/vm/power_cuts: a hub whose whole state is on the disk. Says what that holds after the last cut, serves
# again, then registers and removes spokes until the power goes. Leaves the cuts and the verdict to the host.
#
# What it says, a line each: found KEY, sound TEXT, serving SECONDS, then of each spoke ack KEY, and of some ending KEY, gone KEY.
import base64, http.client, json, os, shutil, sqlite3, sys, termios, threading, time

sys.path.insert(0, "/tests/lib")
import guest_hub as hub
from guest_hub import must, sh, within

DISK, SECRET = "/disk", "/disk/secret"
FOLDERS = {"/var/lib/wireguard-hub": "api", "/var/lib/wireguard-hub-privileged": "engine", "/etc/wireguard-hub": "etc"}
CALLERS, BULK, REMOVED_OF = 4, 64, 3
LOCK = threading.Lock()


def say(*words):
    """Out of the guest before it returns."""
    with LOCK:
        print(*words, flush=True)
        termios.tcdrain(sys.stdout.fileno())


def mount_disk():
    must(f"modprobe -a virtio_blk ext4 && mkdir -p {DISK} && mount -t ext4 /dev/vda {DISK}")
    for folder, name in FOLDERS.items():
        must(f"mkdir -p {DISK}/{name} {folder} && mount -o bind {DISK}/{name} {folder}")


def look_at_disk():
    """On a copy, so that the daemon finds what the cut left."""
    shutil.copytree(f"{DISK}/api", "/tmp/api")
    database = sqlite3.connect("/tmp/api/database.sqlite")
    for key, in database.execute("SELECT public_key FROM spoke_registrations WHERE removed_at IS NULL AND removing_at IS NULL"):
        say("found", key)
    say("sound", database.execute("PRAGMA integrity_check").fetchone()[0])
    database.close()


def serve():
    """An admin's API token, once everything is as it was and the interface has every peer."""
    is_new = not os.path.exists(SECRET)
    if not is_new:
        look_at_disk()
    hub.start_daemons()
    api = hub.set_up("10.64.0.0/16") if is_new else hub.known_api()
    if is_new:
        with open(SECRET, "w") as file:
            file.write(api.headers["Authorization"])
        must("sync")
    with open(SECRET) as file:
        api.headers = {"Authorization": file.read()}
    took = within(60, lambda: sh(f"curl -skf https://127.0.0.1:{hub.PORT}/api/health/ready").returncode == 0 and peers() == wanted())
    if took is None:
        sys.exit(f"not ready: {sorted(peers() ^ wanted())} {hub.log('apid')[-3000:]} {hub.log('engine')[-2000:]}")
    say("serving", f"{took:.1f}")
    return api


def peers():
    return set(sh("wg show wg0 peers").stdout.split())


def wanted():
    database = sqlite3.connect("file:/var/lib/wireguard-hub/database.sqlite?mode=ro", uri=True, timeout=20)
    keys = {key for key, in database.execute("SELECT public_key FROM spoke_registrations WHERE removed_at IS NULL")}
    database.close()
    return keys


def make_key():
    key = bytearray(os.urandom(32))
    key[31] &= 0x3F
    return base64.b64encode(key).decode()


def call_until_the_end(api):
    connection = http.client.HTTPSConnection("127.0.0.1", hub.PORT, timeout=60, context=api.context)

    def call(method, path, body=None):
        """As a client does: what a busy hub refuses for now is asked again."""
        for _ in range(30):
            connection.request(method, path, body and json.dumps(body), {**api.headers, "Content-Type": "application/json"} if body else api.headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 503:
                break
            time.sleep(1)
        if answer.status not in (200, 201):
            say("NOT", method, path, answer.status, text.decode())
        return json.loads(text)

    count = 0
    while True:
        spokes = [{"spokeName": f"spoke {number}"} for number in range(BULK)]
        for made in call("POST", "/api/installation/tokens/bulk", {"spokes": spokes})["tokens"]:
            key, count = make_key(), count + 1
            spoke = call("POST", "/api/spoke/register", {"token": made["token"]["token"], "publicKey": key, "os": "linux"})["spoke"]
            say("ack", key)
            if count % REMOVED_OF == 0:
                say("ending", key)
                call("DELETE", f"/api/spoke/{spoke['id']}")
                say("gone", key)


mount_disk()
admin = serve()
for _ in range(CALLERS):
    threading.Thread(target=call_until_the_end, args=(admin,)).start()
