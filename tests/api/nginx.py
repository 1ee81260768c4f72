# Nginx as deploy/nginx says, before the hub of these tests. Only ports, folders and the certificate are others.
import os, re, signal, ssl, subprocess

from hub import PORT, ROOT, SOURCE, eventually, sh

PUBLIC, FOLDER = 8444, f"{ROOT}/nginx"


class Nginx:
    log, errors = f"{FOLDER}/access.log", f"{FOLDER}/error.log"

    def __init__(self):
        os.makedirs(FOLDER, exist_ok=True)
        sh(f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=hub.example.net -keyout {FOLDER}/key.pem -out {FOLDER}/certificate.pem 2>&1")
        with open(f"{SOURCE}/deploy/nginx/wireguard-hub.conf") as file:
            site = file.read()
        for pattern, text in ((r"listen \[::\].*\n", ""), ("listen 80;", "listen 127.0.0.1:8080;"), ("listen 443 ", f"listen 127.0.0.1:{PUBLIC} "),
                              ("127.0.0.1:3000", f"127.0.0.1:{PORT}"), ("/var/log/nginx/wireguard-hub.log", self.log),
                              (r"/etc/letsencrypt/live/hub.example.net/fullchain.pem", f"{FOLDER}/certificate.pem"),
                              (r"/etc/letsencrypt/live/hub.example.net/privkey.pem", f"{FOLDER}/key.pem")):
            site, changed = re.subn(pattern, text, site)
            assert changed, pattern
        with open(f"{FOLDER}/nginx.conf", "w") as file:
            file.write(f"user root;\nworker_processes 2;\npid {FOLDER}/pid;\nerror_log {self.errors};\nevents {{ worker_connections 4096; }}\n"
                       f"http {{\nclient_body_temp_path {FOLDER}/body; proxy_temp_path {FOLDER}/proxy; fastcgi_temp_path {FOLDER}/f; uwsgi_temp_path {FOLDER}/u; scgi_temp_path {FOLDER}/s;\n{site}}}\n")
        sh(f"nginx -t -e {self.errors} -c {FOLDER}/nginx.conf 2>&1")
        self.process = subprocess.Popen(["nginx", "-e", self.errors, "-c", f"{FOLDER}/nginx.conf", "-g", "daemon off;"], stdin=subprocess.DEVNULL)
        eventually(lambda: sh(f"ss -Hltn sport = :{PUBLIC}"), 10)

    def logged(self):
        return "".join(open(path).read() for path in (self.log, self.errors) if os.path.exists(path))

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
