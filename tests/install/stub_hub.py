"""A small HTTPS hub for the script's own faults: script, register, report, health, with answers that a test can replace.

It follows design.md's token states as far as the script sees them; the real hub has its own tests.
"""
import base64
import hashlib
import http.server
import json
import re
import ssl
import subprocess
import threading
import time

import render
import sample

KEY = re.compile(r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=")
PATH = re.compile(r"/api/installation/script/([^/?]+)\?platform=(\w+)")


class Token:
    def __init__(self, values):
        self.values, self.state, self.key, self.used_at, self.reports, self.bodies = values, "unused", None, None, [], []

    def stages(self):
        return [(r["stage"], r["code"]) for r in self.reports]


class StubHub:
    """Serves the template of every platform that has one, named PLATFORM.sh.template. `faults` maps "script", "register", "report", "live" to (status, {key: value}) or to a list of such, used up in turn.

    `registered` is called before a 201, where a real hub adds the peer."""

    def __init__(self, directory, address="127.0.0.1"):
        self.registered = lambda token: None
        self.tokens, self.faults, self.lock, self.bad_json = {}, {}, threading.Lock(), []
        certificate, key = directory / "hub.pem", directory / "hub.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
             "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
            check=True, stderr=subprocess.DEVNULL)
        der = subprocess.run(f"openssl x509 -in {certificate} -pubkey -noout | openssl pkey -pubin -outform der", shell=True, check=True,
                             capture_output=True).stdout
        self.certificate = certificate
        self.pin = "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()
        hub = self

        class Handler(_Handler):
            stub = hub

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # refused handshakes are part of the tests
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://{address}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def new_token(self, **changes):
        values = sample.values(changes.pop("BASE_URL", self.url), changes.pop("pin", self.pin), **changes)
        token = Token(values)
        self.tokens[values["TOKEN"]] = token
        return token

    def fault(self, place):
        found = self.faults.get(place)
        if isinstance(found, list):
            found = found.pop(0) if found else None
        return found


class _Handler(http.server.BaseHTTPRequestHandler):
    stub = None

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="text/plain; charset=utf-8"):
        body = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status in (429, 503):
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(body)

    def lines(self, status, values):
        self.answer(status, "".join(f"{k}={v}\n" for k, v in values.items()))

    def failed(self, place):
        fault = self.stub.fault(place)
        if fault:
            self.lines(*fault)
        return bool(fault)

    def do_GET(self):
        if self.path == "/api/health/live":
            return self.failed("live") or self.answer(200, "status=live\n")
        match = PATH.fullmatch(self.path)
        token = match and self.stub.tokens.get(match[1])
        if not token or not (render.SHARE / f"{match[2]}.sh.template").exists():
            return self.refusal(404, "this command is unknown; ask for a new one", 40)
        with self.stub.lock:
            state = token.state
            if state == "unused":
                token.state, token.used_at = "claimed", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        if state == "unused":
            self.answer(200, render.render(f"{match[2]}.sh.template", sample.for_platform(token.values, match[2])))
        elif state == "revoked":
            self.refusal(410, "this command was withdrawn", 45)
        else:
            values = {"TOKEN_HASH": token.values["TOKEN_HASH"], "USED_AT": token.used_at}
            self.answer(410, render.render("resume.sh.template", values))

    def refusal(self, status, message, code):
        self.answer(status, render.render("error.sh.template", {"MESSAGE": "[wghub] ERROR: " + message, "EXIT_CODE": code}))

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            body = json.loads(raw.decode())
        except ValueError:
            self.stub.bad_json.append(raw)
            return self.lines(400, {"code": "INVALID_JSON"})
        token = self.stub.tokens.get(body.get("token"))
        if self.path == "/api/installation/report":
            return self.report(token, body, raw)
        return self.failed("register") or self.register(token, body)

    def report(self, token, body, raw):
        if token:
            token.reports.append(body)
        if self.failed("report") or len(raw) > 4096:
            return None
        with self.stub.lock:
            if token and token.state == "claimed" and 10 <= body["code"] <= 16:
                token.state = "unused"
        return self.lines(202, {"success": "true", "state": token.state if token else "unknown"})

    def register(self, token, body):
        if not token:
            return self.lines(404, {"code": "TOKEN_NOT_FOUND", "error": "unknown"})
        if not KEY.fullmatch(body["publicKey"]):
            return self.lines(400, {"code": "INVALID_PUBLIC_KEY", "error": "not a key"})
        with self.stub.lock:
            token.bodies.append(body)
            if token.state == "registered" and token.key != body["publicKey"]:
                return self.lines(410, {"code": "TOKEN_ALREADY_USED", "error": "used", "usedAt": token.used_at})
            token.state, token.key = "registered", body["publicKey"]
            self.stub.registered(token)
        return self.lines(201, {"success": "true", "id": token.values["SPOKE_ID"], "name": "spoke", "publicKey": token.key,
                                "allowedIPs": token.values["SPOKE_IP"], "registeredAt": token.used_at, "status": "pending"})
