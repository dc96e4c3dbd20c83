// Every page that a person can come to see, in the state that shows most of it.

import assert from "node:assert/strict";
import { makeKey } from "./pages.js";
import { Organization } from "./people.js";
import { dashboard } from "./server.js";
import * as store from "./store.js";
import { upload, work } from "./work.js";

const KEYS = "/settings/api-keys";

/** Fewer pages than this is no tour. */
const PAGES_MIN = 79;

/**
 * Walks through all pages, and gathers what there is to say about each.
 * @param {import("./scene.js").Scene} scene
 * @param {import("./furnished.js").Furnished} furnished
 * @param {import("playwright-core").BrowserContextOptions} options
 * @param {(page: import("playwright-core").Page) => Promise<string[]>} judge says what is wrong with a page
 * @returns {Promise<Record<string, string[]>>} the pages with which something is wrong
 */
export async function tour(scene, furnished, options, judge) {
  const found = {};
  let pages = 0;
  await walk(scene, furnished, options, async (name, page) => {
    const wrong = await judge(page);
    if (wrong.length > 0) found[name] = wrong;
    pages += 1;
  });
  assert.ok(pages >= PAGES_MIN, `only ${pages} pages`);
  return found;
}

async function walk(scene, { org, owner, member, ids }, options, look) {
  const beginner = await (await (await Organization.make("Fresh")).add("owner")).signIn();
  await signedOut(await scene.browse(undefined, options), look);
  await lone(await scene.browse(beginner, options), look);
  await asOwner(await scene.browse(owner, options), ids, look);
  await atWork(await scene.browse(owner, options), await work(org), look);
  await aroundWork(await scene.browse(owner, options), member.email, look);
  await refusals(await scene.browse(owner, options), look);
  await asMember(await scene.browse(member, options), look);
  await stale(await scene.browse(await (await org.add("owner")).signIn(), options), look);
  const leaver = await (await org.add("member")).signIn();
  await org.remove(leaver.email);
  await removed(await scene.browse(leaver, options), look);
}

async function signedOut(page, look) {
  await visit(page, "/sign-in", "sign-in", look);
  await visit(page, "/sign-in?done=signed-out", "signed out", look);
  await visit(page, "/sign-in/callback?state=x", "sign-in failed", look);
  await visit(page, "/reference", "reference", look);
  for (const id of ["runCreate", "streamShow", "batchShow", "toldRunCompleted"]) {
    await visit(page, `/reference/${id}`, `reference, ${id}`, look);
  }
  await page.goto(dashboard("/sign-in/start?to=/"));
  await look("provider", page);
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  await look("provider, wrong password", page);
}

async function lone(page, look) {
  await visit(page, KEYS, "no keys yet", look);
  await visit(page, "/runs", "no runs yet", look);
  await visit(page, "/inbox", "inbox clear", look);
  await visit(page, "/webhooks", "no webhooks yet", look);
  await visit(page, "/batches", "no batches yet", look);
  await page.locator("summary").click();
  await look("account menu", page);
}

async function asOwner(page, ids, look) {
  await visit(page, KEYS, "list", look);
  await visit(page, `${KEYS}?before=00000000-0000-7000-8000-000000000000`, "list, nothing older", look);
  await visit(page, `${KEYS}/new`, "new key", look);
  await page.getByLabel("Name").fill("  ");
  for (const scope of ["agents:read", "agents:run"]) await page.getByRole("checkbox", { name: scope }).uncheck();
  await page.getByRole("radio", { name: "at the end of a day" }).check();
  await page.getByRole("button", { name: "Create key" }).click();
  await page.getByRole("alert").first().waitFor();
  await look("new key, refused", page);
  await makeKey(page, "Made on a tour");
  await look("key created", page);
  for (const [state, id] of Object.entries(ids)) await visit(page, `${KEYS}/${id}`, `key, ${state}`, look);
  await visit(page, `${KEYS}/${ids.revoked}?done=revoked`, "key, just revoked", look);
  await visit(page, `${KEYS}/${ids.active}/roll`, "roll", look);
  await visit(page, `${KEYS}/${ids.active}/revoke`, "revoke", look);
  await visit(page, "/settings/audit-log", "audit log", look);
  await visit(
    page,
    "/settings/audit-log?before=00000000-0000-7000-8000-000000000000",
    "audit log, nothing older",
    look,
  );
  await visit(page, "/organizations", "organizations", look);
  await visit(page, "/nowhere", "not found", look);
}

