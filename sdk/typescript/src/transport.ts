/**
 * Carries one request to the server and its answer back: the key in its header, tried again where that is safe, ended in time.
 * The only room that has the key and the only one that calls `fetch`; nothing that it throws holds what it sent.
 */

import { Deadline, checkMs } from "./deadline.js";
import { checkRetries, type Settings } from "./settings.js";
import { ConnectionError, EClipsError, RateLimitError, TimeoutError, invalid } from "./errors.js";
import { faultOf, type Answer } from "./fetch.js";
import { refusal } from "./refusal.js";
import { pauseMs } from "./retry.js";
import { VERSION } from "./version.js";

/** What every call takes. */
export interface CallOptions {
  /** Ends the call: it rejects with the signal's `reason`. What the server has begun by then it may finish. */
  signal?: AbortSignal | undefined;
  /** How long the call may take, all its tries and pauses together; the client's `timeoutMs` when left out. */
  timeoutMs?: number | undefined;
  /** How often it is tried again; the client's `maxRetries` when left out. */
  maxRetries?: number | undefined;
}

/** One request. */
export interface Request {
  method: "GET" | "POST" | "DELETE";
  /** From `/v1/` on. */
  path: string;
  /** Parameters; those that are undefined are left out. */
  query?: object | undefined;
  /** What is sent as JSON. */
  body?: object | undefined;
  headers?: Record<string, string> | undefined;
  /** `once`: sent again only where it was refused before it did anything, since a second one would do it twice. */
  repeat?: "always" | "once" | undefined;
  /** `none`: sent without the key. */
  key?: "none" | undefined;
  /** Says what the refusal of a later try means, where an earlier one may have done it already. */
  doneBefore?: ((refused: EClipsError) => object | undefined) | undefined;
}

/** How many redirects within the API's own origin are followed. The service itself sends none. */
const REDIRECTS_MAX = 3;

/** The way to the server. */
export class Transport {
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Sends a request and reads the JSON of its answer. */
  async send<T>(request: Request, options: CallOptions = {}): Promise<T> {
    checkMs("timeoutMs", options.timeoutMs);
    checkRetries(options.maxRetries);
    const timeoutMs = options.timeoutMs ?? this.#settings.timeoutMs;
    const deadline = new Deadline(
      timeoutMs,
      options.signal,
      () => new TimeoutError(`No answer within ${timeoutMs} ms`),
    );
    try {
      return (await this.#try(request, deadline, options.maxRetries ?? this.#settings.maxRetries)) as T;
    } finally {
      deadline.close();
    }
  }

  /** Sends a request once, and returns the answer with its body unread. *Errors*: the refusal, or `ConnectionError`. */
  async open(request: Request, deadline: Deadline): Promise<Answer> {
    const answer = await this.#follow(request, deadline);
    if (answer.status >= 200 && answer.status < 300) return answer;
    const body = parsed(await this.#read(answer, deadline), this.#clean);
    const get = (name: string) => this.#clean(answer.headers.get(name));
    throw refusal({ status: answer.status, headers: { get } }, body ?? {});
  }

  /** How often calls are tried again, where they do not say. */
  get maxRetries(): number {
    return this.#settings.maxRetries;
  }

  async #try(request: Request, deadline: Deadline, maxRetries: number): Promise<object> {
    let mayBeDone = false;
    for (let tries = 0; ; tries += 1) {
      try {
        return await this.#once(request, deadline);
      } catch (error) {
        if (deadline.signal.aborted || !(error instanceof EClipsError)) throw error;
        const done = mayBeDone ? request.doneBefore?.(error) : undefined;
        if (done) return done;
        const pause = tries < maxRetries ? pauseMs(error, tries, request.repeat ?? "always") : undefined;
        // Whoever is told to come back later than he waits for hears it now, and not at the end of his time.
        if (pause === undefined || pause >= deadline.remainingMs) throw error;
        mayBeDone ||= !(error instanceof RateLimitError);
        await deadline.pause(pause);
      }
    }
  }

  async #once(request: Request, deadline: Deadline): Promise<object> {
    const answer = await this.open(request, deadline);
    const body = parsed(await this.#read(answer, deadline));
    if (body) return body;
    throw new EClipsError("The answer is no JSON object; is this the API?", {
      statusCode: answer.status,
      code: "invalid_answer",
    });
  }

  /** Sends a request where it belongs, and after a redirect only where the key may go too. */
  async #follow(request: Request, deadline: Deadline): Promise<Answer> {
    let url = this.#url(request);
    for (let redirects = 0; ; redirects += 1) {
      const answer = await this.#fetch(url, request, deadline);
      const location = isRedirect(answer) ? answer.headers.get("location") : undefined;
      if (location === undefined) return answer;
      const next = redirects < REDIRECTS_MAX ? elsewhere(location, url) : undefined;
      discard(answer);
      const keepsMethod = request.method === "GET" || answer.status === 307 || answer.status === 308;
      if (next === undefined || !keepsMethod) throw redirectRefused(answer.status);
      url = next;
    }
  }

