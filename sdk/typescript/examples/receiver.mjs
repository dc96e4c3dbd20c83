/**
 * Receives webhooks with nothing but Node. The body is taken as it arrives: parsed and written again, it has another signature.
 */

import { createServer } from "node:http";
import { EClipsClient, WebhookVerificationError } from "@eclips/sdk";

const eclips = new EClipsClient({ apiKey: process.env.ECLIPS_API_KEY });
const seen = new Set();

const server = createServer(async (request, response) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  try {
    const event = EClipsClient.constructEvent(Buffer.concat(pieces), request.headers, webhook.secret);
    // Events come at least once; the id says which ones came before. In your service it belongs into the database.
    const id = request.headers["webhook-id"];
    if (!seen.has(id)) handle(event);
    seen.add(id);
    response.writeHead(204).end();
  } catch (error) {
    response.writeHead(error instanceof WebhookVerificationError ? 400 : 500).end();
  }
});

function handle(event) {
  if (event.event === "batch.completed") console.log("batch", event.data.status);
  else console.log(event.event, event.run_id, event.data.error ?? "");
}

await new Promise((done) => server.listen(0, "127.0.0.1", done));
// `cargo dev` alone posts to loopback; elsewhere this is a public https address.
const webhook = await eclips.createWebhook(`http://127.0.0.1:${server.address().port}/`, [
  "run.completed",
  "run.failed",
  "batch.completed",
]);
await eclips.run("researcher", "What do our competitors charge?");

const deadline = Date.now() + 20_000;
while (seen.size === 0 && Date.now() < deadline) await new Promise((done) => setTimeout(done, 100));
await eclips.deleteWebhook(webhook.id);
server.close();
