"""A person at the dashboard: Chromium led line by line (driver.mjs). Counts clicks, and knows what the browser complained of."""
import json, os, subprocess

from hub import SLOW, SOURCE


class Browser:
    def __init__(self, origin):
        self.clicks = 0
        self.process = subprocess.Popen([os.environ["WGHUB_NODE"], f"{SOURCE}/tests/dashboard/driver.mjs", origin],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, action, **wish):
        self.process.stdin.write(json.dumps({"do": action, **wish}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the browser ended at {action}"
        answer = json.loads(line)
        assert "fault" not in answer, answer["fault"]
        return answer["result"]

    def goto(self, path):
        self.do("goto", path=path)
        self.do("settled")

    def fill(self, label, value):
        self.do("fill", label=label, value=value)

    def click(self, role, name, **options):
        self.clicks += 1
        self.do("click", role=role, name=name, **options)

    def see(self, text, seconds=20):
        self.do("see", text=text, seconds=seconds * SLOW)

    def unsee(self, text, seconds=20):
        self.do("unsee", text=text, seconds=seconds * SLOW)

    def count(self, role, name):
        return self.do("count", role=role, name=name)

    def sign_in(self, username, password):
        self.do("begin")
        self.goto("/")
        self.fill("User name", username)
        self.fill("Password", password)
        self.click("button", "Sign in")
        self.see("Overview")

    def assert_content(self):
        """Nothing on the console, no report of the page's policy, no request to anybody but the hub."""
        said = self.do("complaints")
        assert said == {"console": [], "foreign": []}, said

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