async function atWork(page, ids, look) {
  await manyTasks(page, ids, look);
  const { run, question, waiting, webhook } = ids;
  await visit(page, "/runs", "runs", look);
  await visit(page, "/runs?show=status:failed", "no such runs", look);
  await visit(page, `/runs/${run}`, "run", look);
  await visit(page, `/runs/${waiting}`, "run that waits", look);
  await visit(page, `/runs/${waiting}/cancel`, "cancel a run", look);
  await visit(page, "/runs/new", "new run", look);
  await page.getByLabel("Task").fill("x");
  await page.getByRole("textbox", { name: "Data" }).fill("[1]");
  await page.getByRole("button", { name: "Start run" }).click();
  await page.getByText("data must be an object").waitFor();
  await look("new run, refused", page);
  await visit(page, "/inbox", "inbox", look);
  await visit(page, `/inbox/${question}`, "question", look);
  await page.getByLabel("Output").fill("{}");
  await page.getByRole("button", { name: "Approve" }).click();
  await page.locator("#output-fault").waitFor();
  await look("question, refused", page);
  await page.goto(dashboard(`/inbox/${question}`));
  await page.getByRole("button", { name: "Reject" }).click();
  await page.getByText("Rejected: nothing is done").waitFor();
  await look("inbox, just decided", page);
  await visit(page, `/inbox/${question}`, "question, decided", look);
  await visit(page, "/webhooks", "webhooks", look);
  await visit(page, `/webhooks/${webhook}`, "webhook", look);
  await visit(page, `/webhooks/${webhook}/rotate`, "rotate", look);
  await page.getByRole("button", { name: "Rotate secret" }).click();
  await page.getByRole("heading", { name: "The new secret" }).waitFor();
  await look("secret", page);
  await visit(page, `/webhooks/${webhook}/delete`, "delete a webhook", look);
  await visit(page, "/webhooks/default-secret", "default secret", look);
  await visit(page, "/webhooks/new", "new webhook", look);
  await page.getByLabel("Receiver").fill("http://example.com/");
  await page.getByRole("button", { name: "Make webhook" }).click();
  await page.locator("#url-fault").waitFor();
  await look("new webhook, refused", page);
}

async function manyTasks(page, { batch }, look) {
  await visit(page, "/batches", "batches", look);
  await visit(page, "/batches?after=00000000-0000-7000-8000-000000000000", "batches, nothing older", look);
  await visit(page, `/batches/${batch}`, "batch", look);
  await page.getByText("Result of row 1").click();
  await look("batch, a result opened", page);
  await visit(page, `/batches/${batch}?show=running`, "batch, no such rows", look);
  await visit(page, `/batches/${batch}/cancel`, "cancel a batch", look);
  await visit(page, "/batches/new", "new batch", look);
  const wide = Array.from({ length: 12 }, (_, at) => `a column with quite a name, the ${at + 1}.`).join(";");
  await upload(page, `${wide}\n${"Donaudampfschifffahrtsgesellschaft".repeat(4)}${";x".repeat(11)}\n`, "Wide");
  await page.getByRole("button", { name: "Start 1 run" }).waitFor();
  await look("batch, looked at", page);
  await page.goto(dashboard("/batches/new"));
  await upload(page, "task;n\n;1\n", "Wrong");
  await page.getByText("Line 2: task is required").waitFor();
  await look("batch, looked at, with faults", page);
  await page.goto(dashboard("/batches/new"));
  await upload(page, "task;\nx;1\n", "Nameless");
  await page.locator("#table-fault").waitFor();
  await look("new batch, refused", page);
}

async function aroundWork(page, colleague, look) {
  for (const path of ["/usage", "/usage?mode=test", "/agents", "/agents/payroll_processor", "/agents/tax_filer"]) {
    await visit(page, path, path, look);
  }
  for (const name of ["plan", "trust", "trust?mode=test", "team", "team/new", "team/leave"]) {
    await visit(page, `/settings/${name}`, name, look);
  }
  const one = Buffer.from(colleague).toString("base64url");
  for (const what of ["role", "remove"]) await visit(page, `/settings/team/${one}/${what}`, `team, ${what}`, look);
  await page.goto(dashboard("/settings/team/new"));
  await page.getByLabel("E-mail address").fill(colleague);
  await page.getByRole("radio", { name: "Admin" }).check();
  await page.getByRole("button", { name: "Add to the team" }).click();
  await page.getByRole("alert").waitFor();
  await look("somebody who is there", page);
}

async function refusals(page, look) {
  await page.goto(dashboard(`${KEYS}/new`));
  const used = await page.locator("input[name=form_id]").inputValue();
  await send(page, "Your new API key");
  await page.goto(dashboard(`${KEYS}/new`));
  await page.locator("input[name=form_id]").evaluate((input, value) => {
    input.value = value;
  }, used);
  await send(page, "This form was sent before");
  await look("form used before", page);
  await page.goto(dashboard(`${KEYS}/new`));
  await page.locator("main input[name=form_token]").evaluate((input) => {
    input.value = "x";
  });
  await send(page, "This form was not accepted");
  await look("foreign form", page);
  await page.goto(dashboard(`${KEYS}/new`));
  await page.context().clearCookies();
  await send(page, "You are signed out");
  await look("form without session", page);
}

async function asMember(page, look) {
  await visit(page, KEYS, "list for a member", look);
  await visit(page, `${KEYS}/new`, "role refused", look);
}

async function stale(page, look) {
  const [{ value }] = await page.context().cookies();
  await store.makeStale(value);
  await visit(page, `${KEYS}/new`, "stale sign-in", look);
}

async function removed(page, look) {
  await visit(page, KEYS, "no longer a member", look);
  await visit(page, "/organizations", "no organizations", look);
}

async function visit(page, path, name, look) {
  await page.goto(dashboard(path));
  await look(name, page);
}

async function send(page, title) {
  await page.getByLabel("Name").fill("On the way");
  await page.getByRole("button", { name: "Create key" }).click();
  await page.getByRole("heading", { name: title }).waitFor();
}
