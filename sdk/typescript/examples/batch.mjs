/**
 * Gives many tasks to one agent and shows what became of each.
 */

import { EClipsClient } from "@eclips/sdk";

const eclips = new EClipsClient({ apiKey: process.env.ECLIPS_API_KEY });

const rows = ["500 laptops", "40 chairs", "2 forklifts"].map((what) => ({ task: `Get 3 vendor quotes for ${what}` }));
const { job } = await eclips.createBatch("procurement_specialist", rows, { name: "Quotes" });
const batch = await eclips.waitForBatch(job.id, { timeoutMs: 120_000 });
for (const row of batch.rows) console.log(row.row_index, row.status, row.task, row.error_message ?? "");
