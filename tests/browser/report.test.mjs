// The report as a file from disk and as a page of the site: drawn, accessible, fitting, in both colour schemes, without network.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { Arena, until } from "./harness.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];
const LOOKS = [390, 1280].flatMap((width) => ["light", "dark"].map((colorScheme) => ({ width, colorScheme })));
const SHEETS = { light: "rgb(255, 255, 255)", dark: "rgb(29, 29, 26)" };
const LIMIT = { timeout: 180_000 };
let arena;
let visitor;
let folder;

before(async () => {
  arena = await Arena.open();
  visitor = await arena.visitor();
  folder = mkdtempSync(join(tmpdir(), "doubleblind-report-"));
  await promisify(execFile)(process.env.DOUBLEBLIND_BIN, ["report", "--out", folder], { env: arena.environment });
  await until("the site has its report", async () => (await fetch(`${arena.address}/report`)).ok);
}, LIMIT);
after(async () => {
  if (folder) rmSync(folder, { recursive: true });
  await arena?.close();
});

/** Waits until every chart is there in the colours of the page and as wide as its box, and says how many there are. */
async function drawn(page, colorScheme) {
  await until("every chart is drawn", () => page.evaluate((sheet) => {
    const boxes = [...document.querySelectorAll("[data-chart]")];
    return boxes.every((box) => {
      const picture = box.querySelector("svg");
      return picture && picture.style.backgroundColor === sheet && box.scrollWidth <= box.clientWidth;
    });
  }, SHEETS[colorScheme]));
  const charts = await page.locator('[data-chart][role="img"][aria-label]').count();
  assert.ok(charts > 0, "there are charts");
  return charts;
}

async function assertGood(page) {
  await page.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
  // Rows repeat each other; ten of each table are enough for axe, which needs minutes for thousands.
  await page.evaluate(() => document.querySelectorAll("tbody tr:nth-child(n + 11)").forEach((row) => row.remove()));
  await page.evaluate(AXE);
  for (const { width, colorScheme } of LOOKS) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await drawn(page, colorScheme);
    const { violations, passes } = await page.evaluate((tags) => window.axe.run({ runOnly: tags }), TAGS);
    const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0].html}`);
    assert.deepEqual(found, [], `${width} px, ${colorScheme}`);
    assert.ok(passes.length > 10, "axe has looked at the page");
    const excess = await page.evaluate(() => document.scrollingElement.scrollWidth - window.innerWidth);
    assert.ok(excess <= 0, `${excess} px too wide at ${width} px`);
  }
}

for (const [where, address] of [
  ["on the site", () => "/report"],
  ["from disk", () => pathToFileURL(join(folder, "report.html")).href],
]) {
  test(`the report ${where} draws every chart in every look`, LIMIT, async () => {
    const page = await visitor.newPage();
    const requests = [];
    page.on("request", (request) => requests.push(new URL(request.url()).origin));

    await page.goto(address());

    await assertGood(page);
    const allowed = [new URL(page.url()).origin];
    assert.deepEqual(requests.filter((origin) => !allowed.includes(origin)), []);
    await page.close();
  });
}

test("without scripts the tables are all there", LIMIT, async () => {
  const still = await arena.visitor({ javaScriptEnabled: false });
  const page = await still.newPage();

  await page.goto(pathToFileURL(join(folder, "report.html")).href);

  const tables = readdirSync(folder).filter((name) => name.endsWith(".csv")).length;
  assert.equal(await page.locator("figure table").count(), tables);
  assert.equal(await page.locator("[data-chart] svg").count(), 0);
  await still.close();
});

test("the table of a figure can be taken out of the page", LIMIT, async () => {
  const page = await visitor.newPage();
  await page.goto(pathToFileURL(join(folder, "report.html")).href);
  const link = page.locator("section.chapter a[download$='.csv']").first();

  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);

  const name = download.suggestedFilename();
  assert.equal(readFileSync(await download.path(), "utf8"), readFileSync(join(folder, name), "utf8"));
  await page.close();
});

test("pointing at a dot shows its row", LIMIT, async () => {
  const page = await visitor.newPage();
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto("/report");
  await page.locator("section.chapter [data-chart] svg").first().waitFor();

  await page.locator("section.chapter .mark-symbol.role-mark path").first().hover();

  await page.locator(".tip dt").first().waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".tip").waitFor({ state: "hidden" });
  await page.close();
});

test("no page has asked another host, broken its policy or thrown, in this whole file", () => {
  arena.origins.add("null"); // a page from disk
  arena.assertQuiet();
});
