# A hub for tests: users, folders and daemons inside the namespaces that tests/api/run made. Leaves to the tests what to ask.
import base64, contextlib, http.client, json, os, re, shutil, signal, socket, ssl, subprocess, tempfile, time

SOURCE, BUILD = os.environ["WGHUB_SOURCE"], os.environ["WGHUB_BUILD"]
ROOT = "/run/test-hub"
PROGRAMS = f"{ROOT}/bin"
LOGS = f"{ROOT}/log"
PORT = 8443
ADMIN_SOCKET = "/run/wireguard-hub-api/admin.sock"
DATABASE = "/var/lib/wireguard-hub/database.sqlite"
USERS = {"wghub": 64101, "wghub-front": 64102, "wgprivd": 64103}
SLOW = 4 if "asan" in BUILD or "tsan" in BUILD else 1
PASSWORD = "tall ships sail far"
FULL = os.environ.get("WGHUB_TIER") == "full"
HEARD = None  # what hear() fills; nothing outside pytest


def sh(command, check=True):
    done = subprocess.run(command, shell=True, text=True, capture_output=True, stdin=subprocess.DEVNULL)
    if check and done.returncode != 0:
        raise RuntimeError(f"{command}\n{done.stdout}{done.stderr}")
    return done.stdout


def eventually(condition, seconds=15, every=0.1):
    """Waits for a true condition; the seconds it took. Fails the test when it takes longer."""
    began = time.monotonic()
    while True:
        if condition():
            return time.monotonic() - began
        assert time.monotonic() - began < seconds * SLOW, f"not within {seconds * SLOW} s"
        time.sleep(every)


def prepare_machine():
    """Once a run: users, an own /run and /var/lib, copies of the programs that every user may read."""
    for path in ("/run", "/var/lib"):
        sh(f"mount -t tmpfs -o mode=0755 none {path}")
    os.makedirs(PROGRAMS)
    os.makedirs(LOGS)
    for name in ("passwd", "group"):
        with open(f"/etc/{name}") as file:
            lines = [line for line in file if line.split(":")[0] not in USERS]
        for user, number in USERS.items():
            lines.append(f"{user}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin\n" if name == "passwd" else f"{user}:x:{number}:\n")
        with open(f"{ROOT}/{name}", "w") as file:
            file.writelines(lines)
        sh(f"mount --bind {ROOT}/{name} /etc/{name}")
    for program in ("apid", "wgprivd", "wgprivd-engine", "wghub"):
        shutil.copy(f"{BUILD}/bin/{program}", PROGRAMS)
    shutil.copytree(f"{SOURCE}/share/install", f"{ROOT}/share/install")
    if os.path.isdir(f"{SOURCE}/share/dashboard/dist"):
        shutil.copytree(f"{SOURCE}/share/dashboard/dist", f"{ROOT}/share/dashboard")
    sh("ip link set lo up && ip link add host0 type veth peer name host1 && ip address add 192.0.2.1/24 dev host0 && ip link set host0 up && ip link set host1 up")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.text = status, headers, body.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def code(self):
        return self.headers.get("X-Error-Code")

    def __repr__(self):
        return f"{self.status} {self.code or ''} {self.text[:400]}"


def hear(kind, *answer):
    """Notes an answer for conftest, which holds it to docs/openapi.yaml: kind is `client`, `raw` or `event`."""
    if HEARD is not None:
        HEARD.append((kind, *answer))


