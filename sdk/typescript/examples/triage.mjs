/**
 * Decides on what waits for a person: what is cheap goes on, the rest stays for somebody else.
 */

import { ConflictError, EClipsClient } from "@eclips/sdk";

const eclips = new EClipsClient({ apiKey: process.env.ECLIPS_API_KEY });

// The sandbox is told to be unsure, so that there is something to decide.
await eclips.runAndWait("researcher", "What do our competitors charge?", { sandbox: { confidence: 0.4 } });

for await (const item of eclips.allTriage()) {
  if (item.priority === "critical") continue;
  try {
    const { status, run_id } = await eclips.approveTriage(item.id, { note: "Looks right" });
    const run = await eclips.waitForRun(run_id);
    console.log(item.title, status, run.status);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    console.log(item.title, "was decided by", error.decidedBy, "before");
  }
}
