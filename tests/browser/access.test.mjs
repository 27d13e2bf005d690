// Every page in light and dark, on a phone and on a desk: axe-core, no overflow, headers, no foreign host.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { Arena, ask, askAndWait, until } from "./harness.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];
const LOOKS = [390, 1280].flatMap((width) => ["light", "dark"].map((colorScheme) => ({ width, colorScheme })));
const LIMIT = { timeout: 60_000 };
let arena;
let visitor;

before(async () => {
  arena = await Arena.open({ DOUBLEBLIND_MAX_TOKENS: "16", DOUBLEBLIND_SYSTEM_PROMPT: "Be brief." });
  visitor = await arena.visitor();
  await rate(20);
}, { timeout: 120_000 });
after(() => arena?.close());

/** Plays battles over HTTP until both models have a rating, so that the tables have their intervals. */
async function rate(votes) {
  // On one and the same question only three votes would count.
  const play = async (http, vote, verdict) => {
    const battle = await http.post("/battles", { form: { prompt: `What is 1 + ${vote}?` }, headers: { accept: "text/html" } });
    const address = battle.url();
    await http.get(`${address}/events?turn=0&attempt=0&from=0`); // ends when both answers do
    const cast = await http.post(`${address}/vote`, { form: { verdict }, maxRedirects: 0 });
    assert.equal(cast.status(), 303, await cast.text());
  };
  // Three visitors at a time: the arena writes one battle of each.
  const visitors = [visitor, await arena.visitor(), await arena.visitor()];
  const verdicts = ["left", "right", "both_bad"];
  await Promise.all(visitors.map(async ({ request }, which) => {
    for (let vote = which; vote < votes; vote += visitors.length) await play(request, vote, vote === 0 ? "tie" : verdicts[which]);
  }));
  const http = visitor.request;
  await until("a rating", async () => (await (await http.get("/")).text()).includes('class="interval"'));
}

/** Runs axe-core on the page as it is, in all looks, and measures how wide it is. */
async function assertAccessible(page) {
  // The protocol runs this outside the page's policy, so nothing has to be loosened for it.
  await page.evaluate(AXE);
  for (const { width, colorScheme } of LOOKS) {
    // Tall, so that the sticky bar covers nothing: axe takes what it covers for too small to hit.
    await page.setViewportSize({ width, height: 3000 });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { violations, passes } = await page.evaluate((tags) => window.axe.run({ runOnly: tags }), TAGS);
    const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(" ")}`);
    assert.deepEqual(found, [], `${page.url()} at ${width} px, ${colorScheme}`);
    assert.ok(passes.length > 10, "axe has looked at the page");
    const excess = await page.evaluate(() => document.scrollingElement.scrollWidth - window.innerWidth);
    assert.ok(excess <= 0, `${page.url()} is ${excess} px too wide at ${width} px`);
  }
}

for (const [what, address] of [
  ["the start page", "/"],
  ["the list of evaluation sets", "/sets"],
  ["an evaluation set", "/sets/mt-bench"],
  ["the leaderboard", "/leaderboard"],
  ["the page of checks", "/leaderboard/checks"],
  ["the win matrix", "/leaderboard/matrix"],
  ["the page of stored answers", "/sets/coverage"],
  ["the page of leaks", "/leaderboard/leaks"],
  ["the list of tracks", "/tracks"],
  ["the method page", "/method"],
  ["the form for joining", "/join"],
  ["the form for signing in", "/sign-in"],
  ["the page of one's own data", "/me"],
  ["the page of the log", "/log"],
  ["the page where a receipt is checked", "/receipt"],
  ["the list of snapshots", "/snapshots"],
  ["the page of what is proved", "/transparency"],
  ["a page that is not there", "/nothing-here"],
]) {
  test(`${what} is accessible, fits, and has a strict policy`, LIMIT, async () => {
    const page = await visitor.newPage();

    const response = await page.goto(address);

    assert.equal(response.status(), address === "/nothing-here" ? 404 : 200);
    const policy = response.headers()["content-security-policy"];
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe-|https?:|\*/);
    await assertAccessible(page);
    await page.close();
  });
}

test("a battle is accessible while the models write", LIMIT, async () => {
  const page = await visitor.newPage();
  // The events never come, so the page stays as it is for as long as axe needs.
  await page.route("**/events?*", () => {});

  await ask(page, "What colour is the sea?");

  assert.equal(await page.locator("[aria-busy]").count(), 2);
  await assertAccessible(page);
  await page.close();
});

test("a complete battle is accessible, with its forms open and with its key help", LIMIT, async () => {
  const page = await visitor.newPage();

  await askAndWait(page);

  await assertAccessible(page);
  await page.locator(".ask-on summary").click();
  await page.locator(".skip-battle summary").click();
  await assertAccessible(page);
  await page.getByRole("button", { name: "Keys" }).click();
  await assertAccessible(page);
  await page.close();
});

test("a question with a next turn is accessible", LIMIT, async () => {
  const page = await visitor.newPage();

  await page.goto("/sets/mt-bench");
  await page.getByRole("button", { name: "(question 1)" }).click();
  await page.getByLabel("Next turn").waitFor();

  await assertAccessible(page);
  await page.close();
});

test("who was who is accessible, and so is a skipped battle", LIMIT, async () => {
  const page = await visitor.newPage();
  await askAndWait(page);
  await page.getByRole("button", { name: "Tie" }).click();
  await page.getByRole("heading", { name: "Who was who" }).waitFor();
  await assertAccessible(page);

  await ask(page, "What colour is snow?");
  await page.locator(".skip-battle summary").click();
  await page.getByRole("button", { name: "Skip without a vote" }).click();
  await page.getByText("You skipped this battle.").waitFor();
  await assertAccessible(page);
  await page.close();
});

test("forms of an account are accessible, with their errors, and so is its page", LIMIT, async () => {
  const page = await (await arena.visitor()).newPage();
  await page.goto("/join");
  await page.getByLabel("Name").fill("a b");
  await page.getByLabel("Password").fill("short");
  await page.getByRole("button", { name: "Register" }).click();
  await page.getByText("A password has at least 10 characters").waitFor();
  assert.equal(await page.getByLabel("Name").inputValue(), "a b");
  await assertAccessible(page);

  await page.getByLabel("Name").fill("ada");
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Register" }).click();
  await page.getByText("You are signed in as ada").waitFor();
  await askAndWait(page);
  await page.goto("/me");
  await page.getByLabel("Present password").fill("wrong");
  await page.getByLabel("New password, at least 10 characters").fill("another long password");
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.getByText("That is not your present password").waitFor();
  await assertAccessible(page);
  await page.close();
});

test("no page has asked another host, broken its policy or thrown, in this whole file", () => arena.assertQuiet());
