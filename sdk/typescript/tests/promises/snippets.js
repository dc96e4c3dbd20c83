/**
 * What the README prints, and the examples: they compile, and run as they are printed.
 */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { baseUrl, somebody } from "../world/customers.js";
import { compile } from "../world/compiler.js";

const FOLDER = fileURLToPath(new URL("../..", import.meta.url));
/** What each example says. One that is not here is not run, and a test fails. */
const SAID = {
  "batch.mjs": /^0 completed Get 3 vendor quotes for 500 laptops \n1 completed .*\n2 completed .*\n$/,
  "edge.mjs": /^$/,
  "errors.mjs": /^mend task: task is required\nrun [0-9a-f-]{36} goes on without us\ncompleted\n$/,
  "first_run.mjs": /^completed 0\.9\d*\n.+\n$/,
  "follow.mjs": /^1 run\.queued \n2 run\.started \n(\d+ attempt\.\w+ .*\n)+\d+ run\.completed .*\n$/,
  "receiver.mjs": /^run\.completed [0-9a-f-]{36} \n$/,
  "triage.mjs": /^.+ approved completed\n$/,
};

export function promises() {
  const printed = [...readFileSync(join(FOLDER, "README.md"), "utf8").matchAll(/```ts\n(.*?)```/gs)].map(
    ([, text]) => text,
  );

  test("the README's snippets compile as they are printed", () => {
    assert.ok(printed.length >= 4);
    assert.equal(
      compile(Object.fromEntries(printed.map((text, at) => [`snippet_${at}.ts`, text])), {
        types: ["node"],
        lib: ["ES2022", "DOM"],
      }),
      "",
    );
  });

  test("and run as they are printed", async () => {
    // Inside the package, so that its name leads to it; the types are all that is taken off.
    const folder = mkdtempSync(join(FOLDER, "tests", "snippets-"));
    try {
      for (const [at, text] of printed.entries()) {
        const script = join(folder, `snippet_${at}.mjs`);
        writeFileSync(script, text.replaceAll(/: (Uint8Array|Headers|string)(?=[,)])/g, ""));
        const said = await node(script);
        if (text.includes("// task, task is required")) assert.equal(said, "task task is required\n");
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("every example says what it should", async () => {
    const examples = readdirSync(join(FOLDER, "examples"));
    assert.deepEqual(examples.sort(), Object.keys(SAID).sort());
    for (const name of examples) assert.match(await node(join(FOLDER, "examples", name)), SAID[name], name);
  });

  test("the edge example receives and starts", async () => {
    const { default: worker } = await import("../../examples/edge.mjs");
    const { key, client } = await somebody();
    const env = {
      ECLIPS_API_KEY: key,
      ECLIPS_BASE_URL: baseUrl(),
      ECLIPS_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
    };
    const started = await worker.fetch(new Request("https://worker.example/", { method: "POST", body: "x" }), env);
    assert.equal((await client.getRun((await started.json()).run_id)).task, "x");
    const [id, at, body] = ["1", String(Math.floor(Date.now() / 1000)), '{"event":"run.completed"}'];
    const signature = createHmac("sha256", Buffer.alloc(32, 7)).update(`${id}.${at}.${body}`).digest("base64");
    const headers = { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": `v1,${signature}` };
    const hook = (sent) =>
      worker.fetch(new Request("https://worker.example/hook", { method: "POST", body: sent, headers }), env);
    assert.deepEqual(await (await hook(body)).json(), { event: "run.completed" });
    assert.equal((await hook(`${body} `)).status, 400);
  });
}

/** Runs a script with somebody's key in its environment. @returns {Promise<string>} what it said */
async function node(script) {
  const { key } = await somebody();
  const env = { ...process.env, ECLIPS_API_KEY: key, ECLIPS_BASE_URL: baseUrl() };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [script], { env, timeout: 90_000 });
  assert.equal(stderr, "");
  return stdout;
}
