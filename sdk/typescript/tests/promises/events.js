/**
 * The reader of server-sent events, by itself: what comes in pieces is the same as what comes at once.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { EClipsError } from "@eclips/sdk";

export async function promises() {
  // Not offered by the package.
  const { EventReader } = await import("../../dist/esm/events.js");

  test("however the bytes are cut, the events are the same", () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      const lines = [
        "retry: 1000",
        "",
        "id: 1",
        "event: run.queued",
        'data: {"note":"für \u{1F600}"}',
        "",
        ": a comment",
        "",
        "id:2",
        "data:a",
        "data: b",
        "data",
        "",
        "id: 3",
        "",
        "data: cut off",
      ];
      const bytes = new TextEncoder().encode(lines.join(end));
      const whole = read([bytes]);
      assert.deepEqual(whole.events, [
        { id: "1", event: "run.queued", data: '{"note":"für \u{1F600}"}' },
        { id: "2", event: "message", data: "a\nb\n" },
      ]);
      assert.equal(whole.retryMs, 1000);
      for (let size = 1; size < 30; size += 1) {
        const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
          bytes.subarray(at * size, (at + 1) * size),
        );
        assert.deepEqual(read(pieces), whole, `${JSON.stringify(end)}, pieces of ${size}`);
      }
    }
  });

  test("a byte order mark, unknown fields and odd numbers are passed over", () => {
    const { events, retryMs } = read([
      new TextEncoder().encode("\ufeffretry: soon\nretry: -1\nnonsense: 1\nid: a\0b\nid: 7\nid: c\0\ndata: x\n\n"),
    ]);
    assert.deepEqual(events, [{ id: "7", event: "message", data: "x" }]);
    assert.equal(retryMs, undefined);
  });

  test("what does not end is given up", () => {
    const piece = new TextEncoder().encode("x".repeat(100_000));
    assert.throws(() => read(Array(20).fill(piece)), EClipsError);
    const lines = new TextEncoder().encode("data: x\n".repeat(10_000));
    assert.throws(() => read(Array(200).fill(lines)), EClipsError);
  });

  function read(pieces) {
    const reader = new EventReader();
    const events = pieces.flatMap((piece) => reader.read(piece));
    return { events, retryMs: reader.retryMs };
  }
}
