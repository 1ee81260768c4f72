"""Renders the script templates as the hub does: includes once, then named placeholders, each value quoted for sh or for PowerShell.

Leaves checking of the values to the hub; here a value outside the hub's allow-list is refused by the same patterns.
Use: render.py TEMPLATE NAME=VALUE... writes the script to stdout.
"""
import pathlib
import re
import sys

SHARE = pathlib.Path(__file__).resolve().parents[2] / "share" / "install"
INCLUDE = re.compile(r"^\{\{INCLUDE ((?:[a-z]+/)?[a-z_]+\.(?:sh|ps1))\}\}$", re.M)
PLACEHOLDER = re.compile(r"\{\{([A-Z_]+)\}\}")
UNQUOTED = {"EXIT_CODE"}
ALLOWED = {
    "PLATFORM": r"linux|macos|proxmox|windows",
    "TOKEN": r"[A-Za-z0-9_-]{43}",
    "TOKEN_HASH": r"[0-9a-f]{64}",
    "HUB_ENDPOINT": r"([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}",
    "HUB_PUBLIC_KEY": r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=",
    "SPOKE_ID": r"[0-9a-f-]{36}",
    "SPOKE_IP": r"[0-9.]+/[0-9]+",
    "NETWORK_CIDR": r"[0-9.]+/[0-9]+",
    "HUB_VPN_IP": r"[0-9.]+",
    "DNS_SERVERS": r"[0-9a-fA-F., :]*",
    "PERSISTENT_KEEPALIVE": r"[0-9]+",
    "BASE_URL": r"https://[A-Za-z0-9.:\[\]-]+",
    "CALLBACK_URL": r"https://[A-Za-z0-9.:/\[\]-]+",
    "REPORT_URL": r"https://[A-Za-z0-9.:/\[\]-]+",
    "CERTIFICATE_PIN": r"(sha256//[A-Za-z0-9+/]{43}=)?",
    "CREATED_AT": r"[0-9]+",
    "EXPIRES_AT": r"[0-9]+",
    "COMMAND": r"[\x20-\x7e]+",
    "USED_AT": r"[0-9TZ:-]+",
    "MESSAGE": r"[\x20-\x7e]+",
    "EXIT_CODE": r"[0-9]{1,3}",
}


def quote(value):
    return "'" + value.replace("'", "'\\''") + "'"


def powershell_quote(value):
    return "'" + value.replace("'", "''") + "'"


def load(name):
    """The template with its includes: what the hub keeps in memory."""
    return INCLUDE.sub(lambda m: (SHARE / "lib" / m[1]).read_text().rstrip("\n"), (SHARE / name).read_text())


def render(name, values):
    quoted = powershell_quote if name.endswith(".ps1.template") else quote

    def replace(match):
        key = match[1]
        value = str(values[key])
        if not re.fullmatch(ALLOWED[key], value):
            raise ValueError(f"{key}: refused")
        return value if key in UNQUOTED else quoted(value)

    return PLACEHOLDER.sub(replace, load(name)).encode()


if __name__ == "__main__":
    sys.stdout.buffer.write(render(sys.argv[1], dict(a.split("=", 1) for a in sys.argv[2:])))
