# A browser that is signed in at the hub comes to pages of others (T6): Debian's Chromium, the cookie as the hub set it.
import contextlib, http.cookies, http.server, json, ssl, subprocess, threading

import pytest

from hub import PASSWORD, PORT, ROOT, SLOW, SOURCE, Client, sh
from proofs import figure

HUB = f"https://localhost:{PORT}"
CROSS_SITE, SAME_SITE = 9080, 9443


class EmptyPage(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Somebody else's</title><body>")

    def log_message(self, *_):
        pass


@pytest.fixture
def foreign_pages():
    """One of another site, and one of the hub's own site (a site is a name without its port), which no SameSite cookie keeps away."""
    sh(f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -keyout {ROOT}/page.key -out {ROOT}/page.pem 2>&1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{ROOT}/page.pem", f"{ROOT}/page.key")
    with contextlib.ExitStack() as stack:
        for port in (CROSS_SITE, SAME_SITE):
            server = stack.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", port), EmptyPage))
            if port == SAME_SITE:
                server.socket = context.wrap_socket(server.socket, server_side=True)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
        yield [f"http://127.0.0.1:{CROSS_SITE}/", f"https://localhost:{SAME_SITE}/"]


def cookie_of(answer):
    """The session's cookie with the attributes that the hub gave it, as playwright takes it; its path and origin come from the hub's URL."""
    morsel, = http.cookies.SimpleCookie(answer.headers["Set-Cookie"]).values()
    assert morsel["path"] == "/" and not morsel["domain"]
    return {"name": morsel.key, "value": morsel.value, "httpOnly": bool(morsel["httponly"]), "secure": bool(morsel["secure"]), "sameSite": morsel["samesite"]}


def test_a_page_of_another_origin_writes_nothing_and_reads_nothing(hub, foreign_pages):
    before = hub.admin.get("/api/installation/tokens").json["totalCount"]
    signed_in = Client().post("/api/auth/login", {"username": "admin", "password": PASSWORD})
    job = {"hub": HUB, "cookie": cookie_of(signed_in), "pages": foreign_pages, "rebound": f"https://rebound.example:{PORT}/api/auth/me"}
    node = sh(f"{SOURCE}/tests/lib/npm_packages").strip()
    done = subprocess.run([node, f"{SOURCE}/tests/browser/cross_site.mjs"], input=json.dumps(job), capture_output=True, text=True, timeout=180 * SLOW)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["before"], found["after"]) == (200, 200), "the browser does send its cookie to the hub's own pages"
    assert hub.admin.get("/api/installation/tokens").json["totalCount"] == before
    person = Client()
    person.signed_in_by(signed_in)
    assert person.post("/api/installation/token", {"spokeName": "own"}).status == 201, "the session could have written all the while"
    # From another site no cookie comes; from the same one it does, and the request is refused for what it is.
    assert found["written"] == {"POST /api/auth/logout": [401, 403], "POST /api/installation/token": [415] * 8}, found["written"]
    for page in foreign_pages:
        said = found["said"][page]
        assert all(said[name].startswith("refused") for name in ("preflighted", "remove", "read")), said
        assert said["events"] == "error" and "admin" not in said["frame"], said
    assert found["rebound"] == 421
    figure("T6", f"Chromium, signed in, on a page of another site and on one of the same site: {len(found['said'][foreign_pages[0]])} ways to write or read each, nothing written or read; "
           f"a name that was rebound to the hub: 421; nothing of it ended the session")
