// HTTP by hand, byte for byte: what no browser sends, and what forgers do.

import http from "node:http";

/** How long an answer may take. */
const ANSWER_MS_MAX = 15_000;

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {http.IncomingHttpHeaders} headers
 * @property {string} body
 * @property {string | undefined} location where a redirect leads
 * @property {Record<string, string>} cookies what was set, by name
 */

/**
 * Sends one request and follows nothing.
 * @param {string} method
 * @param {string} url
 * @param {{ headers?: http.OutgoingHttpHeaders, body?: string }} [what]
 * @returns {Promise<Answer>}
 */
export function send(method, url, { headers = {}, body } = {}) {
  return new Promise((done, failed) => {
    const sized = body === undefined ? headers : { "content-length": Buffer.byteLength(body), ...headers };
    // The path goes out as it was given: a URL library would tidy it first.
    const [, host, port, path] = /^http:\/\/([^/:]+):(\d+)(.*)$/s.exec(url);
    const request = http.request({ method, host, port, path: path || "/", headers: sized, timeout: ANSWER_MS_MAX });
    request.on("response", (response) => read(response).then(done, failed));
    request.on("timeout", () => request.destroy(new Error(`${method} ${url}: no answer in time`)));
    request.on("error", failed);
    request.end(body);
  });
}

async function read(response) {
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  const set = (response.headers["set-cookie"] ?? []).map((line) => line.split(";", 1)[0].split("="));
  return {
    status: response.statusCode,
    headers: response.headers,
    body: Buffer.concat(chunks).toString("utf8"),
    location: response.headers.location,
    cookies: Object.fromEntries(set.map(([name, ...value]) => [name, value.join("=")])),
  };
}

/** Encodes fields as forms do. @param {Record<string, string | string[]> | [string, string][]} fields */
export function encode(fields) {
  const pairs = Array.isArray(fields)
    ? fields
    : Object.entries(fields).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
  return new URLSearchParams(pairs).toString();
}

/** What the hidden fields of a page's own forms hold. */
export function hidden(html) {
  const inputs = html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g);
  return Object.fromEntries([...inputs].map(([, name, value]) => [name, value]));
}
