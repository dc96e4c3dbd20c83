/**
 * Customers: an organization of a test's own, a key, a client that has it. All at one system, which runs as `cargo dev` does.
 */

import { EClipsClient } from "@eclips/sdk";
import { System } from "../../../../tests/browser/world/system.js";

/** All that a key can be allowed. */
export const SCOPES = [
  "agents:read",
  "agents:run",
  "batch:read",
  "batch:run",
  "triage:read",
  "triage:write",
  "webhooks:read",
  "webhooks:write",
];

/** @type {System} */
let system;
let made = 0;

/** Starts the system. */
export async function start() {
  system = await System.start("memory");
}

/** Ends it. */
export async function stop() {
  await system?.stop();
}

/** Where the API is. */
export function baseUrl() {
  return system.settings.ECLIPS_BASE_URL;
}

/** Where the system shows the webhooks that it was sent. */
export function receiverUrl() {
  return system.settings.ECLIPS_RECEIVER_URL;
}

/** Runs `cargo admin`. @param {...string} words @returns {Promise<any>} */
export function admin(...words) {
  return system.admin(...words);
}

/**
 * An organization with a key and a client.
 * @param {{ plan?: string, scopes?: string[], mode?: "live" | "test", at?: System }} [wishes]
 * @returns {Promise<{ org: string, key: string, keyId: string, client: EClipsClient }>}
 */
export async function somebody({ plan = "growth", scopes = SCOPES, mode = "live", at = system } = {}) {
  const { org_id: org } = await at.admin("org", "create", "--name", `Customer ${(made += 1)}`, "--plan", plan);
  return { org, ...(await keyFor(org, { scopes, mode, at })) };
}

/** Another key of an organization, and a client that has it. */
export async function keyFor(org, { scopes = SCOPES, mode = "live", at = system, ...options } = {}) {
  const test = mode === "test" ? ["--test"] : [];
  const { key, key_id: keyId } = await at.admin("key", "create", "--org", org, "--scopes", scopes.join(","), ...test);
  return { key, keyId, client: new EClipsClient({ apiKey: key, baseUrl: at.settings.ECLIPS_BASE_URL, ...options }) };
}

/** What has the form of a key, and was never made. Put together here, so that no file has one in it. */
export function strangersKey(mode = "live") {
  return ["eck", mode, "0123456789abcdefghijklmnABCDEF"].join("_");
}
