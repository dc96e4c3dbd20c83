/**
 * The end of a wait: a time that runs out, or a caller who changes his mind. Everything that waits in this client waits under one,
 * and closes it; no timer and no listener is left behind.
 */

import { invalid } from "./errors.js";

/** The longest that a timer of JavaScript takes; longer ones would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** A signal that comes when the time is over or when the caller's does. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #reason: () => Error;
  #endsAt = 0;
  #holdsProcess = true;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `reason` makes what waits are ended with when the time is over; the caller's signal brings its own. */
  constructor(timeoutMs: number, caller: AbortSignal | undefined, reason: () => Error) {
    this.#caller = caller;
    this.#reason = reason;
    this.restart(timeoutMs);
    if (caller?.aborted) this.#follow();
    else caller?.addEventListener("abort", this.#follow, { once: true });
  }

  /** Ends what is waited for; for `fetch`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** How much time is left, in milliseconds. */
  get remainingMs(): number {
    return Math.max(0, this.#endsAt - performance.now());
  }

  /** Gives it that much time again, from now. */
  restart(timeoutMs: number): void {
    const ms = Math.min(timeoutMs, TIMER_MS_MAX);
    clearTimeout(this.#timer);
    this.#endsAt = performance.now() + ms;
    this.#timer = setTimeout(() => this.end(this.#reason()), ms);
    if (!this.#holdsProcess) release(this.#timer);
  }

  /** Lets the process end before it: for what somebody may leave without a word, such as an iterator. Its connection holds it. */
  holdNothing(): void {
    this.#holdsProcess = false;
    release(this.#timer);
  }

  /** Waits for something, but no longer than this lasts. */
  race<T>(awaited: Promise<T>): Promise<T> {
    const { signal } = this;
    return new Promise((done, failed) => {
      const stop = () => failed(signal.reason);
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop, { once: true });
      awaited.then(done, failed).finally(() => signal.removeEventListener("abort", stop));
    });
  }

  /** Waits for a time, but no longer than this lasts. */
  async pause(ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      await this.race(new Promise((done) => (timer = setTimeout(done, Math.min(ms, TIMER_MS_MAX)))));
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends everything that waits under it. */
  end(reason: unknown): void {
    this.close();
    this.#controller.abort(reason);
  }

  /** Lets go of timer and caller. */
  close(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener("abort", this.#follow);
  }

  readonly #follow = () => this.end(this.#caller?.reason);
}

/** Timers are objects in Node and Bun, and numbers elsewhere. */
function release(timer: unknown): void {
  (timer as { unref?: () => void } | undefined)?.unref?.();
}

/** Refuses a time that is no number above 0. */
export function checkMs(name: string, ms: number | undefined): void {
  if (ms === undefined) return;
  if (typeof ms !== "number" || !(ms > 0)) throw invalid(name, `${name} must be a number of milliseconds above 0`);
}
