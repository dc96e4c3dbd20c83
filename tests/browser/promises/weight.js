// What a page weighs and what it costs the server: printed as figures, held to a generous budget.

import assert from "node:assert/strict";
import { furnish } from "../world/furnished.js";
import { Person } from "../world/people.js";
import { promise, until } from "../world/scene.js";
import { dashboard, log } from "../world/server.js";
import { work } from "../world/work.js";

/** *Source*: our choice: what a phone on a slow line gets in well under a second. */
const BYTES_MAX = { document: 48 * 1024, stylesheet: 16 * 1024, script: 8 * 1024 };
/** How often each page is asked for its time. */
const LOOKS = 9;

promise("pages are light, and ask nobody but us", async (scene) => {
  const rows = [];
  for (const [name, person, path] of await pages()) {
    const first = await weigh(scene, person, path);
    for (const [type, max] of Object.entries(BYTES_MAX)) {
      assert.ok(first[type] <= max, `${name}: ${first[type]} bytes of ${type}`);
    }
    assert.deepEqual(first.hosts, [new URL(dashboard()).host], name);
    rows.push([name, first, await took(person, path)]);
  }
  print(rows);
});

async function pages() {
  const { owner, ids } = await furnish();
  const full = await (await owner.org.add("owner")).signIn();
  for (let count = 0; count < 41; count += 1) await full.makeKey(`Scanner ${count}`);
  const nobody = new Person("", undefined);
  const made = await work(full.org);
  return [
    ["sign-in", nobody, "/sign-in"],
    ["reference", nobody, "/reference"],
    ["its longest operation", nobody, "/reference/batchCreate"],
    ["API keys, 50 of them", full, "/settings/api-keys"],
    ["new key", full, "/settings/api-keys/new"],
    ["one key", full, `/settings/api-keys/${ids.revoked}`],
    ["roll", full, `/settings/api-keys/${ids.active}/roll`],
    ["revoke", full, `/settings/api-keys/${ids.active}/revoke`],
    ["audit log, 50 entries", full, "/settings/audit-log"],
    ["runs", full, "/runs"],
    ["one run", full, `/runs/${made.run}`],
    ["new run", full, "/runs/new"],
    ["batches", full, "/batches"],
    ["one batch, 8 rows", full, `/batches/${made.batch}`],
    ["new batch", full, "/batches/new"],
    ["inbox", full, "/inbox"],
    ["question", full, `/inbox/${made.question}`],
    ["webhook", full, `/webhooks/${made.webhook}`],
    ["usage", full, "/usage"],
    ["agents", full, "/agents"],
    ["team", full, "/settings/team"],
    ["trust levels", full, "/settings/trust"],
  ];
}

/** Bytes of a first visit, by what they are for, without headers; what a page names twice is fetched once. */
async function weigh(scene, person, path) {
  const page = await scene.browse(person);
  const answers = new Map();
  page.context().on("response", (answer) => answers.set(answer.url(), answer));
  await page.goto(dashboard(path), { waitUntil: "load" });
  const weight = { document: 0, stylesheet: 0, script: 0, icon: 0 };
  for (const answer of answers.values()) {
    const type = answer.request().resourceType();
    weight[type in weight ? type : "icon"] += (await answer.body()).length;
  }
  return {
    ...weight,
    requests: answers.size,
    hosts: [...new Set([...answers.keys()].map((url) => new URL(url).host))],
  };
}

/** The server's own time for a page: the median, in milliseconds. */
async function took(person, path) {
  const times = [];
  for (let look = 0; look < LOOKS; look += 1) {
    const { "x-request-id": id } = (await person.look(path)).headers;
    const line = await until("its line in the log", async () =>
      log()
        .split("\n")
        .find((entry) => entry.includes(id)),
    );
    times.push(Number(/took_us=(\d+)/.exec(line)[1]));
  }
  return times.sort((a, b) => a - b)[Math.floor(LOOKS / 2)] / 1000;
}

function print(rows) {
  const [, { stylesheet, script, icon }] = rows[0];
  console.log(
    `\nbytes on the wire, uncompressed; once for all pages: ${stylesheet} of CSS, ${script} of script, ${icon} of icon\n`,
  );
  console.log(
    `${"page".padEnd(24)} ${"HTML".padStart(7)} ${"first visit".padStart(12)} ${"requests".padStart(9)} ${"server ms".padStart(10)}`,
  );
  for (const [name, weight, ms] of rows) {
    const all = weight.document + weight.stylesheet + weight.script + weight.icon;
    const cells = [
      [weight.document, 7],
      [all, 12],
      [weight.requests, 9],
      [ms.toFixed(1), 10],
    ];
    console.log(`${name.padEnd(24)} ${cells.map(([cell, width]) => String(cell).padStart(width)).join(" ")}`);
  }
  console.log("");
}
