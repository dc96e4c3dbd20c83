// The one Chromium of the run, and contexts that notice whatever a careful reader of the console would.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { SESSION } from "./people.js";
import { remember } from "./secrets.js";
import { dashboard, settings } from "./server.js";

/** How long a page, or what is waited for on it, may take. */
const PATIENCE_MS = 10_000;
/** Where the browser may be; `CHROMIUM` names another place. */
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** The browser's own calls home are no part of the test, and get no answer on a machine without the internet. */
const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** A desk and a phone. */
export const DESK = { viewport: { width: 1280, height: 800 } };
export const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

/** @type {import("playwright-core").Browser | undefined} */
let browser;

/** How Chromium is started here. @returns {import("playwright-core").LaunchOptions} */
export function launchOptions() {
  const executablePath = process.env.CHROMIUM ?? PLACES.find(existsSync);
  if (!executablePath) throw new Error(`no Chromium at ${PLACES.join(", ")}; CHROMIUM can name one`);
  // Its sandbox needs a user that is not root.
  return { executablePath, args: FLAGS, chromiumSandbox: process.getuid?.() !== 0 };
}

/** Starts it. */
export async function launch() {
  browser = await chromium.launch(launchOptions());
}

/** Ends it. */
export async function quit() {
  await browser?.close();
}

/**
 * Opens a fresh context, English and in UTC, with the session of somebody who is signed in.
 * @param {import("./people.js").Person} [person]
 * @param {import("playwright-core").BrowserContextOptions} [options]
 */
export async function openContext(person, options = {}) {
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "UTC", ...DESK, ...options });
  return prepare(context, person);
}

/** Sets patience and session. */
export async function prepare(context, person) {
  context.setDefaultTimeout(PATIENCE_MS);
  // As the dashboard itself sets it.
  const attributes = { httpOnly: true, sameSite: "Lax", url: dashboard() };
  if (person?.cookie) await context.addCookies([{ name: SESSION, value: person.cookie, ...attributes }]);
  return context;
}

/** The session's cookie of a context, or nothing. @param {import("playwright-core").BrowserContext} context */
export async function sessionOf(context) {
  const cookie = (await context.cookies(dashboard())).find(({ name }) => name === SESSION);
  return cookie ? remember("session cookie", cookie.value) : "";
}

/**
 * Watches a context for what no page of ours may do: a dialog, a script error, a word on the console, a request to another
 * host. A refused page is no error, though Chromium says so on the console.
 * @param {import("playwright-core").BrowserContext} context
 * @param {string[]} seen where it is written down
 * @param {string[]} strangers other hosts that may be asked
 */
export function watch(context, seen, strangers) {
  const hosts = [dashboard(), settings.ECLIPS_OIDC_ISSUER].map((url) => new URL(url).host);
  context.on("dialog", async (dialog) => {
    seen.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  context.on("weberror", (error) => seen.push(`script error: ${error.error()}`));
  context.on("console", (message) => {
    const refused = message.text().startsWith("Failed to load resource: the server responded with a status of 4");
    if (!refused) seen.push(`console: ${message.text()}`);
  });
  context.on("request", (request) => {
    const { host, hostname, protocol } = new URL(request.url());
    const known = hosts.includes(host) || strangers.includes(hostname);
    if (protocol.startsWith("http") && !known) seen.push(`request to ${host}`);
  });
}
