/**
 * Signatures of webhooks: what is taken and what is not, compared with Node's own HMAC. What the real system signs is in `webhooks`.
 */

import assert from "node:assert/strict";
import { createHash, createHmac, randomBytes } from "node:crypto";
import { test } from "node:test";
import { EClipsClient, ValidationError, WebhookVerificationError, constructEvent, verifyWebhook } from "@eclips/sdk";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const OLD_SECRET = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
const EVENT = {
  event: "run.completed",
  run_id: "019e9c29-1a80-7000-8000-0000000000a1",
  sequence: 5,
  data: { output: {} },
};
const BODY = JSON.stringify(EVENT);

export async function promises() {
  // Not offered by the package: the room is tried by itself, against Node's.
  const { hmacSha256, sha256 } = await import("../../dist/esm/sha256.js");

  test("SHA-256 and HMAC are Node's, for every length and cut", () => {
    for (let length = 0; length <= 300; length += 1) {
      const message = randomBytes(length);
      const key = randomBytes(length % 150);
      assert.equal(hex(sha256(message)), createHash("sha256").update(message).digest("hex"), `${length}`);
      const cut = Math.floor(Math.random() * length);
      assert.equal(
        hex(hmacSha256(key, message.subarray(0, cut), message.subarray(cut))),
        createHmac("sha256", key).update(message).digest("hex"),
        `${length}`,
      );
    }
    const large = randomBytes(3_000_001);
    assert.equal(hex(sha256(large)), createHash("sha256").update(large).digest("hex"));
  });

  test("SHA-256 gives what its standard prints", () => {
    const hash = (text) => hex(sha256(new TextEncoder().encode(text)));
    assert.equal(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert.equal(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert.equal(hash("a".repeat(1_000_000)), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  });

  test("verifyWebhook is a static method that answers at once, as the manual has it", () => {
    assert.equal(EClipsClient.verifyWebhook(BODY, signed(BODY), SECRET), true);
    assert.equal(EClipsClient.verifyWebhook(BODY, signed(`${BODY} `), SECRET), false);
    assert.equal(verifyWebhook, EClipsClient.verifyWebhook);
  });

  test("any kind of body is taken, with its very bytes", () => {
    const text = '{"task":"Prüfe \u{1F600}"}\n';
    const bytes = Buffer.from(text);
    const odd = new Uint8Array([1, 2, ...bytes, 3]).subarray(2, 2 + bytes.length);
    const shared = new DataView(odd.buffer, 2, bytes.length);
    for (const body of [text, bytes, new Uint8Array(bytes), odd, shared, new Uint8Array(bytes).buffer]) {
      assert.equal(verifyWebhook(body, signed(text), SECRET), true);
    }
    const notText = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
    assert.equal(verifyWebhook(notText, signed(notText), SECRET), true);
    assert.equal(verifyWebhook("", signed(""), SECRET), true);
    for (const body of [undefined, null, EVENT, 7, [1, 2], Promise.resolve(BODY)]) {
      assert.throws(
        () => verifyWebhook(body, signed(BODY), SECRET),
        (error) => error instanceof ValidationError && error.field === "rawBody",
      );
    }
  });

  test("every single changed character of signature, body and secret is a no", () => {
    const signature = signed(BODY);
    for (let at = 0; at < signature.length; at += 1)
      assert.equal(verifyWebhook(BODY, changed(signature, at), SECRET), false, `${at}`);
    for (let at = 0; at < BODY.length; at += 1)
      assert.equal(verifyWebhook(changed(BODY, at), signature, SECRET), false, `${at}`);
    for (let at = 0; at < SECRET.length; at += 1)
      assert.equal(verifyWebhook(BODY, signature, changed(SECRET, at)), false, `${at}`);
  });

  test("a header of another form is a no, and no error", () => {
    const [, digest] = signed(BODY).split("=");
    const forms = [
      undefined,
      null,
      "",
      "sha256=",
      digest,
      `sha1=${digest}`,
      `SHA256=${digest}`,
      `sha256=${digest.toUpperCase()}`,
      ` sha256=${digest}`,
      `sha256=${digest} `,
      `sha256=${digest}\n`,
      `sha256=${digest}00`,
      `sha256=${digest.slice(2)}`,
      `sha256=${digest},sha256=${digest}`,
      [signed(BODY)],
      [signed(BODY), signed(BODY)],
      7,
      {},
      true,
    ];
    for (const form of forms) assert.equal(verifyWebhook(BODY, form, SECRET), false, String(form));
  });

  test("without a secret nothing is verified: anybody can sign with an empty one", () => {
    const empty = `sha256=${createHmac("sha256", "").update(BODY).digest("hex")}`;
    for (const secret of ["", undefined, null, [], [""], [SECRET, ""], [undefined], 7, {}]) {
      assert.throws(
        () => verifyWebhook(BODY, empty, secret),
        (error) => error instanceof ValidationError && error.field === "secret",
      );
      assert.throws(
        () => constructEvent(BODY, headers(), secret),
        (error) => error instanceof ValidationError && error.field === "secret",
      );
    }
  });

  test("constructEvent returns the event", () => {
    const upper = Object.fromEntries(Object.entries(headers()).map(([name, value]) => [name.toUpperCase(), value]));
    const map = new Map(Object.entries(headers()));
    for (const form of [headers(), upper, new Headers(headers()), map]) {
      for (const body of [BODY, Buffer.from(BODY), new TextEncoder().encode(BODY).buffer]) {
        assert.deepEqual(EClipsClient.constructEvent(body, form, SECRET), EVENT);
      }
    }
    const rotated = headers({ secrets: [SECRET, OLD_SECRET] });
    for (const known of [SECRET, OLD_SECRET, [OLD_SECRET, SECRET]])
      assert.deepEqual(constructEvent(BODY, rotated, known), EVENT);
  });

  test("what is changed, or of another's secret, is refused", () => {
    const whole = headers();
    const seconds = String(Number(whole["webhook-timestamp"]) + 1);
    for (const part of [
      { "webhook-id": "another" },
      { "webhook-timestamp": seconds },
      { "webhook-signature": "v1,AAAA" },
      { "webhook-signature": "v1," },
      { "webhook-signature": "v1,!" },
      { "webhook-signature": whole["webhook-signature"].replace("v1", "v2") },
      { "webhook-signature": whole["webhook-signature"].slice(0, -4) },
    ]) {
      assertRefused(() => constructEvent(BODY, { ...whole, ...part }, SECRET), "invalid_signature");
    }
    assertRefused(() => constructEvent(`${BODY} `, whole, SECRET), "invalid_signature");
    assertRefused(() => constructEvent(BODY, whole, OLD_SECRET), "invalid_signature");
    const many = `${"v1,AAAA ".repeat(1000)}${whole["webhook-signature"]}`;
    assertRefused(() => constructEvent(BODY, { ...whole, "webhook-signature": many }, SECRET), "invalid_signature");
  });

  test("a header that is missing, or there twice, is refused", () => {
    for (const name of Object.keys(headers())) {
      assertRefused(() => constructEvent(BODY, { ...headers(), [name]: undefined }, SECRET), "missing_headers");
      assertRefused(() => constructEvent(BODY, { ...headers(), [name]: "" }, SECRET), "missing_headers");
      assertRefused(
        () => constructEvent(BODY, { ...headers(), [name]: [headers()[name], headers()[name]] }, SECRET),
        "missing_headers",
      );
    }
    for (const none of [undefined, null, signed(BODY)]) {
      assert.throws(
        () => constructEvent(BODY, none, SECRET),
        (error) => error instanceof ValidationError && error.field === "headers",
      );
    }
  });

  test("a moment out of tolerance is refused, to both sides", () => {
    const at = (offsetMs, options) => constructEvent(BODY, headers({ at: Date.now() + offsetMs }), SECRET, options);
    assert.ok(at(-290_000));
    assert.ok(at(290_000));
    for (const offset of [-310_000, 310_000]) assertRefused(() => at(offset), "timestamp_out_of_tolerance");
    assert.ok(at(-3_600_000, { toleranceMs: 4_000_000 }));
    assert.ok(at(-3_600_000, { toleranceMs: Infinity }));
    assertRefused(() => at(-5000, { toleranceMs: 0 }), "timestamp_out_of_tolerance");
    for (const toleranceMs of [-1, Number.NaN, "300", null])
      assert.throws(() => at(0, { toleranceMs }), ValidationError);
    for (const timestamp of ["0", "-1", "1e9", "9".repeat(400), "now", "1780736402.5"]) {
      assertRefused(() => constructEvent(BODY, headers({ timestamp }), SECRET), "timestamp_out_of_tolerance");
    }
  });

  test("what is signed and no event is refused", () => {
    for (const body of ["", "null", "[]", "7", "{", "{}", '{"event":7}'])
      assertRefused(() => constructEvent(body, headers({ body }), SECRET), "invalid_payload");
  });

  test("a secret of another form is the caller's fault", () => {
    for (const secret of ["secret", "whsec_", "whsec_!!!!", Buffer.alloc(32, 7).toString("base64"), `${SECRET}\n`]) {
      assert.throws(
        () => constructEvent(BODY, headers(), secret),
        (error) => error instanceof ValidationError && !error.message.includes(SECRET),
      );
    }
  });
}

function assertRefused(act, code) {
  assert.throws(
    act,
    (error) => error instanceof WebhookVerificationError && error.code === code && error.statusCode === 400,
  );
}

/** `X-eClips-Signature`, by the words of the contract. */
function signed(body) {
  return `sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`;
}

/** The headers of Standard Webhooks, by the words of the contract. */
function headers({ body = BODY, secrets = [SECRET], at = Date.now(), timestamp = String(Math.floor(at / 1000)) } = {}) {
  const id = "019e9c29-1a80-7000-8000-0000000000d4";
  const sign = (secret) =>
    createHmac("sha256", Buffer.from(secret.slice("whsec_".length), "base64"))
      .update(`${id}.${timestamp}.${body}`)
      .digest("base64");
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": secrets.map((secret) => `v1,${sign(secret)}`).join(" "),
  };
}

function changed(text, at) {
  return `${text.slice(0, at)}${text[at] === "0" ? "1" : "0"}${text.slice(at + 1)}`;
}

function hex(bytes) {
  return Buffer.from(bytes).toString("hex");
}
