# A webhook's server and a mail server on loopback, which keep what they get. Leaves to the tests what that should be.
import email, email.policy, http.server, os, socketserver, ssl, subprocess, tempfile, threading

from hub import ROOT


def make_certificate(folder, names):
    """A certificate that is its own authority; (certificate, key)."""
    paths = f"{folder}/receiver.pem", f"{folder}/receiver-key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=receiver",
                    "-addext", f"subjectAltName={names}", "-out", paths[0], "-keyout", paths[1]], check=True, capture_output=True)
    return paths


class Webhooks:
    """got: (path, headers, body) of each POST. answers: the status of the next ones, 204 behind them."""

    def __init__(self, address="127.0.0.1", tls=True):
        self.got, self.answers, self.headers = [], [], {}
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((self.path, dict(self.headers), body))
                self.send_response(outer.answers.pop(0) if outer.answers else 204)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.server.daemon_threads = True
        self.scheme = "https" if tls else "http"
        if tls:
            folder = tempfile.mkdtemp(dir=ROOT)
            os.chmod(folder, 0o755)
            self.certificate, key = make_certificate(folder, "DNS:localhost,IP:127.0.0.1")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate, key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, path="/hooks/EXAMPLE-SECRET-PART", host="localhost"):
        return f"{self.scheme}://{host}:{self.port}{path}"

    def end(self):
        self.server.shutdown()
        self.server.server_close()


class Mails:
    """A mail server without TLS. got: (sender, recipients, message)."""

    def __init__(self):
        self.got, self.refuse = [], False
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, line):
                self.wfile.write(line.encode() + b"\r\n")

            def handle(self):
                sender, recipients = None, []
                self.say("220 receiver")
                while line := self.rfile.readline():
                    word = line.decode().strip()
                    if word.upper().startswith("MAIL FROM:"):
                        sender = word[10:].split()[0]
                    if word.upper().startswith("RCPT TO:"):
                        recipients.append(word[8:])
                        if outer.refuse:
                            self.say("550 no such user")
                            continue
                    if word.upper() == "QUIT":
                        self.say("221 bye")
                        return
                    if word.upper() != "DATA":
                        self.say("250 fine")
                        continue
                    self.say("354 go on")
                    lines = []
                    while (line := self.rfile.readline()) not in (b".\r\n", b""):
                        lines.append(line[1:] if line.startswith(b"..") else line)
                    outer.got.append((sender, recipients, email.message_from_bytes(b"".join(lines), policy=email.policy.default)))
                    self.say("250 taken")
        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()
