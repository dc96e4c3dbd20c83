/**
 * A worker of an edge runtime, such as Cloudflare's: receives webhooks at `/hook`, and gives whatever else is posted to an agent.
 */

import { EClipsClient, WebhookVerificationError, constructEvent } from "@eclips/sdk";

export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname === "/hook") return receive(request, env.ECLIPS_WEBHOOK_SECRET);
    const eclips = new EClipsClient({ apiKey: env.ECLIPS_API_KEY, baseUrl: env.ECLIPS_BASE_URL });
    return Response.json(await eclips.run("center", await request.text()));
  },
};

async function receive(request, secret) {
  try {
    const event = constructEvent(await request.arrayBuffer(), request.headers, secret);
    return Response.json({ event: event.event });
  } catch (error) {
    if (error instanceof WebhookVerificationError) return new Response(null, { status: 400 });
    throw error;
  }
}
