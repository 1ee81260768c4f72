// Chromium on the dashboard, led by tests/dashboard/browser.py: reads one JSON object a line ({"do": ACTION, …}), answers with one.
// Leaves every judgement to the tests.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [origin] = process.argv.slice(2);
const axe = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
let page;
let complaints;
let foreign;

async function begin() {
  await page?.context().close();
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: "en-GB", viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  await context.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`)));
  page = await context.newPage();
  complaints = [];
  foreign = [];
  page.setDefaultTimeout(20_000);
  // An answer with an error's status is told here too: what the dashboard makes of it is what counts.
  page.on("console", (line) => line.type() === "error" && !line.text().startsWith("Failed to load resource") && complaints.push(line.text()));
  page.on("pageerror", (fault) => complaints.push(String(fault)));
  page.on("dialog", (dialog) => (complaints.push(`dialog: ${dialog.message()}`), dialog.dismiss()));
  page.on("request", (request) => !request.url().startsWith(origin) && !request.url().startsWith("blob:") && foreign.push(request.url()));
}

const where = ({ role, name, exact = true }) => page.getByRole(role, { name, exact }).first();
const actions = {
  begin,
  goto: ({ path }) => page.goto(origin + path),
  fill: ({ label, value }) => page.getByLabel(label, { exact: true }).first().fill(value),
  select: ({ label, value }) => page.getByLabel(label, { exact: true }).first().selectOption(value),
  click: (wish) => where(wish).click(),
  count: ({ role, name, exact = true }) => page.getByRole(role, { name, exact }).count(),
  see: ({ text, seconds = 20 }) => page.getByText(text).first().waitFor({ timeout: seconds * 1000 }),
  unsee: ({ text, seconds = 20 }) => page.getByText(text).first().waitFor({ state: "hidden", timeout: seconds * 1000 }),
  settled: () => page.waitForFunction(() => document.querySelector("h1") && !document.querySelector("[aria-busy=true]")),
  text: () => page.locator("body").innerText(),
  clipboard: () => page.evaluate(() => navigator.clipboard.readText()),
  value: ({ label }) => page.getByLabel(label, { exact: true }).first().inputValue(),
  press: ({ key }) => page.keyboard.press(key),
  url: () => page.url().slice(origin.length),
  evaluate: ({ code }) => page.evaluate(code),
  size: ({ width, height = 900 }) => page.setViewportSize({ width, height }),
  theme: ({ theme }) => page.evaluate((chosen) => (localStorage.setItem("wghub.theme", chosen), (document.documentElement.dataset.theme = chosen)), theme),
  picture: ({ path }) => page.screenshot({ path, fullPage: true }).then(() => null),
  overflow: () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
  complaints: () => ({ console: complaints, foreign }),
  // Seconds from the address to the first row, and how many rows are drawn.
  useful: async ({ path, selector }) => {
    await page.goto(origin + path, { waitUntil: "commit" });
    const handle = await page.waitForFunction((wanted) => document.querySelector(wanted) && performance.now() / 1000, selector, { polling: "raf" });
    return handle.jsonValue();
  },
  // Seconds from each key to the frame that shows what it changed of an element.
  typing: async ({ label, text, selector }) => {
    await page.getByLabel(label, { exact: true }).first().focus();
    const took = [];
    for (const key of text) {
      await page.evaluate((watched) => {
        const before = document.querySelector(watched).innerText;
        window.typed = new Promise((resolve) => {
          const look = (pressed) => (document.querySelector(watched).innerText === before ? requestAnimationFrame(() => look(pressed)) : requestAnimationFrame(() => resolve((performance.now() - pressed) / 1000)));
          document.addEventListener("keydown", () => look(performance.now()), { once: true, capture: true });
        });
      }, selector);
      await page.keyboard.press(key);
      took.push(await page.evaluate(() => Promise.race([window.typed, new Promise((_, reject) => setTimeout(() => reject(new Error("nothing changed")), 20_000))])));
    }
    return took;
  },
  // Megabytes of the page's heap after everything unused is collected.
  heap: async () => {
    const session = await page.context().newCDPSession(page);
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    await session.detach();
    return usedSize / 1e6;
  },
  axe: async () => {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
    return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(" | ")}`);
  },
};

await begin();
for await (const line of createInterface({ input: process.stdin })) {
  const wish = JSON.parse(line);
  let answer;
  try {
    answer = { result: (await actions[wish.do](wish)) ?? null };
    if (wish.do === "goto") answer = { result: null };
  } catch (fault) {
    const seen = await page.locator("body").innerText().catch(() => "");
    answer = { fault: `${JSON.stringify(wish)}: ${fault}\n--- at ${page.url()} the page says\n${seen.slice(0, 3000)}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
