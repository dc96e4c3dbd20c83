/**
 * Follows a run through all the connections that it takes: the service closes each after 110 s, and networks close them as they
 * like. Each event comes once and in order, whatever happened in between.
 */

import { Deadline, checkMs } from "./deadline.js";
import { ConnectionError, EClipsError, TimeoutError, invalid } from "./errors.js";
import { EventReader } from "./events.js";
import { faultOf } from "./fetch.js";
import { pauseMs } from "./retry.js";
import type { Id, Run, RunEvent, RunEventType, RunStatus } from "./schema.js";
import { type Transport, discard, parsed } from "./transport.js";

/** How a run is followed. */
export interface StreamOptions {
  /** Ends the iteration: it rejects with the signal's `reason`. The run goes on. */
  signal?: AbortSignal | undefined;
  /** How long the run is followed. 1 800 000, half an hour, when left out; then `TimeoutError`. */
  timeoutMs?: number | undefined;
  /** The `seq` of the last event that you have; you hear on after it. */
  lastEventId?: number | undefined;
}

/** Half an hour. Our choice: the longest run with all its retries takes some 18 minutes. */
const STREAM_MS = 1_800_000;
/** How long nothing may come: three of the comments that the service sends every 15 s. */
const SILENCE_MS_MAX = 45_000;
/** How many tries in sequence may fail to come back: with their pauses some 40 s, enough for a server to start again. */
const FAULTS_MAX = 10;
/** How long to wait before coming back, where the server does not say, and how long at most if it does. */
const RETURN_MS = 1_000;
const RETURN_MS_MAX = 10_000;

/** A stream ends with one of these. */
const LAST: ReadonlySet<RunEventType> = new Set([
  "run.completed",
  "run.failed",
  "run.cancelled",
  "run.triage_required",
]);
/** A run that stands here has nothing more to tell by itself. */
export const ENDED: ReadonlySet<RunStatus> = new Set(["completed", "failed", "cancelled", "pending_triage"]);

/** Yields the events of a run up to its end, or up to where a person has to decide. */
export async function* follow(
  transport: Transport,
  run: Id,
  path: string,
  options: StreamOptions,
): AsyncGenerator<RunEvent, void, undefined> {
  const { signal, timeoutMs = STREAM_MS, lastEventId = 0 } = options;
  checkMs("timeoutMs", timeoutMs);
  if (!Number.isInteger(lastEventId) || lastEventId < 0)
    throw invalid("lastEventId", "lastEventId must be the seq of an event");
  const whole = new Deadline(
    timeoutMs,
    signal,
    () => new TimeoutError(`The run did not end within ${timeoutMs} ms`, run),
  );
  whole.holdNothing();
  const reader = new RunReader(transport, path, whole, lastEventId);
  try {
    for (let events = await reader.next(); events; events = await reader.next()) yield* events;
  } catch (error) {
    if (error instanceof EClipsError) error.runId = run;
    throw error;
  } finally {
    reader.close();
    whole.close();
  }
}

/** Reads on where it was, over one connection after the other. */
class RunReader {
  readonly #transport: Transport;
  readonly #path: string;
  readonly #whole: Deadline;
  #connection: Connection | undefined;
  /** The `seq` of the last event that was read. */
  #seq: number;
  #isOver = false;
  #wasConnected = false;
  #faults = 0;
  /** Whether this connection brought anything new. */
  #heard = false;
  /** The run had ended before the connection was opened: if that has nothing to tell, there is nothing. */
  #hadEnded = false;

  constructor(transport: Transport, path: string, whole: Deadline, seq: number) {
    this.#transport = transport;
    this.#path = path;
    this.#whole = whole;
    this.#seq = seq;
  }

  /** The next events, at least one; nothing at the end. */
  async next(): Promise<RunEvent[] | undefined> {
    while (!this.#isOver) {
      try {
        const events = await this.#read();
        if (events === "ended") await this.#comeBack();
        else if (events.length > 0) return events;
      } catch (error) {
        this.close();
        await this.#bear(error);
      }
    }
    return undefined;
  }

