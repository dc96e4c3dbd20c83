/**
 * A proxy before the real system, which can be told to break connections: after the request was carried out, or after some events
 * of a stream.
 */

import http from "node:http";
import { listen } from "./scripted.js";

/** Passes everything on to one system. */
export class Proxy {
  /** What was asked, as `POST /v1/run`, with the headers. @type {{ line: string, headers: http.IncomingHttpHeaders }[]} */
  heard = [];
  /** How many of the next answers are thrown away, when they have come. */
  answersToLose = 0;
  /** After how many events each stream is cut; never without a number. @type {number | undefined} */
  eventsPerStream;
  #target;
  #server = http.createServer((request, response) => this.#pass(request, response));

  static async start(target) {
    const proxy = new Proxy();
    proxy.#target = target;
    await listen(proxy.#server);
    return proxy;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #pass(request, response) {
    const { method, url, headers } = request;
    this.heard.push({ line: `${method} ${url}`, headers });
    const onward = http.request(this.#target + url, { method, headers }, (answer) => this.#back(answer, response));
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  }

  #back(answer, response) {
    if (this.answersToLose > 0) {
      this.answersToLose -= 1;
      // To its end, so that the system has done everything.
      answer.resume().on("end", () => response.destroy());
      return;
    }
    response.writeHead(answer.statusCode, answer.headers);
    const isStream = answer.headers["content-type"]?.startsWith("text/event-stream");
    if (isStream && this.eventsPerStream) this.#cutStream(answer, response);
    else answer.pipe(response);
  }

  /** Passes whole events on, and half of the one after the last. */
  #cutStream(answer, response) {
    let text = "";
    let left = this.eventsPerStream;
    answer.on("data", (piece) => {
      text += piece.toString("latin1");
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const event = text.slice(0, end + 2);
        text = text.slice(end + 2);
        if (!event.startsWith("id:")) response.write(event);
        else if (left > 0) {
          left -= 1;
          response.write(event, "latin1");
        } else {
          response.write(event.slice(0, event.length / 2), "latin1", () => response.destroy());
          return;
        }
      }
    });
    answer.on("end", () => response.end());
  }
}
