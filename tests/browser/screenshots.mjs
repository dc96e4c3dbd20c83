// Pictures of the dashboard for the README, from an organization as one finds it after a year:
// `node tests/browser/screenshots.mjs` writes docs/screenshots/*.png. Look at each before it is committed.

import { spawnSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { launch, openContext, PHONE, quit } from "./world/chromium.js";
import { furnish, PLAIN } from "./world/furnished.js";
import { dashboard, ROOT, start, stop } from "./world/server.js";
import * as store from "./world/store.js";
import { work } from "./world/work.js";

const FOLDER = join(ROOT, "docs", "screenshots");
/** What a picture in the repository may weigh. */
const BYTES_MAX = 150_000;
const KEYS = "/settings/api-keys";
const DARK = { colorScheme: "dark" };

/** Name, place, and how to look at it. @type {[string, (ids: Record<string, string>) => string, object?][]} */
const PICTURES = [
  ["api-keys-light", () => KEYS],
  ["api-keys-dark", () => KEYS, DARK],
  ["api-keys-phone", () => KEYS, PHONE],
  ["new-key-light", () => `${KEYS}/new`],
  ["key-dark", (ids) => `${KEYS}/${ids.expired}`, DARK],
  ["audit-log-light", () => "/settings/audit-log"],
  ["runs-light", () => "/runs"],
  ["run-dark", (ids) => `/runs/${ids.run}`, DARK],
  ["inbox-light", () => "/inbox"],
  ["question-dark", (ids) => `/inbox/${ids.question}`, DARK],
  ["batch-light", (ids) => `/batches/${ids.batch}`],
  ["webhook-light", (ids) => `/webhooks/${ids.webhook}`],
  ["usage-dark", () => "/usage", DARK],
];

try {
  await start();
  await launch();
  mkdirSync(FOLDER, { recursive: true });
  const furnished = await furnish(PLAIN);
  await spreadOut(furnished.org.id);
  await workAll(furnished);
  Object.assign(furnished.ids, await work(furnished.org));
  for (const [name, path, options] of PICTURES) {
    const page = await open(furnished.owner, options);
    await page.goto(dashboard(path(furnished.ids)));
    await take(page, name);
  }
  await takeCreated(furnished.owner);
} finally {
  await quit();
  await stop();
}

/** The one page that only a form leads to. */
async function takeCreated(owner) {
  const page = await open(owner);
  await page.goto(dashboard(`${KEYS}/new`));
  await page.getByLabel("Name").fill("Returns desk");
  // A picture shows no key that looks like a live one.
  await page.locator("input[name=mode][value=test]").check();
  await page.getByRole("button", { name: "Create key" }).click();
  await page.getByRole("heading", { name: "Your new API key" }).waitFor();
  await take(page, "key-created-light");
}

async function open(person, options) {
  return (await openContext(person, options)).newPage();
}

async function take(page, name) {
  const path = join(FOLDER, `${name}.png`);
  await page.screenshot({ path, animations: "disabled" });
  // Where it is installed, it takes a fifth off; the picture stays the same.
  spawnSync("optipng", ["-quiet", "-o5", path]);
  const { size } = statSync(path);
  console.log(`${path}  ${size} bytes`);
  if (size > BYTES_MAX) throw new Error(`${name} weighs more than ${BYTES_MAX} bytes`);
}

/** Lets the agents have worked on every day of this month so far, less at its weekends. */
async function workAll({ org, ids }) {
  for (let date = new Date(), days = 1; days < date.getUTCDate(); days += 1) {
    const day = new Date(date - days * 86_400_000);
    const factor = [0, 6].includes(day.getUTCDay()) ? 0.2 : 0.75 + 0.25 * Math.sin(days * 1.7);
    await store.letWorkOn(org.id, ids.active, day, [Math.round(1_150 * factor), Math.round(60 * factor) + 1]);
  }
}

/** Lets what was done in a second have happened over weeks, from more than one desk. */
async function spreadOut(org) {
  const hour = 3_600_000;
  const desks = { ines: "203.0.113.24", jonas: "203.0.113.87", mira: "198.51.100.7" };
  const agents = {
    ines: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
    jonas: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    mira: "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
  };
  await store.setAll(org, "L#", (item, place, count) => {
    const who = item.actor.S.split("@")[0];
    const at = Date.now() - Math.round((count - place) ** 1.7 * 1.9 * hour);
    return { at, ...(desks[who] && { ip: desks[who], agent: agents[who] }) };
  });
  await store.setAll(org, "X#", (item, place) => {
    const last = Date.now() - (place + 1) * 5.3 * hour;
    return { first_at: last - 31 * hour, last_at: last, ip: "198.51.100.60", seen: 14 + 9 * place };
  });
}
