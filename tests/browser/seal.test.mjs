// The seal of a battle: the browser adds its part to the draw, and checks what comes out after the vote.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Arena, askAndWait } from "./harness.mjs";

const LIMIT = { timeout: 60_000 };
let arena;

before(async () => {
  arena = await Arena.open({ DOUBLEBLIND_MAX_TOKENS: "24" });
}, { timeout: 120_000 });
after(() => arena?.close());

/** Votes and waits for the outcome of the check: its word, and the mark of every step. */
async function checked(page) {
  await page.getByRole("button", { name: "Tie" }).click();
  const opened = page.locator("#opened[data-checked]");
  await opened.waitFor();
  const marks = await page.locator("#opened-steps li").evaluateAll((steps) => steps.map((step) => step.dataset.mark));
  return { word: await opened.getAttribute("data-checked"), marks };
}

test("after the vote the browser shows that the pair was sealed before and that its own part is in the draw", LIMIT, async () => {
  const visitor = await arena.visitor();
  const page = await visitor.newPage();

  await askAndWait(page);
  const sealed = await page.locator(".sealed").getAttribute("data-commitment");
  const { word, marks } = await checked(page);

  assert.match(sealed, /^[0-9a-f]{64}$/);
  assert.equal(word, "passed");
  assert.deepEqual(marks, ["✓", "✓", "✓", "✓", "✓"]);
  assert.match(await page.locator("#opened-result").innerText(), /your vote changed nothing about it/);
  await visitor.close();
});

test("over plain http, without the browser's own cryptography, the check comes to the same end", LIMIT, async () => {
  const visitor = await arena.visitor();
  await visitor.addInitScript(() => Object.defineProperty(crypto, "subtle", { value: undefined }));
  const page = await visitor.newPage();

  await askAndWait(page);
  assert.equal(await page.evaluate(() => crypto.subtle), undefined);
  const { word, marks } = await checked(page);

  assert.equal(word, "passed");
  assert.deepEqual(marks, ["✓", "✓", "✓", "✓", "✓"]);
  await visitor.close();
});

test("a pair that was swapped after the seal does not pass", LIMIT, async () => {
  const visitor = await arena.visitor();
  const page = await visitor.newPage();
  await askAndWait(page);
  assert.equal((await checked(page)).word, "passed");

  await page.route("**/battles/*", async (route) => {
    const response = await route.fetch();
    // Left and right change places in what is shown.
    const pair = /(&#34;l&#34;:)(&#34;\w{32}&#34;)(,&#34;r&#34;:)(&#34;\w{32}&#34;)/;
    return route.fulfill({ response, body: (await response.text()).replace(pair, "$1$4$3$2") });
  });
  await page.reload();
  await page.locator('#opened[data-checked="failed"]').waitFor();

  assert.equal(await page.locator("#opened-steps li").first().getAttribute("data-mark"), "✗");
  assert.match(await page.locator("#opened-result").innerText(), /something was changed/);
  await visitor.close();
});

test("in another tab the seal is known as well, and without a note of it less is said", LIMIT, async () => {
  const visitor = await arena.visitor();
  const page = await visitor.newPage();
  await askAndWait(page);
  await checked(page);

  const other = await visitor.newPage();
  await other.goto(page.url());
  await other.locator('#opened[data-checked="passed"]').waitFor();
  await other.evaluate(() => localStorage.clear());
  await other.reload();
  await other.locator('#opened[data-checked="partly"]').waitFor();

  assert.match(await other.locator("#opened-result").innerText(), /not known to this browser/);
  await visitor.close();
});

test("a receipt that is pasted is found in the log, and one that is changed is not taken for ours", LIMIT, async () => {
  const visitor = await arena.visitor();
  const page = await visitor.newPage();
  await askAndWait(page);
  await checked(page);
  await page.getByText("Your receipt").click();
  const receipt = await page.locator(".opened pre").first().innerText();
  await page.getByText("The promise from before your vote").click();
  const promise = await page.locator(".opened pre").last().innerText();

  await page.getByRole("link", { name: "Check a receipt" }).click();
  await page.getByLabel("Receipt").fill(receipt);
  await page.getByRole("button", { name: "Check" }).click();
  await page.getByRole("heading", { name: "The log has kept its word" }).waitFor();
  await page.getByLabel("Receipt").fill(receipt.replace("/receipt", "/receipts"));
  await page.getByRole("button", { name: "Check" }).click();

  await page.getByText("This is not a receipt of the log").waitFor();
  await page.getByLabel("Receipt").fill(promise);
  await page.getByRole("button", { name: "Check" }).click();
  await page.getByRole("heading", { name: "The log has kept its word" }).waitFor();
  await visitor.close();
});
