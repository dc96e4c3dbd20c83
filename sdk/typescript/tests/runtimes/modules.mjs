/**
 * The tour with the ES modules: for Node, Deno and Bun.
 */

import process from "node:process";
import * as sdk from "../../dist/esm/index.js";
import { tour } from "./tour.mjs";

console.log((await tour(sdk, JSON.parse(process.env.PLACES))).join(" "));
