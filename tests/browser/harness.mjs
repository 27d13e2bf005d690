// A real arena for browser tests: the server, a private Postgres, two workers with a real model, and Chromium.
// Every page is watched: what it requests, what its Content-Security-Policy refuses, what its scripts throw.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { copyFile, mkdtemp, open, readdir, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { chromium } from "playwright-core";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const START_MS = 60_000;
const PAGE_MS = 30_000;

/** What must not be seen before a vote: chosen so that no answer says it by chance. */
export const MODELS = [
  { name: "Quillwort 1", maker: "Heron Works", country: "DK", licence: "Apache-2.0" },
  { name: "Marigold 2", maker: "Ibis Institute", country: "JP", licence: "MIT" },
];

/** Waits until `check` yields something true; fails with `what` after `ms`. */
export async function until(what, check, ms = PAGE_MS) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) assert.fail(`${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function setting(name) {
  const value = process.env[name];
  assert.ok(value, `${name} must be set; run the tests with make test`);
  return value;
}

function listen(server) {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
}

async function freePort() {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A line to the arena that can be cut and mended; the browser's own offline mode spares open streams. */
async function line(arena) {
  const sockets = new Set();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) return near.destroy();
    const far = connect(new URL(arena.address).port, "127.0.0.1");
    for (const [from, to] of [[near, far], [far, near]]) {
      sockets.add(from);
      from.on("error", () => to.destroy()).on("close", () => to.destroy() && sockets.delete(from)).pipe(to);
    }
  });
  const address = `http://127.0.0.1:${await listen(server)}`;
  const cut = () => {
    whole = false;
    for (const socket of sockets) socket.destroy();
  };
  return { address, cut, mend: () => (whole = true), close: () => cut() ?? server.close() };
}

/** Copies a GGUF file and changes one letter of its name inside, so that it counts as another file. */
async function twin(from, to) {
  await copyFile(from, to);
  const file = await open(to, "r+");
  const head = Buffer.alloc(64 << 10);
  await file.read(head, 0, head.length, 0);
  const key = head.indexOf("general.name");
  assert.ok(key > 0, "the test model has no general.name");
  const type = key + "general.name".length;
  assert.equal(head.readUInt32LE(type), 8, "general.name is a string");
  const text = type + 4 + 8; // after the type and the length
  const letter = head[text] === 0x58 ? 0x59 : 0x58;
  await file.write(Buffer.from([letter]), 0, 1, text);
  await file.close();
}

const stat = (pid) => {
  try {
    // The name in brackets may hold spaces; fields are counted after it.
    return readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
  } catch {
    return null;
  }
};

async function descendants(pid) {
  const all = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map(all.map((each) => [each, Number(stat(each)?.[1])]));
  const below = (parent) => all.filter((each) => parents.get(each) === parent).flatMap((each) => [each, ...below(each)]);
  return below(pid);
}

export class Arena {
  /** Starts everything; call `close` in `after`. */
  static async open(environment = {}) {
    const arena = new Arena();
    arena.folder = await mkdtemp(join(tmpdir(), "doubleblind-browser-"));
    try {
      await arena.#serve(environment);
      await arena.#addModels(environment);
      arena.browser = await chromium.launch({
        executablePath: setting("CHROMIUM"),
        args: [
          "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
          "--disable-background-networking", "--disable-component-update", "--disable-sync",
        ],
      });
      return arena;
    } catch (error) {
      await arena.close();
      throw error;
    }
  }

  origins = new Set();
  requests = new Set();
  complaints = [];

  /** Another address of the arena, whose connections a test may cut. */
  async line() {
    const opened = await line(this);
    this.origins.add(opened.address);
    return opened;
  }