class Client:
    """A caller of the API with one credential. One connection a thread would be needed for sharing: make one client each."""

    heard = None  # a list: every answer goes there too, with what was asked

    def __init__(self, headers=None, port=PORT, timeout=30):
        self.headers, self.port, self.timeout = headers or {}, port, timeout
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the default one reads every root certificate
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        self.connection = None

    def connect(self):
        self.connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=self.timeout * SLOW, context=self.context)

    def call(self, method, path, body=None, headers=None, raw=None):
        merged = {"Accept": "application/json", **self.headers, **(headers or {})}
        if body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            merged.setdefault("Content-Type", "application/json")
        for attempt in (1, 2):  # an idle connection may have been closed meanwhile
            try:
                if self.connection is None:
                    self.connect()
                self.connection.request(method, path, raw, merged)
                answer = self.connection.getresponse()
                text = answer.read()
                if Client.heard is not None:
                    Client.heard.append((method, path, answer.status, str(answer.headers), text))
                if self.port == PORT:  # a proxy before it has answers of its own
                    hear("client", method, path, answer.status, answer.headers, text)
                return Answer(answer.status, answer.headers, text)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
                self.connection = None
                if attempt == 2:
                    raise
            except (OSError, http.client.HTTPException):  # in the middle of an answer
                self.connection = None
                raise

    def signed_in_by(self, answer):
        """From now on the session that this answer began."""
        self.headers = {"Cookie": answer.headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": answer.json["csrfToken"]}

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.call("POST", path, body, **options)

    def put(self, path, body=None, **options):
        return self.call("PUT", path, body, **options)

    def delete(self, path, **options):
        return self.call("DELETE", path, **options)


class Raw:
    """One TLS connection for requests that no HTTP library would send."""

    def __init__(self, port=PORT, timeout=20):
        self.socket = self.connect(port, timeout * SLOW)
        self.input = b""

    def connect(self, port, timeout):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, head, body=b""):
        """head: lines without the last two line ends."""
        self.socket.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        return self

    def more(self):
        received = self.socket.recv(65536)
        self.input += received
        return bool(received)

    def head(self):
        """(status, headers) of the next answer."""
        while b"\r\n\r\n" not in self.input:
            assert self.more(), f"closed after {self.input!r}"
        head, self.input = self.input.split(b"\r\n\r\n", 1)
        first, *lines = head.decode().split("\r\n")
        headers = http.client.HTTPMessage()
        for line in lines:
            name, value = line.split(": ", 1)
            headers[name] = value
        return int(first.split()[1]), headers

    def answer(self):
        status, headers = self.head()
        while len(self.input) < int(headers["Content-Length"]):
            assert self.more()
        size = int(headers["Content-Length"])
        body, self.input = self.input[:size], self.input[size:]
        hear("raw", status, headers, body)
        return Answer(status, headers, body)

    def is_closed(self):
        """Whether the hub hangs up without saying more."""
        try:
            return not self.more()
        except ConnectionResetError:
            return True


class Stream(Raw):
    """A reader of /api/events."""

    def __init__(self, headers, last_event_id=None, live=False):
        super().__init__()
        lines = [f"GET /api/events{'?live=true' if live else ''} HTTP/1.1", "Host: localhost", "Accept: text/event-stream"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if last_event_id is not None:
            lines.append(f"Last-Event-ID: {last_event_id}")
        self.send("\n".join(lines))
        self.status, self.headers = self.head()
        if self.status == 200:
            self.comment = self.block()

    def block(self):
        while b"\n\n" not in self.input:
            if not self.more():
                return None
        block, self.input = self.input.split(b"\n\n", 1)
        return block.decode()

    def event(self):
        """(id, type, data) of the next event, a live one without an id; None at the end of the stream."""
        while (block := self.block()) is not None:
            if block.startswith(":"):
                continue
            lines = dict(line.split(": ", 1) for line in block.split("\n"))
            data = json.loads(lines["data"])
            number = int(lines["id"]) if "id" in lines else None
            assert (data["type"], data.get("id")) == (lines["event"], number), block
            hear("event", data)
            return number, lines["event"], data
        return None

    def until(self, kind, seconds=15):
        """The next event of that type; others are passed over."""
        self.socket.settimeout(seconds * SLOW)
        while True:
            event = self.event()
            assert event is not None, f"the stream ended before {kind}"
            if event[1] == kind:
                return event[2]


class RootStream(Stream):
    """The same as root, over the admin socket."""

    def __init__(self, last_event_id=None):
        super().__init__({}, last_event_id)

    def connect(self, port, timeout):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout)
        connection.connect(ADMIN_SOCKET)
        return connection


