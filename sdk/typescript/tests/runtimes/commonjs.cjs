/**
 * The tour with CommonJS.
 */

const sdk = require("../../dist/cjs/index.js");

import("./tour.mjs").then(async ({ tour }) => console.log((await tour(sdk, JSON.parse(process.env.PLACES))).join(" ")));
