# Whole lives of spokes, as scripts and people bring them about while daemons come and go: every call is repeated until it is
# answered, and what was promised is kept to be compared. Leaves the faults to the tests.
import base64, contextlib, http.client, ipaddress, random, threading, time

from hub import SLOW, Client
from proofs import random_key

KEPT = 200  # more peers would only make each look at the interface slower


class Lives:
    """kept: keys of spokes that nobody removed. gone: keys whose removal or replacement was answered. secrets: texts of tokens."""

    def __init__(self, hub):
        self.hub, self.kept, self.gone, self.secrets, self.faults, self.stopping = hub, [], [], [], [], False
        self.ids = {}  # of the kept

    def ask(self, call, *good):
        """What the call is answered in the end; «later» and broken connections are asked again."""
        deadline = time.monotonic() + 60 * SLOW
        while True:
            try:
                answer = call()
                if answer.status != 503:
                    break
            except (OSError, http.client.HTTPException) as fault:
                answer = fault
            assert time.monotonic() < deadline, f"never answered but with {answer!r}"
            time.sleep(0.03)
        assert answer.status in good, answer
        return answer

    def token(self, admin, name="life"):
        token = self.ask(lambda: admin.post("/api/installation/token", {"spokeName": name}), 201).json["token"]
        self.secrets.append(token["token"])
        return token

    def live(self, admin, stranger):
        """Token, claim, release, claim, registration, reissue, registration with a new key, removal; and a token revoked."""
        unused = self.token(admin, "never used")
        self.ask(lambda: admin.delete(f"/api/installation/token/{unused['id']}"), 200)
        token, key = self.token(admin), random_key()
        script = f"/api/installation/script/{token['token']}?platform=linux"
        report = {"token": token["token"], "stage": "preflight", "code": 10, "reason": "NOT_ROOT", "os": "linux", "detail": ""}
        # 410: it was served, and the connection broke before that arrived.
        self.ask(lambda: stranger.get(script, headers={"Accept": "*/*"}), 200, 410)
        self.ask(lambda: stranger.post("/api/installation/report", report), 202)
        self.ask(lambda: stranger.get(script, headers={"Accept": "*/*"}), 200, 410)
        spoke = self.ask(lambda: self.hub.register(token["token"], key, stranger), 201).json["spoke"]
        again = self.ask(lambda: admin.post(f"/api/installation/token/{token['id']}/reissue"), 201, 410)
        if again.status == 201:  # else the new token is lost, and the old key works on
            self.secrets.append(again.json["token"]["token"])
            old, key = key, random_key()
            self.ask(lambda: self.hub.register(again.json["token"]["token"], key, stranger), 201)
            self.gone.append(old)
        if len(self.kept) < 3 or random.random() < 0.4:
            self.keep(admin, key, spoke["id"])
        else:
            self.remove(admin, key, spoke["id"])
        self.come_from_elsewhere(admin)

    def come_from_elsewhere(self, admin):
        """A peer of another server is imported at an address that few others take, and removed; asked again it is there already."""
        key, network = random_key(), ipaddress.ip_network(self.hub.network)
        address = str(network[random.randrange(network.num_addresses // 2, network.num_addresses - 1)])
        peers = {"spokes": [{"name": "from elsewhere", "publicKey": key, "address": address}]}
        answer = self.ask(lambda: admin.post("/api/spoke/import", peers), 201, 409)  # 409: the address is held
        if answer.status == 201:
            self.remove(admin, key, answer.json["spokes"][0]["id"])

    def keep(self, admin, key, spoke_id):
        """Lets the spoke stay; of too many the first goes."""
        self.ids[key] = spoke_id
        self.kept.append(key)
        if len(self.kept) > KEPT:
            first = self.kept.pop(0)
            self.remove(admin, first, self.ids.pop(first))

    def remove(self, admin, key, spoke_id):
        self.ask(lambda: admin.delete(f"/api/spoke/{spoke_id}"), 200, 404)
        self.gone.append(key)

    def pass_by(self, admin, stranger):
        """Some of that by somebody who never asks again: what no answer promised may be or not, but not by half."""
        made = admin.post("/api/installation/token", {"spokeName": "passer-by"})
        if made.status != 201:
            return
        token, old, new = made.json["token"], random_key(), random_key()
        self.secrets.append(token["token"])
        answer = self.hub.register(token["token"], old, stranger)
        if answer.status != 201:
            return
        again = admin.post(f"/api/installation/token/{token['id']}/reissue")
        if again.status == 201:
            self.secrets.append(again.json["token"]["token"])
            if self.hub.register(again.json["token"]["token"], new, stranger).status == 201:
                self.gone.append(old)
        if admin.delete(f"/api/spoke/{answer.json['spoke']['id']}").status == 200:
            self.gone += [old, new]

    def run(self, live):
        admin, stranger = self.hub.another(), Client()
        try:
            while not self.stopping:
                live(admin, stranger)
        except Exception as fault:
            self.faults.append(fault)

    def try_once(self, admin, stranger):
        try:
            self.pass_by(admin, stranger)
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)

    @contextlib.contextmanager
    def going_on(self, patient=2):
        """In three threads: lives one after the other, each that has begun brought to its end, in so many; passers-by in the others."""
        self.stopping = False
        running = [threading.Thread(target=self.run, args=(self.live if number < patient else self.try_once,)) for number in range(3)]
        for thread in running:
            thread.start()
        try:
            yield self
        finally:
            self.stopping = True
            for thread in running:
                thread.join()
        assert not self.faults, self.faults[:3]

    def forms(self):
        """The secrets as they were, in hex and in the other kind of base64."""
        texts = list(self.secrets)
        wholes = [base64.urlsafe_b64decode(text + "=") for text in texts]
        return {form.encode() for text, whole in zip(texts, wholes)
                for form in (text, whole.hex(), base64.b64encode(whole).decode().rstrip("="))}
