# What apid offers by TLS, as testssl.sh sees it: version 1.3 alone, and nothing found that is worse than "low". With a certificate
# of an authority, as an operator gives one; in the full tier also with the one that apid makes for itself.
import json, os, signal, ssl, subprocess

import pytest

from hub import FULL, PORT, ROOT, SLOW, SOURCE, Client, eventually, sh
from proofs import figure

FOLDER, OWN = f"{ROOT}/tls", "/var/lib/wireguard-hub/tls/certificate.pem"
SOME = ["--protocols", "--standard", "--fs", "--server-preference", "--server-defaults", "--headers", "--vulnerable"]  # CI: neither each cipher by itself nor what old clients do
# A certificate that is its own authority can't be revoked, and ten years is the point: spokes know it by its key.
SELF_MADE = {"cert_revocation", "cert_validityPeriod"}
WORSE_THAN_LOW = ("MEDIUM", "HIGH", "CRITICAL", "FATAL")


def of_an_authority():
    """Paths of the authority's certificate, and of a chain and key for localhost, valid for 90 days and revocable."""
    sh(f"""mkdir -p {FOLDER} && cd {FOLDER} && exec 2>&1
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj '/CN=Test authority' -keyout authority.key -out authority.pem
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout key.pem -out request.pem
        printf '%s\\n' subjectAltName=DNS:localhost keyUsage=digitalSignature extendedKeyUsage=serverAuth crlDistributionPoints=URI:http://crl.example.net/a.crl >extensions
        openssl x509 -req -in request.pem -CA authority.pem -CAkey authority.key -CAcreateserial -days 90 -extfile extensions -out leaf.pem
        cat leaf.pem authority.pem >chain.pem && chown -R wghub: . && chmod 600 key.pem""")
    return [f"{FOLDER}/{name}.pem" for name in ("authority", "chain", "key")]


def findings(authority, options):
    path = f"{ROOT}/testssl.json"
    if os.path.exists(path):
        os.remove(path)
    done = subprocess.run(["testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--jsonfile", path, "--add-ca", authority, "--ip", "127.0.0.1", *options,
                           f"https://localhost:{PORT}"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600 * SLOW)
    assert os.path.exists(path), done.stdout + done.stderr
    with open(path) as file:
        return {found["id"]: found for found in json.load(file)}


def check(found, ours=frozenset()):
    offered = {name: found[name]["finding"] for name in ("SSLv2", "SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3")}
    assert all(text.startswith("not offered") for name, text in offered.items() if name != "TLS1_3") and offered["TLS1_3"].startswith("offered"), offered
    assert {name for name, item in found.items() if item["severity"] in WORSE_THAN_LOW} == set(ours), found
    assert len(found) > 60 and "heartbleed" in found and "cert_trust" in found, "testssl did not look at everything"
    return len(found)


@pytest.mark.skipif(SLOW > 1, reason="asks OpenSSL, which no sanitizer sees into")
def test_testssl_finds_tls_13_alone_and_nothing_above_low(running):
    authority, chain, key = of_an_authority()
    with running.with_settings(tls__certificate=f'"{chain}"', tls__key=f'"{key}"'):
        number = check(findings(authority, [] if FULL else SOME))
    figure("", f"testssl.sh: TLS 1.3 alone, {number} findings, none above low")


@pytest.mark.skipif(not FULL, reason="the full tier looks at the self-made certificate too")
def test_testssl_minds_of_the_self_made_certificate_only_that_it_is_one(running):
    check(findings(OWN, []), SELF_MADE)


def served():
    return ssl.get_server_certificate(("127.0.0.1", PORT))


def test_a_renewed_certificate_is_served_without_ending_a_connection(running):
    _, chain, key = of_an_authority()
    with running.with_settings(tls__certificate=f'"{chain}"', tls__key=f'"{key}"'):
        pid, before, client = running.pid("apid"), served(), Client()
        assert client.get("/api/health/live").status == 200
        connection = client.connection.sock
        of_an_authority()
        assert served() == before, "nothing is read anew before it is asked for"
        running.kill("apid", signal.SIGHUP)
        eventually(lambda: served() != before)
        assert client.get("/api/health/live").status == 200 and client.connection.sock is connection
        renewed = served()

        # A bad one is told, and the good one stays.
        begin = len(running.log("apid"))
        sh(f"echo nonsense >{chain}")
        running.kill("apid", signal.SIGHUP)
        eventually(lambda: "the old one stays" in running.log("apid")[begin:])
        assert served() == renewed and running.pid("apid") == pid
        of_an_authority()


def test_certbots_hook_gives_apid_its_copy_and_reloads_what_runs(running):
    """The hook as it is; systemctl is one that writes down what it is asked for."""
    of_an_authority()
    etc, tools, asked = f"{ROOT}/certbot", f"{ROOT}/tools", f"{ROOT}/asked"
    sh(f"""mkdir -p {etc} {tools} {ROOT}/lineage && cp {FOLDER}/chain.pem {ROOT}/lineage/fullchain.pem && cp {FOLDER}/key.pem {ROOT}/lineage/privkey.pem
        printf '#!/bin/sh\necho "$@" >>{asked}\n' >{tools}/systemctl && chmod +x {tools}/systemctl""")
    call = f"RENEWED_LINEAGE={ROOT}/lineage WGHUB_ETC={etc} PATH={tools}:$PATH {SOURCE}/deploy/certbot-deploy-hook"
    for settings, wanted in ((f'[tls]\ncertificate = "{etc}/certificate.pem"\nkey = "{etc}/key.pem"\n',
                              ["reload wireguard-hub-api.service", "-q is-active nginx.service", "reload nginx.service"]),
                             ('#[tls]\n#certificate = "elsewhere"\n', ["-q is-active nginx.service", "reload nginx.service"])):
        sh(f"rm -f {asked} {etc}/*.pem")
        with open(f"{etc}/apid.toml", "w") as file:
            file.write(settings)
        sh(call)
        with open(asked) as file:
            assert file.read().splitlines() == wanted
        if settings.startswith("[tls]"):
            assert sh(f"stat -c '%a %U %G' {etc}/key.pem {etc}/certificate.pem").split("\n")[:2] == ["640 root wghub", "644 root wghub"]
            assert sh(f"cmp {etc}/key.pem {FOLDER}/key.pem; ls -A {etc}").split() == ["apid.toml", "certificate.pem", "key.pem"]
        else:
            assert sh(f"ls -A {etc}").split() == ["apid.toml"], "not asked for, not copied"
    assert subprocess.run(f"PATH={tools}:$PATH WGHUB_ETC={etc} {SOURCE}/deploy/certbot-deploy-hook", shell=True, capture_output=True).returncode != 0, "without certbot"
