// The tables, seen and touched behind the system's back: to age a session or a key, and to see that nothing was changed.
// It speaks plain DynamoDB JSON to the local endpoint.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { settings } from "./server.js";

/** The local endpoint wants a signature to be there and checks none. */
const SIGNATURE =
  "AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0";

/** @returns {Promise<any>} the answer of one call */
async function call(action, body) {
  const answer = await fetch(settings.AWS_ENDPOINT_URL_DYNAMODB, {
    method: "POST",
    headers: {
      authorization: SIGNATURE,
      "content-type": "application/x-amz-json-1.0",
      "x-amz-date": "20260101T000000Z",
      "x-amz-target": `DynamoDB_20120810.${action}`,
    },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  assert.equal(answer.status, 200, `${action}: ${JSON.stringify(said)}`);
  return said;
}

/** Every item of a call that comes in pages. */
async function all(action, body) {
  const items = [];
  let start;
  do {
    const page = await call(action, { ...body, ConsistentRead: true, ExclusiveStartKey: start });
    items.push(...page.Items);
    start = page.LastEvaluatedKey;
  } while (start);
  return items;
}

/** The items of one organization whose sort key begins with `prefix`, oldest first. */
function partition(org, prefix) {
  return all("Query", {
    TableName: settings.ECLIPS_TABLE_MAIN,
    KeyConditionExpression: "pk = :pk AND begins_with(sk, :sk)",
    ExpressionAttributeValues: { ":pk": { S: `O#${org}` }, ":sk": { S: prefix } },
  });
}

/** The rows of an organization's keys, by the store's own names, oldest first. */
export async function keys(org) {
  const items = await partition(org, "K#");
  return items.map((item) => ({
    id: item.sk.S.slice(2),
    name: item.name.S,
    expiresAt: Number(item.expires_at?.N),
    item,
  }));
}

/** What an organization's audit log holds, oldest first. */
export async function audit(org) {
  const items = await partition(org, "L#");
  return items.map((item) => ({
    action: item.action.S,
    subject: item.subject.S,
    actor: item.actor.S,
    detail: item.detail.S,
  }));
}

/** How many entries of the audit log are about something. */
export async function audited(org, action, subject) {
  const entries = await audit(org);
  return entries.filter((entry) => entry.action === action && entry.subject === subject).length;
}

/** Everything about an organization that a form could change. */
async function snapshot(org) {
  const main = await all("Scan", { TableName: settings.ECLIPS_TABLE_MAIN });
  const records = await all("Scan", { TableName: settings.ECLIPS_TABLE_KEYS });
  const named = (item) => JSON.stringify(item).includes(org);
  // A session's end moves whenever a page is looked at, and a look is no change.
  const kept = main.filter((item) => named(item) && !item.pk.S.startsWith("V#"));
  return [...kept, ...records.filter(named)].map((item) => JSON.stringify(item, Object.keys(item).sort())).sort();
}

/**
 * Does something, and makes sure that it changed nothing of the organization: no key, member, form or entry of the audit log.
 * @template T
 * @param {string} org
 * @param {() => Promise<T>} act
 * @returns {Promise<T>}
 */
export async function unchanged(org, act) {
  const before = await snapshot(org);
  const outcome = await act();
  assert.deepEqual(await snapshot(org), before, "something was changed");
  return outcome;
}

/** Sets attributes of one item that is there: numbers as numbers, all else as text. */
async function set(table, key, attributes) {
  const names = Object.keys(attributes);
  const value = (given) => (typeof given === "number" ? { N: String(given) } : { S: given });
  await call("UpdateItem", {
    TableName: table,
    Key: key,
    UpdateExpression: `SET ${names.map((name, at) => `#${at} = :${at}`).join(", ")}`,
    ConditionExpression: `attribute_exists(${Object.keys(key)[0]})`,
    ExpressionAttributeNames: Object.fromEntries(names.map((name, at) => [`#${at}`, name])),
    ExpressionAttributeValues: Object.fromEntries(names.map((name, at) => [`:${at}`, value(attributes[name])])),
  });
}

/**
 * Sets times of a session, in milliseconds.
 * @param {string} cookie the session's cookie
 * @param {{ authenticated_at?: number, expires_at?: number, ends_at?: number }} times
 */
export function setSession(cookie, times) {
  const hash = createHash("sha256").update(Buffer.from(cookie, "base64url")).digest("hex");
  return set(settings.ECLIPS_TABLE_MAIN, { pk: { S: `V#${hash}` }, sk: { S: "M" } }, times);
}

/** Makes a session's sign-in older: without a number, older than what keys may be made with. */
export function makeStale(cookie, minutes = 16) {
  return setSession(cookie, { authenticated_at: Date.now() - minutes * 60_000 });
}

/** Makes a session end a moment ago. */
export function makeExpired(cookie) {
  return setSession(cookie, { expires_at: Date.now() - 1 });
}

/**
 * Sets times of a key, in milliseconds, on the row that people see; its end also on the record that authentication reads.
 * @param {string} org
 * @param {string} key
 * @param {{ created_at?: number, expires_at?: number, last_used_at?: number, revoked_at?: number }} times
 */
export async function setKey(org, key, times) {
  const { item } = (await keys(org)).find((row) => row.id === key);
  await set(settings.ECLIPS_TABLE_MAIN, { pk: item.pk, sk: item.sk }, times);
  if (!("expires_at" in times)) return;
  await set(settings.ECLIPS_TABLE_KEYS, { key_hash: item.key_hash }, { expires_at: times.expires_at });
}

/**
 * Sets attributes of every item whose sort key begins with `prefix`, for pictures that look like a real day.
 * @param {string} org
 * @param {string} prefix
 * @param {(item: any, place: number, count: number) => Record<string, string | number>} choose
 */
export async function setAll(org, prefix, choose) {
  const items = await partition(org, prefix);
  for (const [place, item] of items.entries()) {
    const attributes = choose(item, place, items.length);
    if (Object.keys(attributes).length > 0)
      await set(settings.ECLIPS_TABLE_MAIN, { pk: item.pk, sk: item.sk }, attributes);
  }
}

/**
 * Lets an organization have worked: today's figures, by agent and by key, and what its agents have earned by them.
 * @param {string} org
 * @param {string} key the id of the key that started the runs
 */
export async function letWork(org, key) {
  await letWorkOn(org, key, new Date(), [1_204, 37]);
  await put(org, {
    M: {
      trust_center: { S: "2.48" },
      trust_payroll_processor: { S: "5.3" },
      trust_tax_filer: { S: "1.0" },
      breaker_tax_filer: { S: `5.${Date.now() + 240_000}` },
      breaker_center: { S: "6.1" },
    },
  });
}

/**
 * Lets two agents have worked on one day, so many runs each.
 * @param {string} org
 * @param {string} key the id of the key that started the runs, but one
 * @param {Date} date
 * @param {[number, number]} runs
 */
export async function letWorkOn(org, key, date, [center, procurement]) {
  const day = date.toISOString().slice(0, 10);
  const numbers = (all) => Object.fromEntries(Object.entries(all).map(([name, value]) => [name, { N: String(value) }]));
  const figures = (runs, credits) =>
    numbers({ runs, completed: runs - 1, failed: 1, credits, input_tokens: 900 * runs, output_tokens: 2_100 * runs });
  const credits = [center + 696, 3 * procurement];
  await put(org, {
    [`A#${day}#center`]: figures(center, credits[0]),
    [`A#${day}#procurement_specialist`]: figures(procurement, credits[1]),
    [`K#${day}#${key}`]: figures(center + procurement - 1, credits[0] + credits[1] - 10),
    [`K#${day}#dashboard`]: figures(1, 10),
  });
}

/** Writes what is counted of an organization's live work. */
async function put(org, items) {
  for (const [sk, item] of Object.entries(items)) {
    const place = { pk: { S: `T#${org}#live` }, sk: { S: sk } };
    await call("PutItem", { TableName: settings.ECLIPS_TABLE_MAIN, Item: { ...place, ...item } });
  }
}
