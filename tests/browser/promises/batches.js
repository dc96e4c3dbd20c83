// Many tasks from one table: looked at, started, followed and downloaded, with a browser's own file and its own form.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { fact, heading, place, row } from "../world/pages.js";
import { promise, until } from "../world/scene.js";
import { dashboard } from "../world/server.js";
import { program, upload } from "../world/work.js";

/** As a spreadsheet writes it: a mark, ends of lines of its own, a cell with a line end and quotes in it. */
const TABLE = '\ufeffcompany,request\r\nAcme,"Write to ""them"",\nsoon"\r\nZoë & Söhne,<b id=pwned>Call</b>\r\n';

for (const [how, options] of [
  ["without script", { javaScriptEnabled: false }],
  ["with script", {}],
]) {
  promise(`${how} a table is looked at, its columns are chosen, and its batch is started and downloaded`, async (scene) => {
    const owner = await scene.owner();
    const page = await scene.browse(owner, options);
    await page.goto(dashboard("/batches"));
    await page.getByRole("link", { name: "Upload the first table" }).click();
    await upload(page, TABLE, "Letters");
    // No column is called “task”, so the first one is taken for it.
    assert.match(await page.locator("#rows tbody tr").first().textContent(), /Acme\s+\{"request":"Write to/);
    await page.getByRole("radio", { name: "request has the tasks" }).check();
    await page.getByRole("checkbox", { name: "request goes along" }).uncheck();
    await page.getByRole("checkbox", { name: "company goes along" }).check();
    await page.getByRole("button", { name: "Look again" }).click();
    await page.getByText('{"company":"Acme"}').waitFor();
    assert.equal(await page.locator("#rows .lines").first().textContent(), 'Write to "them",\nsoon');
    assert.equal(await page.locator("#pwned").count(), 0, "text is text");
    await page.getByRole("button", { name: "Start 2 runs" }).click();
    await page.waitForURL(/\/batches\/[0-9a-f-]{36}$/);
    assert.equal(await heading(page), "Letters");

    if (how === "without script") {
      await until("both rows have ended", async () => {
        await page.reload();
        return /2 of 2/.test(await fact(page, "Progress").textContent());
      });
    }
    // With script the page goes on by itself.
    await page.locator("#facts").getByText("2 of 2").waitFor();
    assert.match(await fact(page, "Status").textContent(), /Completed/);
    const name = '<b id=pwned>Call</b>';
    assert.match(await row(page, name).textContent(), /Completed/);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download CSV" }).click(),
    ]);
    assert.match(download.suggestedFilename(), /^batch-[0-9a-f-]{36}\.csv$/);
    const text = await readFile(await download.path(), "utf8");
    assert.match(text, /^\ufeffrow,status,task,error,run_id,result_truncated,result\./);
    assert.ok(text.includes('\r\n1,completed,"Write to ""them"",\nsoon",,'), text);
    await page.getByRole("link", { name, exact: true }).click();
    assert.match(await page.locator("pre.code").last().textContent(), /"company": "Zoë & Söhne"/);
    await page.getByRole("link", { name: "its rows" }).click();
    assert.equal(await heading(page), "Letters");
  });
}

promise("what is wrong with a table is said by line, and the next file can be right", async (scene) => {
  const owner = await scene.owner();
  const page = await scene.browse(owner);
  scene.expect(/422/);
  await page.goto(dashboard("/batches/new"));
  await upload(page, "task,n\nx,1\n,2\n", "");
  await page.getByText("Line 3: task is required").waitFor();
  assert.equal(await page.getByRole("button", { name: /^Start/ }).count(), 0);
  await page.getByRole("link", { name: "Another file" }).click();
  await upload(page, Buffer.from([0x74, 0x61, 0xe4, 0x0a, 0x78]), "");
  await page.getByText("The file is not UTF-8 text.").waitFor();
  await upload(page, "task,n\nx,1\n", "");
  await page.getByRole("button", { name: "Start 1 run" }).waitFor();
});

promise("a batch is cancelled after being asked once, and its rows can be told apart", async (scene) => {
  const owner = await scene.owner();
  const call = await program(owner.org);
  const rows = [{ task: "Decide", data: { sandbox: { confidence: 0.4 } } }, { task: "Done" }];
  const { job } = await call("POST", "/v1/batches", { agent_type: "center", name: "Two", rows });
  const page = await scene.browse(owner);
  await page.goto(dashboard("/batches"));
  await page.getByRole("link", { name: "Two" }).click();
  await page.getByText("1 of 2, 1 for a person").waitFor();
  await page.getByRole("link", { name: /^Waits for a person/ }).click();
  assert.equal(place(page), `/batches/${job.id}?show=pending_triage`);
  assert.equal(await page.locator("#rows tbody tr").count(), 1);
  await page.getByRole("link", { name: "Cancel this batch" }).click();
  assert.equal(await heading(page), "Cancel this batch?");
  await page.getByRole("button", { name: "Cancel batch" }).click();
  await page.getByText("2 of 2", { exact: false }).first().waitFor();
  assert.match(await fact(page, "Status").textContent(), /Cancelled/);
});
