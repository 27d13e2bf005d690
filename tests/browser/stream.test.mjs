// The live text: what a reload, a lost connection and a closed tab do to it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Arena, ask, complete, until } from "./harness.mjs";

const LIMIT = { timeout: 60_000 };
const STORY = "Write a long story about the keeper of a lighthouse, in plain sentences.";
let arena;

before(async () => {
  arena = await Arena.open({ DOUBLEBLIND_MAX_TOKENS: "160" });
}, { timeout: 120_000 });
after(() => arena?.close());

/** A page that remembers the live text of both sides up to the moment when it is replaced. */
async function reader(baseURL = arena.address) {
  const visitor = await arena.visitor({ baseURL });
  const page = await visitor.newPage();
  await page.addInitScript(() => {
    window.seen = {};
    const note = () => {
      for (const live of document.querySelectorAll("[data-live]")) window.seen[live.dataset.live] = live.textContent;
    };
    new MutationObserver(note).observe(document, { childList: true, subtree: true, characterData: true });
  });
  return { visitor, page };
}

const written = (page, characters) =>
  page.waitForFunction((least) => {
    const lives = [...document.querySelectorAll("[data-live]")];
    return lives.length === 2 && lives.every((live) => live.textContent.length >= least);
  }, characters);

/** Reads the events of a battle from the first to the last, beside the page. */
async function wholeText(visitor, address) {
  const response = await visitor.request.get(`${arena.address}${address}/events?turn=0&attempt=0&from=0`, { timeout: 50_000 });
  const frames = (await response.text()).split("\n").filter((line) => line.startsWith('data: {"'));
  const side = (letter) => frames.map((line) => JSON.parse(line.slice("data: ".length))[letter] ?? "").join("");
  return { A: side("a"), B: side("b") };
}

const letters = (text) => text.replace(/[^\p{L}]/gu, "");

async function assertWhole(page, whole) {
  const expected = await whole;
  await complete(page);
  assert.ok(expected.A.length > 100 && expected.B.length > 100, "the answers are too short to test anything");
  assert.deepEqual(await page.evaluate(() => window.seen), expected);
  const shown = await page.locator(".answer .text").allInnerTexts();
  assert.deepEqual(shown.map(letters), [letters(expected.A), letters(expected.B)]);
}

test("a reload in the middle of the answers loses nothing and doubles nothing", LIMIT, async () => {
  const { visitor, page } = await reader();
  const address = await ask(page, STORY);
  const whole = wholeText(visitor, address);

  await written(page, 40);
  await page.reload();
  await written(page, 120);
  await page.reload();

  await assertWhole(page, whole);
  await visitor.close();
});

test("a lost connection is said, and the text goes on with nothing lost or doubled", LIMIT, async () => {
  const line = await arena.line();
  const { visitor, page } = await reader(line.address);
  const address = await ask(page, STORY);
  await written(page, 40);

  line.cut();
  await page.getByRole("status").filter({ hasText: "The connection is lost." }).waitFor();
  const { A: before } = await page.evaluate(() => window.seen);
  line.mend();
  // Nobody reads until the page is back, so the models wait for it.
  await page.getByRole("status").filter({ hasText: "Both models are writing." }).waitFor();
  const whole = wholeText(visitor, address);

  await assertWhole(page, whole);
  assert.ok((await whole).A.startsWith(before));
  await visitor.close();
  line.close();
});

test("closing the tab stops both models within a second, and coming back lets them go on", LIMIT, async () => {
  const { visitor, page } = await reader();
  const address = await ask(page, STORY);
  await written(page, 10);
  const start = await arena.workerTicks();
  await until("the workers work", async () => (await arena.workerTicks()) > start + 5);

  await page.close();
  let ticks = await arena.workerTicks();
  // Standing still: at most 10 ms of work in the last quarter of a second.
  await until("the workers stand still", async () => {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const [before, now] = [ticks, await arena.workerTicks()];
    ticks = now;
    return now - before <= 1;
  }, 1_250);

  const again = await visitor.newPage();
  await again.goto(address);
  await complete(again);
  assert.ok((await arena.workerTicks()) > ticks + 5, "the models had nothing left to write when the tab was closed");
  await visitor.close();
});

test("no page has asked another host, broken its policy or thrown, in this whole file", () => arena.assertQuiet());
