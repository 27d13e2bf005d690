// A battle from the question to who was who: by mouse, by keyboard, without JavaScript, and in two tabs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Arena, MODELS, ask, askAndWait, complete } from "./harness.mjs";

const LIMIT = { timeout: 60_000 };
let arena;

before(async () => {
  arena = await Arena.open({ DOUBLEBLIND_MAX_TOKENS: "36" });
}, { timeout: 120_000 });
after(() => arena?.close());

function assertBlind(html) {
  const secrets = MODELS.flatMap(({ name, maker }) => [name, maker]).concat("Quillwort", "Marigold", "twin.gguf", "SmolLM", "Q4_1");
  for (const secret of secrets) assert.ok(!html.toLowerCase().includes(secret.toLowerCase()), `${secret} is on the page`);
}

async function assertRevealed(page) {
  await page.getByRole("heading", { name: "Who was who" }).waitFor();
  for (const { name, maker } of MODELS) {
    await page.getByRole("heading", { name }).waitFor();
    assert.ok((await page.content()).includes(maker));
  }
}

test("a battle goes from the question to who was who by mouse, and no name is on a page before the vote", LIMIT, async () => {
  const visitor = await arena.visitor();
  const page = await visitor.newPage();

  await ask(page, "Tell me a story about a lighthouse.");
  const answers = page.getByRole("article");
  await page.waitForFunction(() => [...document.querySelectorAll("[data-live]")].filter((live) => live.textContent.length > 20).length === 2);
  assert.equal(await answers.count(), 2);
  for (const answer of await answers.all()) assert.equal(await answer.getAttribute("aria-busy"), "true");
  assert.match(await page.getByRole("status").innerText(), /Both models are writing/);
  assertBlind(await page.content());
  await complete(page);
  await page.getByRole("status").filter({ hasText: "Which is better?" }).waitFor();
  assert.equal(await page.locator("[aria-busy]").count(), 0);
  assertBlind(await page.content());
  await page.getByRole("button", { name: "B is better" }).click();

  await assertRevealed(page);
  assert.equal(await page.evaluate(() => document.activeElement.id), "reveal");
  await page.getByText("You preferred answer B.").waitFor();
  await visitor.close();
});

test("the verdicts stand in the order A, tie, B, both good, both bad and have equal weight", LIMIT, async () => {
  const visitor = await arena.visitor({ viewport: { width: 1280, height: 800 } });
  const page = await visitor.newPage();

  await askAndWait(page);

  const buttons = page.locator(".verdicts button");
  const shapes = await buttons.evaluateAll((all) => all.map((button) => {
    const { width, height } = button.getBoundingClientRect();
    const { backgroundColor, fontWeight } = getComputedStyle(button);
    return { width: Math.round(width), height, backgroundColor, fontWeight };
  }));
  assert.deepEqual(
    await buttons.evaluateAll((all) => all.map((button) => button.value)),
    ["left", "tie", "right", "both_good", "both_bad"],
  );
  for (const shape of shapes) assert.deepEqual(shape, shapes[0]);
  await visitor.close();
});

/** Presses Tab until the focus is where it is wanted; a person would not try for ever either. */
async function tabTo(page, selector, key = "Tab") {
  for (let presses = 0; presses < 40; presses++) {
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
    await page.keyboard.press(key);
  }
  assert.fail(`${selector} cannot be reached with ${key}`);
}

