/**
 * Says whether what was posted to a receiver came from the service and was not changed, in constant time, on every runtime and at
 * once: whoever forgets an `await` must not believe everybody. It needs the body as it arrived, byte for byte.
 */

import { WebhookVerificationError, invalid } from "./errors.js";
import type { BatchNews, RunNews } from "./schema.js";
import { hmacSha256 } from "./sha256.js";
import { parsed } from "./transport.js";

/** A body as it arrived, not parsed: of a `Buffer` the bytes, of a string its UTF-8. */
export type RawBody = string | ArrayBuffer | ArrayBufferView;

/** The secret of a webhook, `whsec_…`; during a rotation the new and the old one. */
export type Secret = string | readonly string[];

/** What a receiver is told; `event` says which of the two it is. */
export type News = RunNews | BatchNews;

/** Headers as a server hands them over: those of Node and Express, or a `Headers`. */
export type ReceivedHeaders =
  { get(name: string): string | null } | { readonly [name: string]: string | readonly string[] | undefined };

/** How strictly an event is taken. */
export interface ConstructOptions {
  /** How far the moment of the try may be from now, to both sides. 300 000, five minutes, when left out, as Standard Webhooks has it. */
  toleranceMs?: number | undefined;
}

const TOLERANCE_MS = 300_000;
/** How many signatures of one header are looked at: the service sends at most five. */
const SIGNATURES_MAX = 16;

/**
 * Whether `X-eClips-Signature` is that of the body: `sha256=` and the hex of the HMAC-SHA256, keyed with the secret as it is written.
 * A header that is missing, twice there or of another form is a no. It says nothing of the time; `constructEvent` does.
 * *Errors*: `ValidationError` where there is no secret, or the body was parsed already.
 */
export function verifyWebhook(
  rawBody: RawBody,
  signature: string | readonly string[] | null | undefined,
  secret: Secret,
): boolean {
  const body = bytesOf(rawBody);
  const keys = secretsOf(secret).map((one) => new TextEncoder().encode(one));
  const [, hex] = /^sha256=([0-9a-f]{64})$/.exec(typeof signature === "string" ? signature : "") ?? [];
  if (hex === undefined) return false;
  const claimed = Uint8Array.from({ length: 32 }, (_, at) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16));
  return anyOf(keys.map((key) => isSame(hmacSha256(key, body), claimed)));
}

/**
 * Verifies what was posted and returns it, typed. Reads the headers of Standard Webhooks, `webhook-id`, `webhook-timestamp` and
 * `webhook-signature`: they sign the moment of the try too, so nobody can send an old one again later, and they hold a signature
 * for each secret of a rotation. Take an event once by its `webhook-id`.
 * *Errors*: `WebhookVerificationError`; `ValidationError` where there is no secret, or the body was parsed already.
 */
export function constructEvent(
  rawBody: RawBody,
  headers: ReceivedHeaders,
  secret: Secret,
  options: ConstructOptions = {},
): News {
  const { toleranceMs = TOLERANCE_MS } = options;
  if (typeof toleranceMs !== "number" || !(toleranceMs >= 0))
    throw invalid("toleranceMs", "toleranceMs must be a number of at least 0");
  if (typeof headers !== "object" || headers === null)
    throw invalid("headers", "headers must be those of the request, all of them");
  const body = bytesOf(rawBody);
  const keys = secretsOf(secret).map(keyOf);
  const [id, timestamp, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) =>
    header(headers, name),
  );
  if (!id || !timestamp || !signatures) {
    throw new WebhookVerificationError(
      "webhook-id, webhook-timestamp and webhook-signature are needed",
      "missing_headers",
    );
  }
  const signed = new TextEncoder().encode(`${id}.${timestamp}.`);
  const claimed = signatures.split(" ", SIGNATURES_MAX).map(claim);
  const matches = keys.flatMap((key) => {
    const expected = hmacSha256(key, signed, body);
    return claimed.map((one) => one !== undefined && isSame(expected, one));
  });
  if (!anyOf(matches)) throw new WebhookVerificationError("No signature is that of the body", "invalid_signature");
  checkTime(timestamp, toleranceMs);
  return told(body);
}

/** Compares to the last byte, wherever the first difference is. */
function isSame(expected: Uint8Array, claimed: Uint8Array): boolean {
  let difference = expected.length ^ claimed.length;
  for (let at = 0; at < expected.length; at += 1) difference |= expected[at]! ^ (claimed[at] ?? 0);
  return difference === 0;
}

/** Looks at all of them, so that the time does not say which one it was. */
function anyOf(matches: boolean[]): boolean {
  return matches.filter(Boolean).length > 0;
}

function bytesOf(body: RawBody): Uint8Array {
  if (typeof body === "string") return new TextEncoder().encode(body);
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  // By its tag: one of another realm, as in a test's or a sandbox's, is no instance of ours.
  if (Object.prototype.toString.call(body) === "[object ArrayBuffer]") return new Uint8Array(body);
  throw invalid(
    "rawBody",
    "rawBody must be the body as it arrived, a string or bytes, and not parsed: in Express use express.raw",
  );
}

/** An empty secret would make a signature that anybody can make. */
function secretsOf(secret: Secret): string[] {
  const secrets = [secret].flat() as unknown[];
  const isGood = secrets.length > 0 && secrets.every((one) => typeof one === "string" && one !== "");
  if (!isGood) throw invalid("secret", "secret is required, and each one must be a string");
  return secrets as string[];
}

/** The bytes behind `whsec_`. */
function keyOf(secret: string): Uint8Array {
  const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  const bytes = base64 === undefined ? undefined : decoded(base64);
  if (!bytes || bytes.length === 0)
    throw invalid("secret", "secret must be whsec_ and base64, as the webhook's answer has it");
  return bytes;
}

function claim(signature: string): Uint8Array | undefined {
  return signature.startsWith("v1,") ? decoded(signature.slice("v1,".length)) : undefined;
}

function decoded(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** One value of a name, in whatever case the server left it; a header that came twice is none. */
function header(headers: ReceivedHeaders, name: string): string | undefined {
  const { get } = headers as { get?: unknown };
  if (typeof get === "function") return (headers as Headers).get(name) ?? undefined;
  const values = Object.entries(headers as Record<string, unknown>).filter(([given]) => given.toLowerCase() === name);
  const [value, another] = values.flatMap(([, given]) => given);
  return another === undefined && typeof value === "string" ? value : undefined;
}

function checkTime(timestamp: string, toleranceMs: number): void {
  const at = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) * 1000 : Number.NaN;
  if (!(Math.abs(Date.now() - at) <= toleranceMs)) {
    throw new WebhookVerificationError("The try began too long ago, or in the future", "timestamp_out_of_tolerance");
  }
}

function told(body: Uint8Array): News {
  const news = parsed(new TextDecoder().decode(body));
  if (typeof news?.event === "string") return news as unknown as News;
  throw new WebhookVerificationError("The body is no event", "invalid_payload");
}
