/**
 * What was used, at the real system.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ValidationError } from "@eclips/sdk";
import { somebody } from "../world/customers.js";
import { refused } from "../world/refused.js";

export function promises() {
  test("tells what was used, by month, day, agent and key", async () => {
    const { client, org, keyId } = await somebody();
    const run = await client.runAndWait("researcher", "x", null, { timeoutMs: 30_000, pollIntervalMs: 100 });
    const usage = await counted(client);
    assert.equal(usage.organization_id, org);
    assert.equal(usage.plan, "growth");
    assert.equal(usage.credits.used, run.credits);
    assert.equal(usage.credits.remaining, usage.credits.included - run.credits);
    const day = run.created_at.slice(0, 10);
    const daily = await client.getDailyUsage({ from: day, to: day });
    assert.deepEqual(
      daily.data.map(({ date, runs }) => [date, runs.total]),
      [[day, 1]],
    );
    const agents = await client.getAgentUsage({ from: day });
    assert.deepEqual(
      agents.data.map(({ agent_type }) => agent_type),
      ["researcher"],
    );
    const keys = await client.getKeyUsage();
    assert.deepEqual(
      keys.data.map(({ key_id }) => key_id),
      [keyId],
    );
  });

  test("days that cannot be meant are refused", async () => {
    const { client } = await somebody();
    const error = await refused(client.getDailyUsage({ from: "yesterday" }), ValidationError);
    assert.equal(error.field, "from");
    await refused(client.getDailyUsage({ from: "2026-01-01", to: "2026-12-31" }), ValidationError);
  });
}

/** The usage once the run is in it; it lags by a second or two. */
async function counted(client) {
  for (let looks = 0; looks < 100; looks += 1) {
    const usage = await client.getUsage();
    if (usage.runs.completed === 1) return usage;
    await new Promise((done) => setTimeout(done, 100));
  }
  return assert.fail("the run was not counted");
}
