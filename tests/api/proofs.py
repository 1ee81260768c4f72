# What holds through every fault (robustness.md a to d), and tools to bring many callers at one moment. Leaves the daemons to
# hub.py and the faults to the tests.
import base64, hashlib, json, os, socket, sqlite3, subprocess, threading, time

from hub import DATABASE, FULL, PORT, Client, eventually

FIGURES = {}  # test -> what it measured; conftest.py prints that at the end


def share(ci, full):
    """How often: a share of the rounds in CI, all of them in the full run."""
    return full if FULL else ci


def figure(ids, text):
    """What this test measured. ids: the threats and faults that it proves, as "F8 T15", or nothing (tests/report)."""
    FIGURES.setdefault(os.environ["PYTEST_CURRENT_TEST"].rsplit(" ", 1)[0], []).append(text)


def random_key():
    """A public key that is as good as any to the hub, without two processes for each: 32 bytes below p, not of low order."""
    key = bytearray(os.urandom(32))
    key[31] &= 0x3F
    return base64.b64encode(key).decode()


def make_pair():
    """A real key pair; the private half is never in an argument."""
    private = subprocess.run(["wg", "genkey"], capture_output=True, text=True, check=True).stdout.strip()
    return private, subprocess.run(["wg", "pubkey"], input=private, capture_output=True, text=True, check=True).stdout.strip()


def connected(count, headers=None):
    """Clients whose TLS connections are made, so that what follows starts with the request."""
    clients = [Client(headers) for _ in range(count)]
    for client in clients:
        client.get("/api/health/live")
    return clients


def together(calls):
    """Runs the calls at one moment, each in a thread; their results, or the exceptions they ended with."""
    results, barrier = [None] * len(calls), threading.Barrier(len(calls))

    def run(number):
        barrier.wait()
        try:
            results[number] = calls[number]()
        except Exception as fault:
            results[number] = fault
    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def timed(call):
    began = time.monotonic()
    return call(), time.monotonic() - began


def tokens(hub, count):
    """Tokens as the API shows them, made 256 at a time."""
    made = []
    while len(made) < count:
        spokes = [{"spokeName": f"spoke {len(made) + i}"} for i in range(min(256, count - len(made)))]
        answer = hub.another().post("/api/installation/tokens/bulk", {"spokes": spokes})
        assert answer.status == 201, answer
        made += [item["token"] for item in answer.json["tokens"]]
    return made


def rows(statement, *values):
    database = sqlite3.connect(f"file:{DATABASE}?mode=ro", uri=True, timeout=20)
    try:
        return database.execute(statement, values).fetchall()
    finally:
        database.close()


def audit_chain_length():
    """Recomputes every hash of the audit trail; the number of its events. Fails the test at the first that differs."""
    (last_id, last_hash, number, before), = rows("SELECT last_id, last_hash, base_id, base_hash FROM audit_head")
    events = rows("SELECT id, at, actor_id, actor_name, source_address, user_agent, action, target, outcome, details, event_hash"
                  " FROM audit_events ORDER BY id")
    for *fields, found in events:
        number += 1
        text = before + "".join(f"{len(str(field).encode())}:{field}" for field in fields)
        before = hashlib.sha256(text.encode()).hexdigest()
        assert fields[0] == number and before == found, f"the audit trail is broken at {fields[0]}"
    assert (last_id, last_hash) == (number, before)
    return len(events)


def wanted_peers():
    return {key: f"{address}/32" for key, address in
            rows("SELECT public_key, address FROM spoke_registrations WHERE removing_at IS NULL")}


def assert_invariants(hub, accepted=(), seconds=10):
    """accepted: keys of registrations answered 201 whose spokes nobody removed or reissued."""
    hub.wait_ready()
    live = rows("SELECT public_key, address, id, token_id FROM spoke_registrations WHERE removed_at IS NULL")
    keys = [row[0] for row in live]
    assert set(accepted) <= set(keys), "an accepted registration is not in the database"
    assert len(set(keys)) == len(keys) and len({row[1] for row in live}) == len(live), "a key or an address is on two live peers"
    took = eventually(lambda: hub.peers() == wanted_peers(), seconds * 3)
    assert rows("PRAGMA integrity_check") == [("ok",)]
    registered = {row[0] for row in rows("SELECT id FROM installation_tokens WHERE state = 'registered'")}
    tokens_of_spokes = {row[0] for row in rows("SELECT token_id FROM spoke_registrations WHERE removing_at IS NULL")}
    assert registered <= tokens_of_spokes, "a token is registered without a spoke"
    recorded = {row[0] for row in rows("SELECT target FROM audit_events WHERE action IN ('spoke.registered', 'spoke.imported')")}
    assert {row[2] for row in live} <= recorded, "a spoke without its audit event"
    assert_every_address_is_held_once_or_free(hub)
    audit_chain_length()
    return took


