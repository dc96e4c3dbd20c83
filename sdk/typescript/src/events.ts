/**
 * Reads server-sent events out of bytes, however these are cut. *Source*: the HTML standard, 9.2.6.
 */

/** One event as it came. */
export interface Message {
  id: string;
  event: string;
  data: string;
}

import { EClipsError } from "./errors.js";

/** How much text may wait for its end. An event of the service has a few hundred characters. */
const WAITING_LENGTH_MAX = 1024 * 1024;

/** Reads one connection's bytes. */
export class EventReader {
  /** How long the server wants a reader to wait before he comes back, in milliseconds. */
  retryMs: number | undefined;
  readonly #decoder = new TextDecoder();
  #waiting = "";
  #id = "";
  #event = "";
  #data: string[] = [];
  #dataLength = 0;

  /** Takes the next bytes, and returns what they complete. *Errors*: where an event does not end. */
  read(bytes: Uint8Array): Message[] {
    this.#waiting += this.#decoder.decode(bytes, { stream: true });
    // A CR at the end may be half of a CRLF, and the other half comes with the next bytes.
    const lines = this.#waiting.split(/\r\n|\n|\r(?!$)/);
    this.#waiting = lines.pop() ?? "";
    const events = lines.flatMap((line) => this.#line(line) ?? []);
    if (this.#waiting.length + this.#dataLength > WAITING_LENGTH_MAX) {
      throw new EClipsError("The stream has an event that does not end", { statusCode: 200, code: "invalid_answer" });
    }
    return events;
  }

  #line(line: string): Message | undefined {
    if (line === "") return this.#complete();
    const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "data") {
      this.#data.push(value);
      this.#dataLength += value.length + 1;
    } else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.retryMs = Number(value);
    return undefined;
  }

  #complete(): Message | undefined {
    const message = { id: this.#id, event: this.#event || "message", data: this.#data.join("\n") };
    const isEvent = this.#data.length > 0;
    this.#event = "";
    this.#data = [];
    this.#dataLength = 0;
    return isEvent ? message : undefined;
  }
}