class AdminSocket(http.client.HTTPConnection):
    def __init__(self):
        super().__init__("localhost", timeout=30)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(ADMIN_SOCKET)


def make_key():
    """A WireGuard key pair's public half: only its form and validity matter to the hub."""
    private = subprocess.run(["wg", "genkey"], capture_output=True, text=True, check=True).stdout
    return subprocess.run(["wg", "pubkey"], input=private, capture_output=True, text=True, check=True).stdout.strip()


class Hub:
    """The daemons, run as in production by deploy/activate."""

    def __init__(self, network="10.83.0.0/24"):
        self.network, self.activate, self.admin, self.settings = network, None, None, ""

    def configure(self, **settings):
        """Keys of apid.toml, dots as double underscores; limits are off unless a test sets them."""
        values = {"limits.tokens_per_hour": "0", "limits.logins_per_15min": "0", "limits.unknown_tokens_per_minute": "0"}
        values.update({name.replace("__", "."): value for name, value in settings.items()})
        with open(f"{ROOT}/apid.toml", "w") as file:
            file.write(f'listen = "0.0.0.0:{PORT}"\nshare_directory = "{ROOT}/share"\n')
            file.writelines(f"{name} = {value}\n" for name, value in sorted(values.items(), key=lambda item: "." in item[0]))
        sh(f"chown root:wghub {ROOT}/apid.toml && chmod 0640 {ROOT}/apid.toml")

    def start(self, **settings):
        for folder, owner, mode in (("/var/lib/wireguard-hub", "wghub", 0o750), ("/var/lib/wireguard-hub-privileged", "wgprivd", 0o700)):
            os.makedirs(folder, exist_ok=True)
            shutil.chown(folder, owner, owner)
            os.chmod(folder, mode)
        if not os.path.exists(f"{ROOT}/kek"):
            with open(f"{ROOT}/kek", "wb", opener=lambda path, flags: os.open(path, flags, 0o400)) as file:
                file.write(os.urandom(32))
        self.configure(**settings)
        with open(f"{SOURCE}/deploy/lib/services.toml") as file:
            plan = file.read()
        for word, value in {"@LIBEXEC@": PROGRAMS, "@STATE@": ROOT, "@KEK@": f"{ROOT}/kek", "@CONFIG@": f"{ROOT}/apid.toml",
                            "@BACKEND@": "userspace", "#USERSPACE# ": ""}.items():
            plan = plan.replace(word, value)
        with open(f"{ROOT}/services.toml", "w") as file:
            file.write(plan)
        log = open(f"{LOGS}/activate.log", "a")
        self.activate = subprocess.Popen(["/usr/bin/python3", f"{SOURCE}/deploy/activate", f"{ROOT}/services.toml"],
                                         stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_live()

    def wait_live(self):
        eventually(lambda: self.try_status("/api/health/live") == 200, 30)

    def wait_ready(self):
        return eventually(lambda: self.try_status("/api/health/ready") == 200, 30)

    def try_status(self, path):
        try:
            return Client().get(path).status
        except OSError:
            return None

    def stop(self):
        if self.activate:
            self.activate.send_signal(signal.SIGTERM)
            self.activate.wait(30)
            self.activate = None

    def restart(self, **settings):
        self.stop()
        self.start(**settings)

    @contextlib.contextmanager
    def with_settings(self, **settings):
        """The same hub with other keys of apid.toml for a while."""
        self.restart(**settings)
        self.wait_ready()
        try:
            yield self
        finally:
            self.restart()
            self.wait_ready()

    def wipe(self):
        """Back to a machine that never had a hub."""
        self.stop()
        for folder in ("/var/lib/wireguard-hub", "/var/lib/wireguard-hub-privileged"):
            shutil.rmtree(folder, ignore_errors=True)
        sh("ip link del wg0 2>/dev/null", check=False)
        self.admin = None

    def pid(self, name):
        """The process of that name that is no supervisor."""
        found = sh(f"pgrep -x {name[:15]}", check=False).split()
        return int(found[0]) if found else None

    def kill(self, name, number=signal.SIGKILL):
        os.kill(self.pid(name), number)

    def root_call(self, method, path, body=None):
        connection = AdminSocket()
        raw, headers = b"" if method == "POST" else None, {"Host": "localhost"}
        if body is not None:
            raw, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        connection.request(method, path, raw, headers)
        answer = connection.getresponse()
        text = answer.read()
        if path.startswith("/api/") and answer.headers.get("X-Error-Code") not in ("NOT_FOUND", "METHOD_NOT_ALLOWED"):  # it has not all paths there
            hear("client", method, path, answer.status, answer.headers, text)
        return Answer(answer.status, answer.headers, text)

    def setup_code(self):
        return sh(f"{PROGRAMS}/wghub setup-code").split()[1]

    def set_up(self):
        """Set-up, initialise, an admin's API token: self.admin."""
        self.first_person()
        answer = self.initialize()
        assert answer.status == 201, answer
        self.admin = self.client("admin")
        self.wait_ready()
        return self.admin

    def first_person(self):
        """Set-up alone: self.person, the admin's session; self.spent_code, the set-up code that it took."""
        person, self.spent_code = Client(), self.setup_code()
        answer = person.post("/api/setup", {"setupCode": self.spent_code, "username": "admin", "password": PASSWORD})
        assert answer.status == 201, answer
        person.signed_in_by(answer)
        self.person = person

    def initialize(self):
        return self.person.post("/api/hub/initialize", {"networkCIDR": self.network, "listenPort": 51820,
                                                        "endpoint": "192.0.2.1:51820", "dns": ["9.9.9.9"]})

    def client(self, role, maker=None):
        """A program with an API token, the admin's unless somebody else makes it."""
        answer = (maker or self.admin or self.person).post("/api/api-tokens", {"name": f"test {role}", "role": role})
        assert answer.status == 201, answer
        return Client({"Authorization": f"Bearer {answer.json['secret']}"})

    def login(self, username="admin", password=PASSWORD, **fields):
        """A new session: a client with cookie and CSRF header."""
        person = Client()
        answer = person.post("/api/auth/login", {"username": username, "password": password, **fields})
        assert answer.status == 200, answer
        person.signed_in_by(answer)
        return person

    def user(self, role, username=None):
        """A new user, as the admin sees him."""
        username = username or f"user-{os.urandom(5).hex()}"
        answer = self.admin.post("/api/users", {"username": username, "password": PASSWORD, "role": role})
        assert answer.status == 201, answer
        return answer.json["user"]

    def another(self):
        """The admin again on a connection of its own, for threads."""
        return Client(dict(self.admin.headers))

    def token(self, name="spoke", **fields):
        answer = self.admin.post("/api/installation/token", {"spokeName": name, **fields})
        assert answer.status == 201, answer
        return answer.json

    def register(self, token=None, key=None, client=None, headers=None, **fields):
        token = token or self.token()["token"]["token"]
        return (client or Client()).post("/api/spoke/register", {"token": token, "publicKey": key or make_key(), "os": "linux", **fields},
                                         headers=headers)

    def peers(self):
        """Public key -> allowed IPs, as the interface has them."""
        dump = sh("wg show wg0 allowed-ips", check=False)
        return {line.split("\t")[0]: line.split("\t")[1] for line in dump.splitlines()}

    def audit(self, **filters):
        query = "&".join(f"{name}={value}" for name, value in {"limit": 1000, **filters}.items())
        answer = self.admin.get(f"/api/audit?{query}")
        assert answer.status == 200, answer
        return answer.json["events"]

    def log(self, name):
        with open(f"{LOGS}/{name}.log", errors="replace") as file:
            return file.read()
