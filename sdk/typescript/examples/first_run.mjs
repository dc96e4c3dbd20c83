/**
 * Gives a task to an agent, waits, and shows what came of it.
 * `set -a; . .eclips/dev.env; set +a; node sdk/typescript/examples/first_run.mjs`
 */

import { EClipsClient } from "@eclips/sdk";

const eclips = new EClipsClient({ apiKey: process.env.ECLIPS_API_KEY });

const run = await eclips.runAndWait(
  "procurement_specialist",
  "Get 3 vendor quotes for 500 laptops",
  { budget_usd: 500_000 },
  { timeoutMs: 60_000, pollIntervalMs: 500 },
);
console.log(run.status, run.confidence_score);
console.log(run.result?.summary);
