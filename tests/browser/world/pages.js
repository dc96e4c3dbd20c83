// What people do on the dashboard's pages, found as people find it: by role and name.

import assert from "node:assert/strict";
import { rememberKey } from "./secrets.js";
import { dashboard, settings } from "./server.js";

/** @typedef {import("playwright-core").Page} Page */

/** Signs in by the pages, from whatever page led there. @param {Page} page */
export async function signIn(page, email, path = "/") {
  await page.goto(dashboard(path));
  await page.getByRole("link", { name: "Sign in with your e-mail address" }).click();
  await proveWho(page, email);
}

/** Fills in the provider's page. @param {Page} page */
export async function proveWho(page, email) {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(settings.ECLIPS_DASHBOARD_PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => url.origin === dashboard() && !url.pathname.startsWith("/sign-in"));
}

/** Makes a key by the form. @param {Page} page */
export async function makeKey(page, name) {
  await page.goto(dashboard("/settings/api-keys/new"));
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Create key" }).click();
  return shownKey(page);
}

/** The key that the page shows, this once. @param {Page} page */
export async function shownKey(page) {
  await page.getByRole("heading", { name: "Your new API key" }).waitFor();
  const key = await page.locator("#value").textContent();
  const path = await page.locator("[data-secret]").getAttribute("data-secret");
  assert.match(key, /^eck_(live|test)_[0-9A-Za-z]{30}$/);
  return { key: rememberKey(key), key_id: path.split("/").at(-1) };
}

/** What the list of facts on a key's page says. @param {Page} page */
export function fact(page, name) {
  return page.locator(".facts > div", { has: page.getByText(name, { exact: true }) }).locator("dd");
}

/** The row of a table in which a link or heading has this name. @param {Page} page */
export function row(page, name) {
  return page.getByRole("row").filter({ has: page.getByText(name, { exact: true }) });
}

/** The page's heading. @param {Page} page */
export async function heading(page) {
  return (await page.getByRole("heading", { level: 1 }).textContent()).trim();
}

/** Where the page is: path and query. @param {Page} page */
export function place(page) {
  const { origin, pathname, search } = new URL(page.url());
  assert.equal(origin, dashboard());
  return pathname + search;
}
