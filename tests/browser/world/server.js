// The one system of the whole run, over memory. Nothing here knows a page.

import { System } from "./system.js";

export { ROOT, TARGET } from "./system.js";

/** @type {System | undefined} */
let system;
/** What the system wrote to `dev.env`. @type {Record<string, string>} */
export const settings = {};

/** Starts the system, and returns when it answers. */
export async function start() {
  system = await System.start("memory");
  Object.assign(settings, system.settings);
}

/** Ends it, and removes what it wrote. */
export async function stop() {
  await system?.stop();
}

/** Everything that it logged so far, at its most talkative. */
export function log() {
  return system.log();
}

/**
 * Runs `cargo admin --json …` against it.
 * @param {...string} words
 * @returns {Promise<any>} what it printed
 */
export function admin(...words) {
  return system.admin(...words);
}

/** The dashboard's address of a path. */
export function dashboard(path = "") {
  return settings.ECLIPS_DASHBOARD_URL + path;
}

/** The API's address of a path. */
export function api(path = "") {
  return settings.ECLIPS_BASE_URL + path;
}
