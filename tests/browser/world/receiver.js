// A customer's receiver of webhooks on loopback. It takes everything and verifies nothing: that is what tests are about. The tests
// of `sdk/typescript` receive here too.

import { createServer } from "node:http";

/** How long an event may take to arrive. */
const ARRIVAL_MS_MAX = 30_000;

/** One receiver. */
export class Receiver {
  #server = createServer();
  #arrived = [];
  #waiting = [];

  static async start() {
    const receiver = new Receiver();
    receiver.#server.on("request", async (request, response) => {
      const pieces = [];
      for await (const piece of request) pieces.push(piece);
      response.end("ok");
      const arrival = { headers: request.headers, body: Buffer.concat(pieces).toString("utf8") };
      const waiting = receiver.#waiting.shift();
      if (waiting) waiting(arrival);
      else receiver.#arrived.push(arrival);
    });
    await new Promise((done) => receiver.#server.listen(0, "127.0.0.1", done));
    return receiver;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/hook?of=customer`;
  }

  /** What arrives next. */
  async next() {
    const ready = this.#arrived.shift();
    if (ready) return ready;
    const late = new Promise((_, fail) => {
      setTimeout(() => fail(new Error("nothing arrived")), ARRIVAL_MS_MAX).unref();
    });
    return Promise.race([new Promise((done) => this.#waiting.push(done)), late]);
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
