// Every browser test, in one process with one system and one Chromium. `node --test tests/browser` finds this file, in Node
// 20 by its name and in later ones as the package's main file.

import { after, before } from "node:test";
import { launch, quit } from "./world/chromium.js";
import { handOver } from "./world/scene.js";
import { remember } from "./world/secrets.js";
import { settings, start, stop } from "./world/server.js";

/** The rooms, one after the other; the log is read when everything else was done. */
const ROOMS = [
  "story",
  "secrecy",
  "roll",
  "keyboard",
  "tabs",
  "once",
  "sessions",
  "sign_in",
  "forgery",
  "injection",
  "roles",
  "no_script",
  "office",
  "accessibility",
  "phone",
  "policy",
  "paging",
  "weight",
  "work",
  "batches",
  "webhooks",
  "log",
];

/** How long the whole may take before it counts as stuck. */
const RUN_MS_MAX = 20 * 60_000;

before(async () => {
  setTimeout(() => process.exit(1), RUN_MS_MAX).unref();
  await start();
  remember("password", settings.ECLIPS_DASHBOARD_PASSWORD);
  await launch();
});

after(async () => {
  await quit();
  await stop();
});

for (const room of process.env.ROOMS?.split(",") ?? ROOMS) {
  await import(`./promises/${room}.js`);
  handOver(room);
}
