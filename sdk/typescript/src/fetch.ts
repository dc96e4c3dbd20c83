/**
 * The one thing that this client needs of its surroundings: a `fetch`. Described by what is used of it, so that each runtime's
 * own fits, and that of undici or a test as well.
 */

/** What is asked of a `fetch`. */
export interface FetchInit {
  method: string;
  headers: Record<string, string>;
  body?: string;
  signal: AbortSignal;
  redirect: "manual";
}

/** What is read of a response. */
export interface Answer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: unknown;
  readonly redirected?: boolean;
  readonly type?: string;
  readonly url?: string;
  text(): Promise<string>;
}

/** A `fetch`, as far as this client uses it. It has to honour `signal` and `redirect`, as the standard's does. */
export type Fetch = (url: string, init: FetchInit) => Promise<Answer>;

/** Names what went wrong inside a `fetch`: a word such as `ECONNREFUSED`, and never its message, which may hold what was sent. */
export function faultOf(error: unknown): string {
  let seen = error;
  for (let depth = 0; depth < 5 && typeof seen === "object" && seen !== null; depth += 1) {
    const { code, cause } = seen as { code?: unknown; cause?: unknown };
    if (typeof code === "string" && /^[A-Za-z][A-Za-z0-9_]{2,50}$/.test(code)) return code;
    seen = cause;
  }
  return "no answer";
}
