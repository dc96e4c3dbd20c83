/**
 * Whether a refused request is sent again, and when. After 429, 503 and connection faults only: everything else would be refused
 * again, or has happened.
 */

import { ConnectionError, type EClipsError, RateLimitError, ServerError } from "./errors.js";

/** The first pause, where nobody names one; doubled with each try. Our choice. */
const PAUSE_MS = 500;
const PAUSE_MS_MAX = 8_000;
/** How much later than `Retry-After` it may be: never earlier, and not with everybody else. */
const SPREAD_MS = 250;

/**
 * How long to wait before the next try; undefined where there is none. A 429 is refused before anything is done, whatever was
 * asked. After a 503 or a cut connection nobody knows, and what must not be done `once` more is not sent again.
 */
export function pauseMs(error: EClipsError, tries: number, repeat: "always" | "once"): number | undefined {
  if (error instanceof RateLimitError) return named(error.retryAfter) ?? unnamed(tries);
  if (repeat === "once") return undefined;
  if (error instanceof ServerError && error.statusCode === 503) return named(error.retryAfter) ?? unnamed(tries);
  return error instanceof ConnectionError ? unnamed(tries) : undefined;
}

function named(retryAfter: number | undefined): number | undefined {
  return retryAfter === undefined ? undefined : retryAfter * 1000 + Math.random() * SPREAD_MS;
}

/** Between half and the whole of a pause that doubles. */
function unnamed(tries: number): number {
  return Math.min(PAUSE_MS * 2 ** tries, PAUSE_MS_MAX) * (0.5 + Math.random() / 2);
}
