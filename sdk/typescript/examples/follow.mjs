/**
 * Follows a run as it happens. The connection may break as often as it likes.
 */

import { EClipsClient } from "@eclips/sdk";

const eclips = new EClipsClient({ apiKey: process.env.ECLIPS_API_KEY });

const { run_id } = await eclips.run("researcher", "What do our competitors charge?", { sandbox: { delay_ms: 1000 } });
for await (const event of eclips.streamRun(run_id)) {
  console.log(event.seq, event.type, event.model ?? "");
}