def assert_every_change_is_in_the_audit_trail():
    """Tokens and spokes against the events that made them what they are: no state without its event, no event without its state."""
    events = {}
    for action, target, details in rows("SELECT action, target, details FROM audit_events ORDER BY id"):
        events.setdefault(target, []).append(action)
        if action == "token.reissued":
            events.setdefault(json.loads(details)["replaces"], []).append("token.replaced")
    for id, spoke_id, state, releases in rows("SELECT id, spoke_id, state, releases FROM installation_tokens"):
        own = events.get(id, [])
        assert len({"token.created", "token.reissued"} & set(own)) == 1, (id, own)
        served = [action for action in own if action in ("token.claimed", "token.released")]
        assert served == (["token.claimed", "token.released"] * len(served))[:len(served)], (id, own)
        assert served.count("token.released") == releases, (id, releases, own)
        if state in ("unused", "claimed") and "spoke.refused" not in events.get(spoke_id, []):
            assert (len(served) % 2 == 1) == (state == "claimed"), (id, state, own)
        ended = {"token.revoked", "token.replaced"} & set(own) or "spoke.removed" in events.get(spoke_id, [])
        assert bool(ended) == (state == "revoked"), (id, state, own)
    for id, removing_at, removed_at in rows("SELECT id, removing_at, removed_at FROM spoke_registrations"):
        own = events.get(id, [])
        assert {"spoke.registered", "spoke.imported"} & set(own), (id, own)
        assert (own.count("spoke.removed"), own.count("peer.removed")) == (removing_at is not None, removed_at is not None), (id, own)


def assert_every_address_is_held_once_or_free(hub):
    held = [row[0] for row in rows("SELECT address FROM installation_tokens WHERE holds_address = 1"
                                   " UNION ALL SELECT address FROM spoke_registrations WHERE removed_at IS NULL")]
    assert len(set(held)) == len(held), "an address is held twice"
    number = lambda text: int.from_bytes(socket.inet_aton(text), "big")
    free = sum(int(last[1:], 16) - int(first[1:], 16) + 1 for first, last in rows("SELECT first_address, last_address FROM address_ranges"))
    size = 2 ** (32 - int(hub.network.split("/")[1])) - 3
    spoke_addresses = {number(text) for text in held}
    assert free + len(spoke_addresses) == size, f"{free} free and {len(spoke_addresses)} held are not {size} addresses"


def forms(secret):
    """A secret as raw bytes, hex and both kinds of base64, in every shape that it could be copied in."""
    wholes = {secret if isinstance(secret, bytes) else secret.encode()}
    for text in list(wholes):
        for decode in (base64.b64decode, base64.urlsafe_b64decode):
            try:
                wholes.add(decode(text.removeprefix(b"whk_") + b"=" * (-len(text.removeprefix(b"whk_")) % 4)))
            except ValueError:
                pass
    wholes = {whole for whole in wholes if len(whole) >= 12}
    found = set(wholes) | {text.removeprefix(b"whk_") for text in wholes}
    for whole in wholes:
        found |= {whole.hex().encode(), whole.hex().upper().encode(), base64.b64encode(whole).rstrip(b"="), base64.urlsafe_b64encode(whole).rstrip(b"=")}
    return found


def files_below(*folders):
    for folder in folders:
        for parent, _, names in os.walk(folder):
            yield from (os.path.join(parent, name) for name in names)


class Beside:
    """Something that goes on in a thread of its own from «with» to its end: step() again and again. A fault of it is the test's."""

    pause = 0.01  # seconds between two steps

    def __init__(self):
        self.stopping, self.fault, self.thread = False, None, threading.Thread(target=self.run)

    def run(self):
        try:
            while not self.stopping:
                self.step()
                time.sleep(self.pause)
        except Exception as fault:
            self.fault = fault

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stopping = True
        self.thread.join()
        if self.fault and kind is None:
            raise self.fault


class Events:
    """The stream of server-sent events, read by a thread."""

    def __init__(self, hub):
        raw = socket.create_connection(("127.0.0.1", PORT), timeout=60)
        self.socket = hub.admin.context.wrap_socket(raw)
        lines = ["GET /api/events HTTP/1.1", "Host: localhost", f"Authorization: {hub.admin.headers['Authorization']}",
                 "Accept: text/event-stream", "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        self.text = b""
        while b"\r\n\r\n" not in self.text:
            self.text += self.socket.recv(4096)
        assert self.text.startswith(b"HTTP/1.1 200"), self.text
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        while True:
            try:
                more = self.socket.recv(65536)
            except OSError:
                return
            if not more:
                return
            self.text += more

    def count(self, kind, *words):
        """Events of that kind so far whose data have all the words."""
        blocks = self.text.decode("utf-8", "replace").replace("\r", "").split("\n\n")
        return sum(1 for block in blocks if f"event: {kind}" in block and all(word in block for word in words))

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