  /** Lets go of the connection, which the service counts. */
  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #read(): Promise<RunEvent[] | "ended"> {
    this.#connection ??= await this.#connect();
    const events = await this.#connection.read();
    return events === "ended" ? events : this.#fresh(events);
  }

  async #connect(): Promise<Connection> {
    const connection = await Connection.open(this.#transport, this.#path, this.#seq, this.#whole);
    this.#wasConnected = true;
    this.#heard = false;
    return connection;
  }

  /** The events that were not read before; a server that does not know where we were begins from the beginning. */
  #fresh(events: RunEvent[]): RunEvent[] {
    const fresh = events.filter(({ seq }) => seq > this.#seq);
    const last = fresh.at(-1);
    if (last) {
      this.#heard = true;
      this.#seq = last.seq;
      this.#faults = 0;
      this.#hadEnded = false;
      this.#isOver = LAST.has(last.type);
    }
    return fresh;
  }

  /** Waits after a fault, or throws it: what will not pass, or came too often. */
  async #bear(error: unknown): Promise<void> {
    if (this.#whole.signal.aborted) throw this.#whole.signal.reason;
    const pause = error instanceof EClipsError ? pauseMs(error, this.#faults, "always") : undefined;
    const faultsMax = this.#wasConnected ? FAULTS_MAX : this.#transport.maxRetries;
    if (pause === undefined || this.#faults >= faultsMax) throw error;
    this.#faults += 1;
    await this.#whole.pause(pause);
  }

  /**
   * After an end without a last event. Mostly it is to be resumed; but whoever has everything of a run that is over hears nothing
   * and the end, again and again.
   */
  async #comeBack(): Promise<void> {
    const { retryMs = RETURN_MS } = this.#connection ?? {};
    this.close();
    if (!this.#heard && this.#hadEnded) {
      this.#isOver = true;
      return;
    }
    if (!this.#heard) {
      const path = this.#path.replace(/\/stream$/, "");
      // Once: a fault is borne like those of connections, by which a server that goes down says goodbye.
      const once = { signal: this.#whole.signal, maxRetries: 0 };
      const run = await this.#transport.send<Run>({ method: "GET", path }, once);
      this.#hadEnded = ENDED.has(run.status);
    }
    await this.#whole.pause(Math.min(retryMs, RETURN_MS_MAX));
  }
}

/** One connection. */
class Connection {
  readonly #deadline: Deadline;
  readonly #body: ReadableStreamDefaultReader<Uint8Array>;
  readonly #events = new EventReader();

  private constructor(body: ReadableStreamDefaultReader<Uint8Array>, deadline: Deadline) {
    this.#body = body;
    this.#deadline = deadline;
  }

  static async open(transport: Transport, path: string, seq: number, whole: Deadline): Promise<Connection> {
    const silent = () => new ConnectionError(`Nothing came for ${SILENCE_MS_MAX} ms`);
    const deadline = new Deadline(SILENCE_MS_MAX, whole.signal, silent);
    deadline.holdNothing();
    try {
      const resume = seq > 0 ? { "Last-Event-ID": String(seq) } : undefined;
      const headers = { Accept: "text/event-stream", ...resume };
      const answer = await transport.open({ method: "GET", path, headers }, deadline);
      const body = answer.body as ReadableStream<Uint8Array> | null;
      const isStream = answer.headers.get("content-type")?.startsWith("text/event-stream");
      if (isStream && typeof body?.getReader === "function") return new Connection(body.getReader(), deadline);
      discard(answer);
      throw new EClipsError("The answer is no stream of events", { statusCode: answer.status, code: "invalid_answer" });
    } catch (error) {
      deadline.close();
      throw error;
    }
  }

  get retryMs(): number | undefined {
    return this.#events.retryMs;
  }

  /** What comes next, which may be a comment and so nothing. */
  async read(): Promise<RunEvent[] | "ended"> {
    const { done, value } = await this.#chunk();
    if (done || !value) return "ended";
    this.#deadline.restart(SILENCE_MS_MAX);
    return this.#events.read(value).map(({ data }) => told(data));
  }

  async #chunk() {
    try {
      return await this.#deadline.race(this.#body.read());
    } catch (error) {
      if (this.#deadline.signal.aborted) throw this.#deadline.signal.reason;
      throw new ConnectionError(`Connection failed: ${faultOf(error)}`);
    }
  }

  close(): void {
    this.#body.cancel().catch(() => {});
    this.#deadline.end(new ConnectionError("Connection closed"));
  }
}

function told(data: string): RunEvent {
  const event = parsed(data);
  if (event && Number.isInteger(event.seq)) return event as unknown as RunEvent;
  throw new EClipsError("The stream has an event that is none", { statusCode: 200, code: "invalid_answer" });
}
