/**
 * Walks along all pages of a list. By cursor: while others insert, each object comes once.
 */

import { EClipsError } from "./errors.js";

/** Yields the items of each page, and asks for the next one when they are used up. */
export async function* each<Page extends { next_cursor: string | null }, Item>(
  read: (place: { cursor?: string }) => Promise<Page>,
  itemsOf: (page: Page) => Item[],
): AsyncGenerator<Item, void, undefined> {
  let page = await read({});
  for (;;) {
    yield* itemsOf(page);
    const cursor = page.next_cursor;
    if (!cursor) return;
    page = await read({ cursor });
    if (page.next_cursor === cursor) {
      throw new EClipsError("The list does not go on", { statusCode: 200, code: "invalid_answer" });
    }
  }
}
