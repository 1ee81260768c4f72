# The dashboard in Chromium against the real hub, as people use it. Each step is what a person does or sees.
#
#   hub 192.0.2.1 --- 198.51.100.1 real0 --- eth0 198.51.100.2: a machine that runs the pasted command, with wg-quick and wireguard-go
import json, os, subprocess

from alerting import fail_installation, receivers, settings, targets, told
from hub import PASSWORD, Client, eventually, make_key
from proofs import figure
from real_machine import RealMachine
from populate import populate

PAGES = {"overview": "/", "spokes": "/spokes", "by-type": "/spokes?view=type", "by-cluster": "/spokes?view=cluster", "add": "/add", "tokens": "/tokens",
         "clusters": "/clusters", "alerts": "/alerts", "audit": "/audit", "users": "/users", "api-tokens": "/api-tokens", "hub": "/hub", "account": "/account", "no-page": "/nowhere"}
HOSTILE = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>', "javascript:alert(1)", "{{7*7}}", "${alert(1)}", "'; DROP TABLE spokes; --",
           "&lt;b&gt;", "\u0639\u0631\u0628\u064a name", "\u05e2\u05d1\u05e8", "=cmd|' /C calc'!A0", "a" * 64, "\U0001F600" * 20, "<a href=//x>", "</title><script>alert(1)</script>", "%3Cscript%3E", "`id`", "$(id)", "\\u003cscript\\u003e", "--help"]


def test_from_the_set_up_code_to_an_active_spoke(fresh, person):
    machine = RealMachine("real0", "198.51.100.1", "198.51.100.2", ["192.0.2.0/24"])
    try:
        person.goto("/")
        person.fill("Set-up code", fresh.setup_code())
        person.fill("Password", PASSWORD)
        person.click("button", "Create the admin")
        person.see("The hub's network")
        person.fill("Network", "10.83.0.7/24")
        person.see("The network itself is 10.83.0.0/24.")
        person.fill("Network", "10.83.0.0/24")
        assert person.do("value", label="Public endpoint") == "192.0.2.1:51820"
        person.click("button", "Create the network")
        person.see("Add a spoke")
        person.fill("Name", "laptop-anna")
        person.click("button", "Make the command")
        person.see("Waiting for the machine")
        person.click("button", "Copy")
        command = person.do("clipboard")
        assert "curl" in command and "| sudo bash" in command, "the command, as the page shows it"

        # The name for the tunnel is taken: the person sees why it stopped, and that the same command works with another.
        first = machine.run(command.replace("| sudo bash", "| sudo WGHUB_IFACE=eth0 bash"), check=False)
        assert first.returncode != 0, first.stdout
        person.see("The installation stopped")
        person.see("NAME_CONFLICT")
        machine.run(command)
        person.see("laptop-anna is connected.", 30)
        assert person.clicks <= 8, person.clicks
        figure("dashboard", f"from the set-up code to an active spoke: {person.clicks} clicks and one paste, turned green without a reload")
        person.click("link", "Open the spoke")
        person.see("198.51.100.2")
        assert person.do("axe") == []

        # What goes over the tunnel is seen as it goes, without a reload.
        person.goto("/")
        machine.run("ping -c 40 -i 0.2 -s 1000 10.83.0.1")
        eventually(lambda: "kB/s" in person.do("text"), 45, 1)
        person.click("button", "Day")
        assert person.do("axe") == []
    finally:
        machine.end()


def test_every_page_in_both_themes_and_two_widths(wide, person):
    """No violation of axe's rules, nothing wider than the screen, nothing on the console; a hub with much on it."""
    populate(wide)
    pictures = os.environ.get("WGHUB_SCREENSHOTS")
    person.sign_in("admin", PASSWORD)
    spoke = wide.admin.get("/api/spoke/list").json["spokes"][0]["id"]
    cluster = wide.admin.get("/api/proxmox/clusters").json["clusters"][0]["id"]
    failed = next(token["id"] for token in wide.admin.get("/api/installation/tokens?limit=1000").json["tokens"] if token["progress"] and token["progress"]["code"])
    pages = {**PAGES, "spoke": f"/spokes/{spoke}", "cluster": f"/clusters/{cluster}", "token": f"/tokens/{failed}"}
    person.goto("/spokes?view=cluster")
    shown = person.do("text").split()
    for site, words in (("berlin", "All active"), ("oslo", "Degraded"), ("porto", "Critical"), ("riga", "Pending")):
        assert " ".join(shown[shown.index(f"{site}-prod") + 3:]).startswith(words), site
    faults, views = [], 0
    for name, path in pages.items():
        person.do("size", width=1440)
        person.goto(path)
        for theme in ("light", "dark"):
            person.do("theme", theme=theme)
            for width in (1440, 360):
                person.do("size", width=width)
                person.do("settled")
                views += 1
                faults += [f"{name} {theme} {width}: {fault}" for fault in person.do("axe")]
                if (wider := person.do("overflow")) > 0:
                    faults.append(f"{name} {width}: {wider} px wider than the screen")
                if pictures:
                    person.do("picture", path=f"{pictures}/{name}-{theme}-{width}.png")
    assert not faults, "\n".join(faults)
    figure("dashboard", f"{views} views ({len(pages)} pages, both themes, 360 and 1440 px): no violation of axe's rules, none wider than the screen")


