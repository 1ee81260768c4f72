// What a page of another origin can do to a hub at which the browser is signed in. Reads {hub, cookie, pages, rebound} as JSON
// from standard input, prints what happened as JSON; leaves the judgement to tests/api/test_browser.py.
import { chromium } from "playwright-core";
import { text } from "node:stream/consumers";

const { hub, cookie, pages, rebound } = JSON.parse(await text(process.stdin));

// Run in the foreign page. Each is a way to write at the hub that needs no leave of it, or that asks for one.
const attempts = {
  form: (hub) => send(hub, "application/x-www-form-urlencoded", "/api/auth/logout"),
  plainForm: (hub) => send(hub, "text/plain", "/api/installation/token"),
  simple: (hub) => fetch(`${hub}/api/installation/token`, { method: "POST", mode: "no-cors", credentials: "include", body: '{"spokeName":"simple"}' }),
  blob: (hub) => fetch(`${hub}/api/installation/token`, { method: "POST", mode: "no-cors", credentials: "include", body: new Blob(['{"spokeName":"blob"}'], { type: "text/plain" }) }),
  preflighted: (hub) => fetch(`${hub}/api/installation/token`, { method: "POST", credentials: "include", headers: { "Content-Type": "application/json", "X-CSRF-Token": "x" }, body: '{"spokeName":"preflighted"}' }),
  beacon: (hub) => navigator.sendBeacon(`${hub}/api/installation/token`, '{"spokeName":"beacon"}'),
  remove: (hub) => fetch(`${hub}/api/auth/sessions`, { method: "DELETE", credentials: "include" }),
  read: (hub) => fetch(`${hub}/api/auth/me`, { credentials: "include" }).then((answer) => answer.text()),
  events: (hub) => new Promise((done) => {
    const stream = new EventSource(`${hub}/api/events`, { withCredentials: true });
    stream.onopen = () => done("open");
    stream.onerror = () => (stream.close(), done("error"));
  }),
  frame: (hub) => new Promise((done) => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    frame.onload = () => done((() => { try { return frame.contentDocument?.body?.innerText ?? "closed"; } catch { return "closed"; } })());
    frame.src = `${hub}/api/auth/me`;
  }),
};
const answered = new Set(["form", "plainForm", "simple", "blob", "beacon"]);  // requests that reach the hub without its leave
// A form whose answer goes into a frame, so that the page stays.
const send = (hub, type, path) => {
  const form = document.body.appendChild(document.createElement("form"));
  const frame = document.body.appendChild(document.createElement("iframe"));
  frame.name = form.target = `answer${Math.random()}`;
  const field = form.appendChild(document.createElement("input"));
  Object.assign(form, { method: "POST", action: hub + path, enctype: type });
  Object.assign(field, { name: '{"spokeName":"form","x":"', value: '"}' });
  form.submit();
};

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", `--host-resolver-rules=MAP ${new URL(rebound).hostname} 127.0.0.1`] });
try {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  await context.addCookies([{ ...cookie, url: hub }]);
  const page = await context.newPage();
  const own = async () => (await page.goto(`${hub}/api/auth/me`)).status();
  const found = { before: await own(), written: {}, said: {} };
  context.on("response", (answer) => {
    const asked = answer.request();
    if (answer.url().startsWith(hub) && asked.method() !== "GET") (found.written[`${asked.method()} ${new URL(answer.url()).pathname}`] ??= []).push(answer.status());
  });
  for (const foreign of pages) {
    await page.goto(foreign);
    const said = (found.said[foreign] = {});
    for (const [name, attempt] of Object.entries(attempts)) {
      const heard = answered.has(name) && context.waitForEvent("response", (answer) => answer.url().startsWith(hub));
      said[name] = await page.evaluate(`(async () => {
        const send = ${send};
        try { return String(await (${attempt})(${JSON.stringify(hub)})); } catch (fault) { return "refused: " + fault; }
      })()`);
      await heard;
    }
  }
  found.after = await own();
  found.rebound = (await page.goto(rebound)).status();
  console.log(JSON.stringify(found));
} finally {
  await browser.close();
}
