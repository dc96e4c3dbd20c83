/**
 * What a call was refused with.
 */

import assert from "node:assert/strict";

/** Waits for a call to be refused, by an error of a class. @returns {Promise<any>} the error */
export async function refused(call, kind) {
  const outcome = await Promise.resolve(call).then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  assert.ok(outcome.error, `not refused, but ${JSON.stringify(outcome.value)}`);
  if (!(outcome.error instanceof kind)) throw outcome.error;
  return outcome.error;
}

/** All items of an iterator. */
export async function collect(items) {
  const all = [];
  for await (const item of items) all.push(item);
  return all;
}