def test_other_languages_and_their_direction(hub, person):
    person.sign_in("admin", PASSWORD)
    faults = []
    for language, direction, title in (("de", "ltr", "Übersicht"), ("ar", "rtl", "نظرة عامة")):
        person.do("evaluate", code=f"localStorage.setItem('wghub.language', '{language}')")
        for path in ("/", "/spokes", "/add", "/alerts", "/hub", "/account"):
            person.do("size", width=1440)  # where the menu is in sight
            person.goto(path)
            person.see(title)
            assert person.do("evaluate", code="[document.documentElement.lang, document.documentElement.dir]") == [language, direction]
            for width in (1440, 360):
                person.do("size", width=width)
                faults += [f"{language} {path} {width}: {fault}" for fault in person.do("axe")]
                if (wider := person.do("overflow")) > 0:
                    faults.append(f"{language} {path} {width}: {wider} px wider than the screen")
                if pictures := os.environ.get("WGHUB_SCREENSHOTS"):
                    person.do("picture", path=f"{pictures}/{language}-{path.strip('/') or 'overview'}-{width}.png")
    assert not faults, "\n".join(faults)


def test_who_may_less_sees_less_and_gets_no_more(hub, person):
    viewer = hub.user("viewer")["username"]
    person.sign_in(viewer, PASSWORD)
    person.goto("/spokes")
    assert [person.count("link", name) for name in ("Add spoke", "Audit", "Users", "API tokens")] == [0, 0, 0, 0]
    status = """fetch("/api/auth/me").then((answer) => answer.json()).then(({csrfToken}) => fetch("/api/installation/token",
        {method: "POST", headers: {"Content-Type": "application/json", "X-CSRF-Token": csrfToken}, body: '{"spokeName": "x"}'})).then(({status}) => status)"""
    assert person.do("evaluate", code=status) == 403
    person.goto("/audit")
    person.see("There is no such page.")


def test_a_spoke_is_removed_after_its_name_was_typed(hub, person):
    answer = hub.register(hub.token("to be removed")["token"]["token"])
    spoke = answer.json["spoke"]
    person.sign_in("admin", PASSWORD)
    person.goto(f"/spokes/{spoke['id']}")
    person.click("button", "Remove spoke")
    person.see("wghub-uninstall")
    assert person.do("evaluate", code="document.querySelector('dialog [type=submit]').disabled")
    person.fill("Type the name of the spoke to confirm", "to be removed")
    person.do("press", key="Enter")
    person.see("to be removed is removed.")
    assert hub.admin.get(f"/api/spoke/{spoke['id']}/status").status == 404


def test_the_keyboard_alone_leads_to_a_spoke_and_back(hub, person):
    spoke = hub.register(hub.token("found by keys")["token"]["token"]).json["spoke"]
    person.sign_in("admin", PASSWORD)
    person.do("press", key="Control+k")
    eventually(lambda: person.do("evaluate", code="document.activeElement.matches('dialog[open] input')"))
    for key in "found by":
        person.do("press", key=key if key != " " else "Space")
    eventually(lambda: "found by keys" in person.do("evaluate", code="document.querySelector('dialog').innerText"))
    assert person.do("axe") == []
    person.do("press", key="Enter")
    eventually(lambda: person.do("url") == f"/spokes/{spoke['id']}")
    person.do("press", key="?")
    person.see("Keyboard shortcuts")
    person.do("press", key="Escape")
    person.do("press", key="/")
    eventually(lambda: person.do("url").startswith("/spokes?"))
    assert person.clicks == 1, "that of signing in"
    assert hub.admin.delete(f"/api/spoke/{spoke['id']}").status == 200