  async #fetch(url: string, request: Request, deadline: Deadline): Promise<Answer> {
    const { method, body } = request;
    const headers = this.#headers(request);
    const init = { method, headers, signal: deadline.signal, redirect: "manual" as const };
    let answer: Answer;
    deadline.signal.throwIfAborted();
    try {
      const sent = this.#settings.fetch(url, body === undefined ? init : { ...init, body: serialised(body) });
      answer = await deadline.race(sent);
    } catch (error) {
      throw this.#fault(error, deadline);
    }
    // A `fetch` that follows by itself has sent the key already, but nobody acts on such an answer.
    if (!answer.redirected || origin(answer.url) === origin(url)) return answer;
    discard(answer);
    throw redirectRefused(answer.status);
  }

  async #read(answer: Answer, deadline: Deadline): Promise<string> {
    try {
      return await deadline.race(answer.text());
    } catch (error) {
      throw this.#fault(error, deadline);
    }
  }

  #fault(error: unknown, deadline: Deadline): unknown {
    if (deadline.signal.aborted) return deadline.signal.reason;
    if (error instanceof EClipsError) return error;
    return new ConnectionError(`Connection failed: ${this.#clean(faultOf(error))}`);
  }

  #url({ path, query = {} }: Request): string {
    const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
    const search = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
    return `${this.#settings.baseUrl}${path}${search && `?${search}`}`;
  }

  #headers(request: Request): Record<string, string> {
    return {
      Accept: "application/json",
      "User-Agent": `eclips-sdk/${VERSION}`,
      ...(request.body && { "Content-Type": "application/json" }),
      ...request.headers,
      ...(request.key !== "none" && { Authorization: `Bearer ${this.#settings.apiKey}` }),
    };
  }

  /** Takes the key out of what was answered: whoever answers may repeat what he was sent. All but text stays as it is. */
  readonly #clean = <T>(value: T): T => {
    return typeof value === "string" ? (value.replaceAll(this.#settings.apiKey, "[key]") as T) : value;
  };
}

/** The object that a text is the JSON of; nothing where it is none. */
export function parsed(text: string, clean = <T>(value: T): T => value): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text, (_, member) => clean(member));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** *Errors*: `ValidationError` for what has no JSON, such as a `bigint` or a circle. */
function serialised(body: object): string {
  try {
    return JSON.stringify(body);
  } catch {
    throw invalid("data", "data has something that JSON has not, such as a bigint or a circle");
  }
}

/** In a browser a redirect that is not followed has neither status nor address. */
function isRedirect(answer: Answer): boolean {
  const { status, type } = answer;
  return type === "opaqueredirect" || [301, 302, 303, 307, 308].includes(status);
}

/** Where a redirect leads, if it stays within the origin. */
function elsewhere(location: string | null, from: string): string | undefined {
  if (location === null) return undefined;
  try {
    const next = new URL(location, from);
    return next.origin === origin(from) && !next.username && !next.password ? next.href : undefined;
  } catch {
    return undefined;
  }
}

function origin(url: string | undefined): string | undefined {
  return url ? new URL(url).origin : undefined;
}

function redirectRefused(statusCode: number): EClipsError {
  return new EClipsError("The answer is a redirect that is not followed: the key stays within its origin", {
    statusCode,
    code: "redirect_refused",
  });
}

/** Lets go of a body that nobody reads, and so of its connection. */
export function discard(answer: Answer): void {
  const body = answer.body as { cancel?: () => Promise<void> } | null;
  body?.cancel?.().catch(() => {});
}
