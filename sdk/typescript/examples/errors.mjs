/**
 * Tells apart what can go wrong. Limits and outages were tried again before one of these comes.
 */

import {
  AuthenticationError,
  EClipsClient,
  PermissionError,
  RateLimitError,
  TimeoutError,
  ValidationError,
} from "@eclips/sdk";

const eclips = new EClipsClient({ apiKey: process.env.ECLIPS_API_KEY });

async function attempt(task, data, timeoutMs) {
  try {
    const run = await eclips.runAndWait("researcher", task, data, { timeoutMs, pollIntervalMs: 100 });
    return run.status;
  } catch (error) {
    if (error instanceof ValidationError) return `mend ${error.field}: ${error.message}`;
    if (error instanceof AuthenticationError) return "get another key";
    if (error instanceof PermissionError) return `the key lacks ${error.required}`;
    if (error instanceof RateLimitError) return `come back in ${error.retryAfter} s`;
    if (error instanceof TimeoutError) return `run ${error.runId} goes on without us`;
    throw error;
  }
}

console.log(await attempt("", null, 10_000));
console.log(await attempt("What do our competitors charge?", { sandbox: { delay_ms: 5000 } }, 1000));
console.log(await attempt("What do our competitors charge?", null, 60_000));