def test_new_commands_for_a_selection(hub, person):
    spokes = [hub.register(hub.token(f"many-{number}")["token"]["token"]).json["spoke"] for number in range(3)]
    person.sign_in("admin", PASSWORD)
    person.goto("/spokes")
    person.fill("Search spokes", "many-")
    person.see("3 of")
    person.click("checkbox", "Select many-0")
    person.click("checkbox", "Select many-2")
    person.click("button", "New commands")
    person.see("New commands for 2 spokes?")
    person.click("button", "New command")
    person.see("2 commands")
    person.click("button", "Copy")
    command = person.do("clipboard")
    assert "/api/installation/script/" in command
    tokens = hub.admin.get("/api/installation/tokens?limit=1000").json["tokens"]
    assert sorted(token["spokeName"] for token in tokens if token["state"] == "unused" and token["spokeName"].startswith("many-")) == ["many-0", "many-2"]
    for spoke in spokes:
        assert hub.admin.delete(f"/api/spoke/{spoke['id']}").status == 200


def test_a_command_for_each_node_of_a_cluster(hub, person):
    person.sign_in("admin", PASSWORD)
    person.goto("/add")
    person.click("tab", "Proxmox cluster")
    person.fill("Cluster name", "zagreb")
    person.fill("Nodes", "pve1, pve2\npve3")
    person.see("3 of 256")
    person.click("button", "Make the commands")
    person.see("3 commands")
    person.see("pve3.zagreb")
    assert person.do("evaluate", code="document.querySelector('[role=tab][aria-selected=true]').innerText") == "Proxmox VE"
    assert person.do("axe") == []
    for token in hub.admin.get("/api/installation/tokens?limit=1000").json["tokens"]:
        if token["spokeName"].endswith(".zagreb"):
            assert hub.admin.delete(f"/api/installation/token/{token['id']}").status == 200


def test_what_changes_at_the_hub_is_seen_without_a_reload(hub, person):
    person.sign_in("admin", PASSWORD)
    person.goto("/spokes")
    token = hub.token("appears by itself")["token"]
    person.goto("/tokens")
    person.see("appears by itself")
    person.goto("/spokes")
    assert hub.register(token["token"]).status == 201
    person.see("appears by itself")
    spoke = next(each for each in hub.admin.get("/api/spoke/list").json["spokes"] if each["name"] == "appears by itself")
    assert hub.admin.delete(f"/api/spoke/{spoke['id']}").status == 200
    person.unsee("appears by itself")


def test_a_lost_connection_is_shown_and_heals(hub, person):
    person.sign_in("admin", PASSWORD)
    hub.stop()
    person.see("The connection to the hub is lost")
    hub.start()
    hub.wait_ready()
    person.unsee("The connection to the hub is lost", 40)
    person.goto("/spokes")
    person.see("Spokes")


def test_a_session_that_was_ended_asks_to_sign_in(hub, person):
    name = hub.user("operator")["username"]
    person.sign_in(name, PASSWORD)
    user = next(each for each in hub.admin.get("/api/users").json["users"] if each["username"] == name)
    assert hub.admin.delete(f"/api/users/{user['id']}/sessions").status == 200
    person.see("Your session has ended. Sign in again.")


def test_the_second_factor_from_its_key_to_the_next_sign_in(hub, person):
    name = hub.user("operator")["username"]
    person.sign_in(name, PASSWORD)
    person.goto("/account")
    person.click("button", "Set up")
    person.see("Scan this")
    assert person.do("axe") == []
    secret = person.do("evaluate", code="document.querySelector('dialog pre').innerText")
    code = lambda at="now": subprocess.run(["oathtool", "--totp", "--base32", "--now", at, "-"], input=secret, capture_output=True, text=True, check=True).stdout.strip()
    person.fill("Code that the app shows now", code("30 seconds ago"))
    person.click("button", "Switch on")
    person.see("Each works once in place of a code")
    person.click("button", "Close")
    person.see("Your sign-in asks for a code")
    person.do("begin")
    person.goto("/")
    person.fill("User name", name)
    person.fill("Password", PASSWORD)
    person.click("button", "Sign in")
    person.see("Code of your authenticator app")
    person.fill("Code of your authenticator app", code())
    person.click("button", "Sign in")
    person.see("Overview")


