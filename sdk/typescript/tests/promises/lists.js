/**
 * Lists at the real system, page by page and whole.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { EClipsClient, EClipsError, ValidationError } from "@eclips/sdk";
import { somebody, strangersKey } from "../world/customers.js";
import { collect, refused } from "../world/refused.js";
import { Scripted, json } from "../world/scripted.js";

export function promises() {
  test("reads pages of runs, as the manual has them", async () => {
    const { client } = await somebody();
    const made = await several(client, 5);
    const page = await client.listRuns({ limit: 2, offset: 1 });
    assert.deepEqual(
      page.data.map(({ id }) => id),
      made.slice(1, 3),
    );
    assert.deepEqual([page.limit, page.offset, page.total], [2, 1, 5]);
    const next = await client.listRuns({ limit: 2, cursor: page.next_cursor });
    assert.deepEqual(
      next.data.map(({ id }) => id),
      made.slice(3, 5),
    );
  });

  test("filters by status or agent", async () => {
    const { client } = await somebody();
    const { id } = await client.runAndWait(
      "researcher",
      "x",
      { sandbox: { confidence: 0.4 } },
      { pollIntervalMs: 100 },
    );
    await client.runAndWait("summariser", "x", null, { pollIntervalMs: 100 });
    await listed(client, 2);
    assert.deepEqual(
      (await collect(client.allRuns({ status: "pending_triage" }))).map((run) => run.id),
      [id],
    );
    assert.deepEqual(
      (await collect(client.allRuns({ agentType: "researcher" }))).map((run) => run.id),
      [id],
    );
    const both = await refused(client.listRuns({ status: "failed", agentType: "researcher" }), ValidationError);
    assert.equal(both.statusCode, 400);
  });

  test("walks along all pages while others insert: each run once, none twice", async () => {
    const { client } = await somebody();
    const made = await several(client, 9);
    const seen = [];
    for await (const { id } of client.allRuns({ limit: 2 })) {
      seen.push(id);
      if (seen.length % 2 === 0) await client.run("center", "inserted meanwhile");
    }
    assert.deepEqual(seen, made);
  });

  test("stops asking when nobody wants more, and can begin further down", async () => {
    const { client } = await somebody();
    const made = await several(client, 7);
    for await (const { id } of client.allRuns({ limit: 2 })) {
      assert.equal(id, made[0]);
      break;
    }
    assert.deepEqual(
      (await collect(client.allRuns({ limit: 2, offset: 3 }))).map(({ id }) => id),
      made.slice(3),
    );
    assert.deepEqual(await collect((await somebody()).client.allRuns()), []);
  });

  test("limits and offsets outside are refused by their field", async () => {
    const { client } = await somebody();
    for (const limit of [0, 101, -1, 1e21, 1.5, Number.NaN]) {
      assert.equal((await refused(client.listRuns({ limit }), ValidationError)).field, "limit");
    }
    assert.equal((await refused(client.listRuns({ offset: 10_001 }), ValidationError)).field, "offset");
    await refused(client.listRuns({ cursor: "nonsense" }), ValidationError);
    await refused(client.listRuns({ status: "nonsense" }), ValidationError);
  });

  test("does not go round in circles", async () => {
    const server = await Scripted.start(json(200, { data: [], total: 1, limit: 1, offset: 0, next_cursor: "again" }));
    const client = new EClipsClient({ apiKey: strangersKey(), baseUrl: server.url });
    const error = await refused(collect(client.allRuns()), EClipsError);
    assert.equal(error.code, "invalid_answer");
    assert.equal(server.heard.length, 2);
    server.stop();
  });
}

/** Starts runs, newest first, and waits until the list has them. */
async function several(client, count) {
  const made = [];
  for (let at = 0; at < count; at += 1) made.unshift((await client.run("center", `x ${at}`)).run_id);
  await listed(client, count);
  return made;
}

async function listed(client, count) {
  for (let looks = 0; looks < 100; looks += 1) {
    const { data } = await client.listRuns({ limit: 100 });
    // Where the page is not the whole list, `total` is counted apart.
    const { total } = await client.listRuns({ limit: 1 });
    if (data.length === count && total === count) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail("the list lags");
}
