// What agents do for people, and people for agents: runs, the inbox, webhooks.

import assert from "node:assert/strict";
import { fact, heading, place, row } from "../world/pages.js";
import { promise, until } from "../world/scene.js";
import { dashboard, settings } from "../world/server.js";
import { remember } from "../world/secrets.js";
import { doubtful, program, run, work } from "../world/work.js";

promise("a run is started, waits for a person, is approved, its webhook is told, and usage grows", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner);
  await page.goto(dashboard("/webhooks/new"));
  await page.getByLabel("Receiver").fill(`${settings.ECLIPS_RECEIVER_URL}/story`);
  await page.getByRole("button", { name: "Make webhook" }).click();
  await page.getByRole("heading", { name: "Your new webhook" }).waitFor();
  remember("webhook secret", await page.locator("#value").textContent());
  await page.getByRole("link", { name: "I have stored it" }).click();
  const webhook = place(page);

  await page.getByRole("link", { name: "Runs" }).click();
  assert.match(await page.locator(".empty").textContent(), /No runs yet/);
  await page.getByRole("link", { name: "Start the first run" }).click();
  await page.getByLabel("Task").fill("Get 3 vendor quotes for 500 laptops");
  await page.getByText("Procurement", { exact: false }).first().click();
  await page.getByRole("radio", { name: "Procurement Specialist" }).check();
  await page.getByRole("textbox", { name: "Data" }).fill('{ "sandbox": { "confidence": 0.4 } }');
  await page.getByRole("button", { name: "Start run" }).click();
  // The page goes on by itself.
  await page.getByRole("link", { name: "Decide in the inbox" }).click();
  await page.getByLabel("Output").waitFor();
  await page.getByRole("textbox", { name: "Note" }).first().fill("Looks right.");
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByText("Inbox clear.").waitFor();

  await page.goto(dashboard("/runs"));
  await page.getByRole("link", { name: "Get 3 vendor quotes" }).click();
  assert.match(await fact(page, "Status").textContent(), /Completed/);
  await page.getByText("Approved", { exact: true }).waitFor();
  await until("the webhook shows both", async () => {
    await page.goto(dashboard(webhook));
    return (await page.getByText("Delivered").count()) === 1;
  });
  assert.match(await row(page, "run.completed").textContent(), /Delivered/);

  const used = await until("usage has grown", async () => {
    await page.goto(dashboard("/usage"));
    const text = await fact(page, "Runs").textContent();
    return text.startsWith("1:") && text;
  });
  assert.equal(used, "1: 1 completed, 0 failed, 0 cancelled, 0 wait for a person");
  // The fast model was not sure, so the premium one was asked too.
  assert.match(await fact(page, "Credits").textContent(), /^11 of /);
  assert.match(await row(page, "Procurement Specialist").textContent(), /Procurement Specialist/);
});

promise("the list of runs and the inbox go on by themselves, and leave what somebody uses alone", async (scene) => {
  const owner = await scene.owner();
  const call = await program(owner.org);
  const [runs, inbox] = [await scene.browse(owner), await scene.browse(owner)];
  await runs.goto(dashboard("/runs"));
  await inbox.goto(dashboard("/inbox"));
  await inbox.getByText("Inbox clear.").waitFor();
  await doubtful(call, "Something urgent", "critical");
  await runs.getByRole("link", { name: "Something urgent" }).waitFor();
  await inbox.getByRole("heading", { name: "Critical & Urgent 1" }).waitFor();
  // A part that has the focus stays as it is.
  await inbox.getByText("Proposed output").click();
  const open = inbox.locator("details[open]").filter({ has: inbox.getByText("Proposed output") });
  await doubtful(call, "Something else", "critical");
  await runs.getByRole("link", { name: "Something else" }).waitFor();
  assert.equal(await open.count(), 1, "what was opened is still open");
});

promise("two people decide at once: the later one sees who was first", async (scene) => {
  const owner = await scene.owner();
  const other = await (await owner.org.add("member")).signIn();
  const call = await program(owner.org);
  const { triage_item_id: question } = await doubtful(call, "Decide once");
  const [one, two] = [await scene.browse(owner), await scene.browse(other)];
  for (const page of [one, two]) await page.goto(dashboard(`/inbox/${question}`));
  await one.getByRole("button", { name: "Approve" }).click();
  await one.getByText("Approved: the run completes").waitFor();
  await two.getByRole("textbox", { name: "Note" }).nth(1).fill("No.");
  scene.expect(/409/);
  await two.getByRole("button", { name: "Reject" }).click();
  await two.getByText(`${owner.email} was first.`).waitFor();
});

promise("without script runs are started, followed by reloading, decided and cancelled", async (scene) => {
  const owner = await scene.owner();
  const call = await program(owner.org);
  const page = await scene.browse(owner, { javaScriptEnabled: false });
  await page.goto(dashboard("/runs/new"));
  await page.getByLabel("Task").fill("Plain work");
  await page.getByRole("textbox", { name: "Data" }).fill('{ "sandbox": { "delay_ms": 9000 } }');
  await page.getByRole("button", { name: "Start run" }).click();
  await page.getByRole("link", { name: "Cancel this run" }).click();
  assert.equal(await heading(page), "Cancel this run?");
  await page.getByRole("button", { name: "Cancel run" }).click();
  assert.match(await fact(page, "Status").textContent(), /Cancelled/);

  const { triage_item_id: question } = await doubtful(call, "Decide plainly");
  await page.goto(dashboard(`/inbox/${question}`));
  scene.expect(/422/);
  await page.getByLabel("Output").fill("{");
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByText("This is no JSON object.").waitFor();
  await page.getByRole("button", { name: "Reject" }).click();
  await page.getByText("Rejected: nothing is done").waitFor();

  const { id } = await run(call, { task: "Look at me" });
  await page.goto(dashboard(`/runs/${id}`));
  assert.match(await page.locator("#trace").textContent(), /Accepted.*Completed/s);
});

promise("live and test work are apart", async (scene) => {
  const owner = await scene.owner();
  await work(owner.org);
  const page = await scene.browse(owner);
  await page.goto(dashboard("/runs"));
  await page.getByRole("link", { name: "Get 3 vendor quotes" }).waitFor();
  await page.getByRole("navigation", { name: "Data" }).getByRole("link", { name: "Test" }).click();
  assert.match(await page.locator(".empty").textContent(), /No runs yet/);
  await page.getByRole("link", { name: "Inbox" }).click();
  assert.equal(place(page), "/inbox?mode=test");
  assert.match(await page.locator(".empty").textContent(), /Inbox clear/);
});
