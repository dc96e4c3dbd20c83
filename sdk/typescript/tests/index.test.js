/**
 * Every test of the client, in one process with one system. `node --test tests/index.test.js`; `ROOMS=streams,errors` for some rooms
 * only. Needs `npm run build`, and `cargo build --workspace --bins` or a build named by `ECLIPS_LOCAL`.
 */

import { after, before, describe } from "node:test";
import { start, stop } from "./world/customers.js";

/** The rooms, one after the other. */
const ROOMS = [
  "making",
  "runs",
  "triage",
  "batches",
  "webhooks",
  "usage",
  "lists",
  "streams",
  "errors",
  "retries",
  "once",
  "waits",
  "redirects",
  "secrecy",
  "signatures",
  "events",
  "schema",
  "types",
  "package",
  "snippets",
  "runtimes",
];

/** How long the whole may take before it counts as stuck, and how long one room. */
const RUN_MS_MAX = 20 * 60_000;
const ROOM_MS_MAX = 6 * 60_000;
/** How long a test that was given up may go on. */
const REST_MS_MAX = 5_000;

before(async () => {
  setTimeout(() => process.exit(1), RUN_MS_MAX).unref();
  await start();
});
after(async () => {
  await stop();
  setTimeout(() => process.exit(1), REST_MS_MAX).unref();
});

for (const room of process.env.ROOMS?.split(",") ?? ROOMS) {
  const { promises } = await import(`./promises/${room}.js`);
  describe(room, { timeout: ROOM_MS_MAX }, promises);
}