def test_a_target_for_alerts_from_its_address_to_its_removal(targets, receivers, person):
    webhooks, _ = receivers
    pictures = os.environ.get("WGHUB_SCREENSHOTS")
    person.sign_in("admin", PASSWORD)
    person.goto("/alerts")
    person.see("Nobody is told yet")
    person.click("button", "Add target")
    person.click("checkbox", "Be silent at a time of day")
    faults = []
    for theme in ("dark", "light"):
        person.do("theme", theme=theme)
        for width in (360, 1440):
            person.do("size", width=width)
            faults += [f"{theme} {width}: {fault}" for fault in person.do("axe")]
            if (wider := person.do("overflow")) > 0:
                faults.append(f"{width}: {wider} px wider than the screen")
            if pictures:
                person.do("picture", path=f"{pictures}/add-target-{theme}-{width}.png")
    assert not faults, "\n".join(faults)
    person.fill("Name", "Night shift")
    person.fill("Address of the webhook", webhooks.url())
    person.fill("Until", "22:00")
    person.see("Not the same as the beginning.")
    person.fill("Until", "06:30")
    person.click("checkbox", "A spoke is heard again")
    person.click("button", "Add")
    person.see("The signing key is shown only now")
    assert person.do("axe") == []
    person.click("button", "Copy")
    assert person.do("clipboard").startswith("whs_")
    person.click("button", "Close")
    person.see("22:00 to 06:30")
    (made,) = targets.admin.get("/api/alerts/targets").json["targets"]
    assert (made["kinds"], made["quietHours"]) == (["spoke-down", "install-failed", "alarm", "certificate"], {"from": "22:00", "until": "06:30"})
    assert "EXAMPLE-SECRET-PART" not in person.do("text")

    # A test says at once whether it arrived, and if not, why.
    person.click("button", "Send test")
    person.see("The test message was delivered.")
    assert json.loads(webhooks.got[0][2])["type"] == "test"
    webhooks.answers = [404]
    person.click("button", "Send test")
    person.see("HTTP status 404")
    assert person.do("axe") == []

    # What happens appears by itself; a target that takes nothing is on the overview.
    person.click("button", "Edit")
    person.click("checkbox", "Be silent at a time of day")
    person.click("button", "Save")
    person.see("Night shift is changed.")
    webhooks.answers = [500] * 20
    fail_installation(targets, "till-9")
    person.see("till-9")
    person.see("60 NO_HANDSHAKE")
    eventually(lambda: targets.admin.get("/api/alerts/targets").json["targets"][0]["failingSince"], 45)
    person.goto("/")
    person.click("link", "Alerts do not reach Night shift")
    person.see("Nothing gets through, first tried")
    person.see("HTTP status 500")
    for theme in ("dark", "light"):
        person.do("theme", theme=theme)
        for width in (360, 1440):
            person.do("size", width=width)
            assert person.do("axe") == [] and person.do("overflow") <= 0, (theme, width)
            if pictures:
                person.do("picture", path=f"{pictures}/alerts-failing-{theme}-{width}.png")
    person.click("button", "Switch off")
    person.see("Switched off: it is told nothing.")
    person.click("button", "Undo")
    person.unsee("Switched off: it is told nothing.")
    person.click("button", "Remove")
    person.do("press", key="Escape")
    person.unsee("Remove Night shift?")
    person.click("button", "Remove")
    person.do("evaluate", code="document.querySelector('dialog [type=submit]').click()")
    person.see("Night shift is removed.")
    person.see("Nobody is told yet")
    assert targets.admin.get("/api/alerts/targets").json["targets"] == []


def test_a_viewer_reads_alerts_and_no_targets(targets, person):
    fail_installation(targets, "till-10")
    person.sign_in(targets.user("viewer")["username"], PASSWORD)
    person.goto("/alerts")
    person.see("till-10")
    assert [person.count("button", name) for name in ("Add target", "Send test")] == [0, 0]
    assert person.do("evaluate", code="fetch('/api/alerts/targets').then(({status}) => status)") == 403


def test_hostile_names_are_nothing_but_names(wide, person):
    """T6: five hundred of them on every page that shows names; none runs, none breaks the page."""
    names = [f"{HOSTILE[number % len(HOSTILE)]}"[:60] + f" {number}"[-4:] for number in range(500)]
    issued = []
    for part in (names[:250], names[250:]):
        answer = wide.admin.post("/api/installation/tokens/bulk", {"spokes": [{"spokeName": name} for name in part]})
        assert answer.status == 201, answer
        issued += answer.json["tokens"]
    for one in issued[::2]:
        assert wide.register(one["token"]["token"], metadata={"hostname": one["token"]["spokeName"], "note": "<img src=x onerror=alert(2)>"}).status == 201
    person.sign_in("admin", PASSWORD)
    spoke = wide.admin.get("/api/spoke/list").json["spokes"][0]["id"]
    for path in ("/", "/spokes", "/spokes?view=type", "/tokens", "/audit", "/alerts", f"/spokes/{spoke}"):
        person.goto(path)
        strangers = person.do("evaluate", code="document.querySelectorAll('main script, main iframe, main object, main img, main svg[onload], main [onerror]').length")
        assert strangers == 0, path
        person.assert_content()
    figure("T6", "500 hostile names and what machines told, on 7 pages in Chromium: no script, no dialog, no report of the page's policy")
