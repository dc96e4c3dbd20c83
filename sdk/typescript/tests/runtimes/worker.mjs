/**
 * The tour in a worker as Cloudflare runs them: answers every request with what held.
 */

import * as sdk from "./dist/esm/index.js";
import { tour } from "./tour.mjs";

export default {
  async fetch(_, env) {
    try {
      return new Response((await tour(sdk, JSON.parse(env.PLACES))).join(" "));
    } catch (error) {
      return new Response(`${error.stack}`, { status: 500 });
    }
  },
};
