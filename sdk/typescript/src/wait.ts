/**
 * Waits for something to be over by looking at it again and again.
 */

import { Deadline, checkMs } from "./deadline.js";
import { EClipsError, TimeoutError, invalid } from "./errors.js";
import type { Id } from "./schema.js";

/** How something is waited for. */
export interface WaitOptions {
  /** Ends the wait: it rejects with the signal's `reason`. What is waited for goes on. */
  signal?: AbortSignal | undefined;
  /** How long to wait; then `TimeoutError`, and what was waited for goes on. 300 000 for a run, 1 800 000 for a batch when left out. */
  timeoutMs?: number | undefined;
  /** How long to wait between two looks. 1 000 for a run, 2 000 for a batch when left out; shorter than 50 counts as 50. */
  pollIntervalMs?: number | undefined;
}

/** What a wait is for. */
export interface Wait<Seen> {
  read: (options: { signal: AbortSignal; timeoutMs?: number }) => Promise<Seen>;
  isOver: (seen: Seen) => boolean;
  timeoutMs: number;
  pollIntervalMs: number;
  /** The run, for the error. */
  runId?: Id;
}

/** How soon to look again at the soonest: the standard limit of a growth plan is 50 requests a second. */
const POLL_MS_MIN = 50;

/** Looks until it is over, and returns what was seen last. */
export async function until<Seen>(wait: Wait<Seen>, options: WaitOptions): Promise<Seen> {
  const { timeoutMs = wait.timeoutMs, pollIntervalMs = wait.pollIntervalMs, signal } = options;
  checkMs("timeoutMs", timeoutMs);
  if (typeof pollIntervalMs !== "number" || !(pollIntervalMs >= 0)) {
    throw invalid("pollIntervalMs", "pollIntervalMs must be a number of milliseconds");
  }
  const deadline = new Deadline(
    timeoutMs,
    signal,
    () => new TimeoutError(`Not over within ${timeoutMs} ms`, wait.runId),
  );
  try {
    for (;;) {
      const seen = await wait.read({ signal: deadline.signal });
      if (wait.isOver(seen)) return seen;
      await deadline.pause(Math.max(pollIntervalMs, POLL_MS_MIN));
    }
  } catch (error) {
    if (error instanceof EClipsError && wait.runId !== undefined) error.runId = wait.runId;
    throw error;
  } finally {
    deadline.close();
  }
}