test("a battle can be fought by keyboard only, with 1 to vote and N for the next one", LIMIT, async () => {
  const visitor = await arena.visitor();
  const page = await visitor.newPage();

  await page.goto("/");
  await tabTo(page, "#prompt");
  await page.keyboard.type("What colour is grass?");
  await tabTo(page, "button.primary");
  await page.keyboard.press("Enter");
  await complete(page);
  await page.keyboard.press("1");

  await assertRevealed(page);
  assert.equal(await page.evaluate(() => document.activeElement.id), "reveal");
  await page.getByText("You preferred answer A.").waitFor();
  await page.keyboard.press("n");
  await page.getByRole("heading", { name: "Ask your own question" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "prompt");
  await visitor.close();
});

test("keys do nothing while typing, and can be switched off for good", LIMIT, async () => {
  const visitor = await arena.visitor();
  const page = await visitor.newPage();
  let posts = 0;
  const settled = () => page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
  const address = await askAndWait(page);
  page.on("request", (request) => (posts += request.method() === "POST" ? 1 : 0));

  await tabTo(page, ".ask-on summary");
  await page.keyboard.press("Enter");
  await tabTo(page, "#further");
  await page.keyboard.type("1 2 3 0 9 n ?");
  assert.equal(await page.locator("#further").inputValue(), "1 2 3 0 9 n ?");
  assert.ok(!(await page.locator("#keys").isVisible()));

  await tabTo(page, ".ask-on summary", "Shift+Tab");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("1");
  await tabTo(page, "#keys-on", "Shift+Tab");
  await page.keyboard.press("Space");
  await page.keyboard.press("Escape");
  await page.keyboard.press("1");
  await page.keyboard.press("?");
  await settled();
  assert.ok(!(await page.locator("#keys").isVisible()));

  await page.reload();
  await page.keyboard.press("2");
  await settled();
  assert.deepEqual([posts, new URL(page.url()).pathname], [0, address]);

  await page.getByRole("button", { name: "Keys" }).click();
  assert.equal(await page.getByLabel("Use keys on this device").isChecked(), false);
  await page.getByLabel("Use keys on this device").check();
  await page.getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("0");
  await assertRevealed(page);
  await page.getByText("You found both answers bad.").waitFor();
  await visitor.close();
});

test("what has the focus is never behind the vote bar", LIMIT, async () => {
  const visitor = await arena.visitor({ viewport: { width: 390, height: 700 } });
  const page = await visitor.newPage();
  await askAndWait(page, "Tell me a story about a ship.");
  await page.locator(".ask-on summary").click();
  await page.locator(".skip-battle summary").click();

  for (const key of ["Tab", "Shift+Tab"]) {
    for (let presses = 0; presses < 20; presses++) {
      await page.keyboard.press(key);
      const hidden = await page.evaluate(() => {
        const bar = document.querySelector(".bar");
        const focused = document.activeElement;
        if (focused === document.body || bar.contains(focused)) return null;
        const [over, box] = [bar.getBoundingClientRect(), focused.getBoundingClientRect()];
        const covered = Math.min(over.bottom, box.bottom) - Math.max(over.top, box.top);
        return covered > 1 ? `${focused.outerHTML.slice(0, 80)} by ${covered} px` : null;
      });
      assert.equal(hidden, null);
    }
  }
  await visitor.close();
});

test("a further question before the vote is answered by both and belongs to the same battle", LIMIT, async () => {
  const visitor = await arena.visitor();
  const page = await visitor.newPage();
  const address = await askAndWait(page);

  await page.getByText("Ask both a further question").click();
  await page.getByLabel("Further question").fill("And at night?");
  await page.getByRole("button", { name: "Send to both" }).click();
  await page.getByRole("heading", { name: "Question 2" }).waitFor();
  await complete(page);

  assert.equal(new URL(page.url()).pathname, address);
  assert.equal(await page.getByRole("article").count(), 4);
  assertBlind(await page.content());
  await page.getByRole("button", { name: "Tie" }).click();
  await assertRevealed(page);
  await visitor.close();
});

test("a battle can be skipped with a reason while the models write, and names nobody", LIMIT, async () => {
  const visitor = await arena.visitor();
  const page = await visitor.newPage();
  await ask(page, "Tell me a story about a mountain.");

  await page.getByText("Skip this battle").click();
  await page.getByLabel("Why do you skip it?").selectOption("not_my_field");
  await page.getByRole("button", { name: "Skip without a vote" }).click();

  await page.getByRole("status").filter({ hasText: "You skipped this battle." }).waitFor();
  assertBlind(await page.content());
  await page.getByRole("link", { name: "Next battle" }).click();
  await page.getByRole("heading", { name: "Ask your own question" }).waitFor();
  await visitor.close();
});

test("a half-filled skip form survives the end of the answers, with its focus", LIMIT, async () => {
  const visitor = await arena.visitor();
  const page = await visitor.newPage();
  await ask(page, "Tell me a story about a river.");

  await page.getByText("Skip this battle").click();
  await page.getByLabel("Why do you skip it?").selectOption("unsafe");
  await page.getByLabel("Why do you skip it?").focus();
  await complete(page);

  assert.equal(await page.getByLabel("Why do you skip it?").inputValue(), "unsafe");
  assert.equal(await page.evaluate(() => document.activeElement.id), "reason");
  await visitor.close();
});

test("another verdict from a second tab is refused, and the first one stands", LIMIT, async () => {
  const visitor = await arena.visitor();
  const [first, second] = [await visitor.newPage(), await visitor.newPage()];
  const address = await askAndWait(first);
  await second.goto(address);
  await first.getByRole("button", { name: "A is better" }).click();
  await assertRevealed(first);

  const refusal = second.waitForResponse((response) => response.request().method() === "POST");
  await second.getByRole("button", { name: "B is better" }).click();

  assert.equal((await refusal).status(), 409);
  await second.getByRole("heading", { name: "Not possible now" }).waitFor();
  await second.getByRole("link", { name: "Back to the battle" }).click();
  await second.getByText("You preferred answer A.").waitFor();
  await visitor.close();
});

test("without JavaScript the page looks again by itself until the answers are complete, and the vote counts", LIMIT, async () => {
  const visitor = await arena.visitor({ javaScriptEnabled: false });
  const page = await visitor.newPage();

  await ask(page, "What is the capital of France?");
  assert.equal(await page.locator('meta[http-equiv="refresh"]').count(), 1);
  await complete(page);
  assert.equal(await page.locator('meta[http-equiv="refresh"]').count(), 0);
  assertBlind(await page.content());
  await page.getByRole("button", { name: "Both good" }).click();

  await assertRevealed(page);
  await page.getByText("You found both answers good.").waitFor();
  await visitor.close();
});

test("no page has asked another host, broken its policy or thrown, in this whole file", () => arena.assertQuiet());
