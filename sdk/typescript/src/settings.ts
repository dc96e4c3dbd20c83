/**
 * What a client is made with, checked once: a key that can stand in a header, an address that it may be sent to, a place where it
 * may be held. Refusals never repeat what was given.
 */

import { checkMs } from "./deadline.js";
import { AuthenticationError, EClipsError, invalid } from "./errors.js";
import type { Fetch } from "./fetch.js";

/** What a client is made with. */
export interface ClientOptions {
  /** The API key, `eck_live_…` or `eck_test_…`. Undefined, as an environment may have it, is refused when the client is made. */
  apiKey: string | undefined;
  /**
   * Where the API is: `https://`, or `http://` on loopback. Left out, it is `ECLIPS_BASE_URL` of the environment, and without that
   * the address of `cargo dev`, `http://127.0.0.1:8787`: no host that could be a stranger's.
   */
  baseUrl?: string | undefined;
  /** How long one call may take, all its tries and pauses together. 90 000 when left out. */
  timeoutMs?: number | undefined;
  /** How often a call is tried again after 429, 503 and connection faults. 2 when left out, 0 to 10. */
  maxRetries?: number | undefined;
  /** Another `fetch` than the runtime's own. */
  fetch?: Fetch | undefined;
  /** Lets the client be made in a browser, where everybody who looks has the key. */
  dangerouslyAllowBrowser?: boolean | undefined;
}

/** The options, checked and complete. */
export interface Settings {
  apiKey: string;
  /** Without a slash at its end. */
  baseUrl: string;
  timeoutMs: number;
  maxRetries: number;
  fetch: Fetch;
}

/** How long a call may take. Our choice: an answer takes well under a second, but the `Retry-After` of a full minute is up to 61 s. */
const TIMEOUT_MS = 90_000;
/** How often a call is tried again. Our choice, that of most clients. */
const RETRIES = 2;
const RETRIES_MAX = 10;
/** Where `cargo dev` listens. */
const LOCAL_URL = "http://127.0.0.1:8787";

/** Checks the options. *Errors*: `AuthenticationError` without a key, `ValidationError` that names the option. */
export function settled(options: ClientOptions): Settings {
  const { baseUrl, timeoutMs, maxRetries = RETRIES, dangerouslyAllowBrowser } = options ?? {};
  if (isBrowser() && dangerouslyAllowBrowser !== true) {
    throw new EClipsError(
      "This is a browser, where everybody who looks has the key. Call the API from a server, or set dangerouslyAllowBrowser.",
      { statusCode: 0, code: "browser_refused" },
    );
  }
  checkMs("timeoutMs", timeoutMs);
  checkRetries(maxRetries);
  return {
    apiKey: checkedKey(options?.apiKey),
    baseUrl: checkedUrl(baseUrl ?? environment("ECLIPS_BASE_URL") ?? LOCAL_URL),
    timeoutMs: timeoutMs ?? TIMEOUT_MS,
    maxRetries,
    fetch: checkedFetch(options.fetch),
  };
}

/** Refuses a number of retries that cannot be meant. */
export function checkRetries(maxRetries: number | undefined): void {
  if (maxRetries === undefined) return;
  const isCount = Number.isInteger(maxRetries) && maxRetries >= 0 && maxRetries <= RETRIES_MAX;
  if (!isCount) throw invalid("maxRetries", `maxRetries must be a whole number from 0 to ${RETRIES_MAX}`);
}

/** Whether the process can be told a key by its owner only: not where there is a page. */
function isBrowser(): boolean {
  const { window, location, importScripts, Deno } = globalThis as Record<string, any>;
  if (typeof window === "object" && typeof window?.document === "object") return true;
  // A worker of a browser; those of edge runtimes have no `location`, and Deno's have both.
  return typeof importScripts === "function" && typeof location === "object" && Deno === undefined;
}

function checkedKey(given: unknown): string {
  const key = typeof given === "string" ? given.trim() : "";
  if (key === "") {
    throw new AuthenticationError("apiKey is required; keys are made in the dashboard, Settings → API Keys", {
      statusCode: 401,
      code: "missing_api_key",
    });
  }
  // `fetch` would refuse it too, with a message that has the key in it.
  if (!/^[!-~]+$/.test(key)) throw invalid("apiKey", "apiKey must be visible ASCII without spaces");
  return key;
}

function checkedUrl(given: string): string {
  const url = parsed(given);
  if (!url || !["https:", "http:"].includes(url.protocol)) throw invalid("baseUrl", "baseUrl must be a https URL");
  if (url.username || url.password || url.search || url.hash) {
    throw invalid("baseUrl", "baseUrl must have no user name, password, query and fragment");
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw invalid(
      "baseUrl",
      "baseUrl must be https, but for loopback: over plain http everybody on the way reads the key",
    );
  }
  return url.href.replace(/\/+$/, "");
}

function parsed(text: unknown): URL | undefined {
  try {
    return new URL(String(text));
  } catch {
    return undefined;
  }
}

/** Whether a host, as `URL` spells it, is this machine. *Source*: RFC 1122 3.2.1.3, RFC 4291 2.5.3. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

function checkedFetch(given: Fetch | undefined): Fetch {
  if (given === undefined && typeof globalThis.fetch === "function") {
    // Asked for at each call, and not as a method of something, which browsers and edge runtimes refuse.
    return (url, init) => globalThis.fetch(url, init);
  }
  if (typeof given !== "function") throw invalid("fetch", "fetch must be a function; this runtime has none of its own");
  return (url, init) => given(url, init);
}

/** Reads a variable where there is an environment and it may be read; Deno may forbid it. */
function environment(name: string): string | undefined {
  try {
    const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
    return process?.env?.[name] || undefined;
  } catch {
    return undefined;
  }
}