  async #serve(environment) {
    const port = await freePort();
    this.address = `http://127.0.0.1:${port}`;
    this.origins.add(this.address);
    this.environment = { ...process.env, DOUBLEBLIND_DATA: join(this.folder, "data"), DOUBLEBLIND_STORE_ANSWERS: "false", DOUBLEBLIND_BATTLES_A_MINUTE: "1000", DOUBLEBLIND_NETWORK_BATTLES: "1000", ...environment };
    delete this.environment.DATABASE_URL;
    this.server = spawn(setting("DOUBLEBLIND_BIN"), ["serve", "--listen", `127.0.0.1:${port}`], {
      cwd: ROOT,
      env: this.environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.log = "";
    for (const stream of [this.server.stdout, this.server.stderr]) stream.on("data", (text) => (this.log += text));
    // A test file that is ended from outside must not leave an arena behind.
    process.once("exit", () => {
      this.server.kill();
      rmSync(this.folder, { recursive: true, force: true });
    });
    for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => process.exit(1));
    let over = false;
    this.ended = new Promise((resolve) => this.server.once("exit", resolve).once("error", resolve));
    this.ended.then((why) => (over = String(why)));
    await until("the arena answers", () => {
      assert.equal(over, false, `the arena ended (${over}): ${this.log}`);
      return fetch(`${this.address}/health`).then((response) => response.ok, () => false);
    }, START_MS);
  }

  /** Adds the two models to the running server, which takes them up without a restart. */
  async #addModels() {
    const model = setting("DOUBLEBLIND_TEST_MODEL");
    const other = join(this.folder, "twin.gguf");
    await twin(model, other);
    for (const [i, file] of [model, other].entries()) {
      const { name, maker, country, licence } = MODELS[i];
      const facts = ["--name", name, "--maker", maker, "--country", country, "--licence", licence];
      await promisify(execFile)(setting("DOUBLEBLIND_BIN"), ["models", "add", file, ...facts], {
        cwd: ROOT,
        env: this.environment,
        timeout: START_MS,
      });
    }
    await until("two models are ready", async () => {
      const page = await (await fetch(this.address)).text();
      return !page.includes("Fewer than two models");
    }, START_MS);
  }

  /** A browser of its own, watched. */
  async visitor(options = {}) {
    const context = await this.browser.newContext({ baseURL: this.address, ...options });
    context.setDefaultTimeout(PAGE_MS);
    context.on("request", (request) => this.requests.add(new URL(request.url()).origin));
    context.on("weberror", (error) => this.complaints.push(`script error: ${error.error()}`));
    context.on("console", (message) => {
      if (/Content.Security.Policy/i.test(message.text())) this.complaints.push(message.text());
    });
    await context.exposeFunction("noteViolation", (text) => this.complaints.push(text));
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        window.noteViolation(`refused by policy: ${event.violatedDirective} ${event.blockedURI}`);
      });
    });
    return context;
  }

  /** Fails if a page asked another host for anything, broke its policy, or a script threw. */
  assertQuiet() {
    assert.ok(this.requests.size > 0, "pages were opened");
    assert.deepEqual([...this.requests].filter((origin) => !this.origins.has(origin)), []);
    assert.deepEqual(this.complaints, []);
  }

  /** CPU time of all workers so far, in clock ticks of 10 ms. */
  async workerTicks() {
    const workers = (await descendants(this.server.pid)).filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("arena-worker");
      } catch {
        return false;
      }
    });
    assert.equal(workers.length, 2);
    return workers.reduce((sum, pid) => sum + Number(stat(pid)[11]) + Number(stat(pid)[12]), 0);
  }

  /** Ends everything and checks that no process is left. */
  async close() {
    await this.browser?.close();
    if (!this.server) return rm(this.folder, { recursive: true, force: true });
    const children = this.server.pid ? await descendants(this.server.pid) : [];
    this.server.kill("SIGTERM");
    const late = setTimeout(() => this.server.kill("SIGKILL"), 20_000);
    await this.ended;
    clearTimeout(late);
    const alive = (pid) => !["Z", "X", undefined].includes(stat(pid)?.[0]);
    await until("every process of the arena has ended", () => !children.some(alive), 10_000);
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Asks a question on the start page and returns the address of the battle. */
export async function ask(page, question) {
  await page.goto("/");
  await page.getByLabel("Your question").fill(question);
  await page.getByRole("button", { name: "Ask two models" }).click();
  await page.waitForURL(/\/battles\//);
  return new URL(page.url()).pathname;
}

/** Waits until both answers are complete and may be voted on. */
export async function complete(page) {
  await page.getByRole("button", { name: "A is better" }).waitFor();
}

/** Opens a battle and waits for both answers; for tests about what comes after. */
export async function askAndWait(page, question = "What colour is the sky?") {
  const address = await ask(page, question);
  await complete(page);
  return address;
}
