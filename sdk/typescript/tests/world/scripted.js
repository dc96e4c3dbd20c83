/**
 * A server that does what a test says: refuses, redirects, hangs, breaks off. For the faults that the real system cannot be brought
 * to; it speaks real HTTP, on a port of its own.
 */

import { createServer } from "node:http";

/**
 * @typedef {object} Heard
 * @property {string} method
 * @property {string} url
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {string} body
 * @property {number} at milliseconds, of `performance.now()`
 */

/** What a run looks like, for whoever has to be answered with one. */
export const RUN = { id: "019e9c29-1a80-7000-8000-0000000000a1", status: "completed" };

/** Answers each request with the next step of its script, and after the last one with that one again. */
export class Scripted {
  /** What was asked. @type {Heard[]} */
  heard = [];
  #steps;
  #server = createServer((request, response) => this.#answer(request, response));

  /** @param {...((heard: Heard, response: import("node:http").ServerResponse) => unknown)} steps */
  static async start(...steps) {
    const scripted = new Scripted();
    scripted.#steps = steps;
    await listen(scripted.#server);
    return scripted;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request, response) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const { method, url, headers } = request;
    const step = this.#steps[Math.min(this.heard.length, this.#steps.length - 1)];
    const heard = { method, url, headers, body: Buffer.concat(pieces).toString("utf8"), at: performance.now() };
    this.heard.push(heard);
    await step(heard, response);
  }
}

/** Lets a server listen, somewhere on loopback. One that a failed test leaves behind does not hold the process. */
export async function listen(server) {
  server.on("connection", (socket) => socket.unref());
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  server.unref();
}

/** Answers with JSON. */
export function json(status, body, headers = {}) {
  return (_, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };
}

/** Answers with a text as it is. */
export function text(status, body, headers = {}) {
  return (_, response) => response.writeHead(status, headers).end(body);
}

/** Breaks the connection off without a word. */
export function cut() {
  return (_, response) => response.destroy();
}

/** Says half of an answer, and breaks off. */
export function half(status = 200) {
  return (_, response) => {
    response.writeHead(status, { "content-type": "application/json", "content-length": "1000" });
    response.write('{"id":', () => response.destroy());
  };
}

/** Takes the request and says nothing. */
export function hang() {
  return () => {};
}

/** Refuses with 503, or 429, and says when to come back. */
export function refuse(status, retryAfter, code = status === 503 ? "unavailable" : "rate_limited") {
  const headers = {
    "x-eclips-error-code": code,
    ...(retryAfter !== undefined && { "retry-after": String(retryAfter) }),
  };
  return json(status, { error: status === 503 ? "Service temporarily unavailable" : "Rate limit exceeded" }, headers);
}
