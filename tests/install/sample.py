"""Plausible values for one token, for the tests that render without a hub."""
import base64
import hashlib
import re
import secrets
import time


def token():
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


# Proxmox VE has root shells and no sudo.
SHELLS = {"linux": "sudo bash", "macos": "sudo bash", "proxmox": "bash"}


def for_platform(values, platform):
    """The same token's values in another platform's script."""
    command = re.sub(r"platform=\w+' \| .*", f"platform={platform}' | {SHELLS[platform]}", values["COMMAND"])
    return {**values, "PLATFORM": platform, "COMMAND": command}


def values(base_url="https://hub.example.com:8443", pin="", **changes):
    secret, platform = changes.pop("TOKEN", None) or token(), changes.get("PLATFORM", "linux")
    safe = f"-k --pinnedpubkey '{pin}' " if pin else ""
    result = {
        "PLATFORM": platform,
        "TOKEN": secret,
        "TOKEN_HASH": hashlib.sha256(secret.encode()).hexdigest(),
        "HUB_ENDPOINT": "203.0.113.5:51820",
        "HUB_PUBLIC_KEY": "x" * 42 + "A=",
        "SPOKE_ID": "a1b2c3d4-e5f6-4890-abcd-ef1234567890",
        "SPOKE_IP": "10.77.1.5/24",
        "NETWORK_CIDR": "10.77.1.0/24",
        "HUB_VPN_IP": "10.77.1.1",
        "DNS_SERVERS": "",
        "PERSISTENT_KEEPALIVE": 25,
        "BASE_URL": base_url,
        "CALLBACK_URL": base_url + "/api/spoke/register",
        "REPORT_URL": base_url + "/api/installation/report",
        "CERTIFICATE_PIN": pin,
        "CREATED_AT": int(time.time()) - 60,
        "EXPIRES_AT": int(time.time()) + 86400,
        "COMMAND": f"curl -sSL --proto '=https' --tlsv1.2 {safe}'{base_url}/api/installation/script/{secret}?platform={platform}' | {SHELLS[platform]}",
    }
    return {**result, **changes}
