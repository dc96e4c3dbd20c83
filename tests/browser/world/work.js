// What agents have done for an organization: a run with its result, one that waits for a person, a webhook that was told.

import assert from "node:assert/strict";
import { until } from "./scene.js";
import { api, settings } from "./server.js";
import { send } from "./wire.js";

/** How often the API, which answers within milliseconds, is asked about what others do meanwhile. */
const LOOKS_MAX = 1_500;
/** Every scope that work needs. */
const SCOPES = "agents:read,agents:run,batch:read,batch:run,triage:read,triage:write,webhooks:read,webhooks:write";

/**
 * The API, as a program with a key of the organization.
 * @typedef {(method: string, path: string, body?: object) => Promise<any>} Program
 */

/** Makes a program. @param {import("./people.js").Organization} org @returns {Promise<Program>} */
export async function program(org) {
  const { key } = await org.makeKey("Work", "--scopes", SCOPES);
  return async (method, path, body) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const answer = await send(method, api(path), { headers, body: body && JSON.stringify(body) });
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body);
  };
}

/** Starts a run and waits until it has ended or waits for a person. @param {Program} call */
export async function run(call, body) {
  const { run_id: id } = await call("POST", "/v1/run", body);
  return until("the run is over", async () => {
    const shown = await call("GET", `/v1/runs/${id}`);
    return !["queued", "running"].includes(shown.status) && shown;
  }, LOOKS_MAX);
}

/** A run that a person has to decide on. @param {Program} call */
export function doubtful(call, task, priority = "normal") {
  return run(call, { task, priority, agent_type: "procurement_specialist", data: { sandbox: { confidence: 0.4 } } });
}

/** A batch that has done what it can: of eight rows one failed, and one waits for a person. @param {Program} call */
async function batchOf(call) {
  const rows = ["Lyon", "Basel", "Gent", "Graz", "Turin", "Brno", "Lille", "Bergen"].map((city, at) => ({
    task: `Find a warehouse to rent near ${city}`,
    data: { city, sandbox: [{}, { confidence: 0.4 }, {}, { fail: "model" }][at] ?? {} },
  }));
  const body = { agent_type: "procurement_specialist", name: "Warehouses for spring", rows };
  const { job } = await call("POST", "/v1/batches", body);
  await until("the batch waits for a person", async () => {
    const { job: seen } = await call("GET", `/v1/batches/${job.id}`);
    return seen.completed_rows === 6 && seen.failed_rows === 1 && seen.triage_rows === 1;
  }, LOOKS_MAX);
  return job.id;
}

/** Chooses a table in the form for a new batch, and looks at it. @param {import("playwright-core").Page} page */
export async function upload(page, table, name) {
  await page.getByLabel("Table").setInputFiles({ name: "table.csv", mimeType: "text/csv", buffer: Buffer.from(table) });
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Look at it" }).click();
}

/**
 * Has all of it done.
 * @param {import("./people.js").Organization} org
 * @returns {Promise<{ run: string, question: string, waiting: string, webhook: string, batch: string }>} ids
 */
export async function work(org) {
  const call = await program(org);
  const hook = { url: `${settings.ECLIPS_RECEIVER_URL}/hook`, events: ["run.completed", "run.triage_required"] };
  const { id: webhook } = await call("POST", "/v1/webhooks", hook);
  const task = "Get 3 vendor quotes for 500 laptops";
  const { id: done } = await run(call, { task, agent_type: "procurement_specialist" });
  const { id: waiting, triage_item_id: question } = await doubtful(call, "Book the trade fair in Lyon", "urgent");
  await doubtful(call, "Answer the complaint of 12 May", "high");
  await doubtful(call, "Sort yesterday’s invoices");
  const batch = await batchOf(call);
  await until("the webhook was told", async () => {
    const { data } = await call("GET", `/v1/webhooks/${webhook}/deliveries`);
    return data.some(({ attempts }) => attempts.length > 0);
  }, LOOKS_MAX);
  return { run: done, question, waiting, webhook, batch };
}
