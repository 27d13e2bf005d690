// The voter's part in the draw, and the check of an opened seal. Without scripts the arena works as well:
// the draw then has no part of the voter, and the seal is checked by other programs.

const NONCES = "nonces";
const SEALS = "seals";
const KEPT = 100;
const DOMAIN = "arena/assign/v1\n";

function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

// Kept for all tabs: a battle may be looked at again from the list of one's own.
function recall(name) {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? [];
  } catch {
    return [];
  }
}

function remember(name, entry) {
  try {
    localStorage.setItem(name, JSON.stringify([...recall(name), entry].slice(-KEPT)));
  } catch {
    // No storage: the check then says what it could not compare.
  }
}

// Whoever asks adds sixteen random bytes to the draw, so that the arena cannot have chosen its result.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (new URL(form.action, location.href).pathname !== "/battles" || form.method !== "post") return;
  let field = form.querySelector('input[name="nonce"]');
  if (!field) {
    field = document.createElement("input");
    field.type = "hidden";
    field.name = "nonce";
    form.append(field);
  }
  field.value = toHex(crypto.getRandomValues(new Uint8Array(16)));
  remember(NONCES, field.value);
});

const CONSTANTS = (() => {
  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
  const part = (root) => Math.floor((root - Math.floor(root)) * 2 ** 32);
  return { start: primes.slice(0, 8).map((p) => part(Math.sqrt(p))), round: primes.map((p) => part(Math.cbrt(p))) };
})();

/** SHA-256 for pages over plain http, where the browser's own is not at hand. */
function sha256(message) {
  const length = message.length;
  const blocks = new Uint8Array((((length + 8) >> 6) + 1) << 6);
  blocks.set(message);
  blocks[length] = 0x80;
  const view = new DataView(blocks.buffer);
  view.setUint32(blocks.length - 8, Math.floor(length / 2 ** 29));
  view.setUint32(blocks.length - 4, length << 3);
  const state = [...CONSTANTS.start];
  const words = new Array(64);
  const turn = (word, by) => (word >>> by) | (word << (32 - by));
  for (let at = 0; at < blocks.length; at += 64) {
    for (let i = 0; i < 16; i++) words[i] = view.getUint32(at + 4 * i);
    for (let i = 16; i < 64; i++) {
      const [x, y] = [words[i - 15], words[i - 2]];
      const s0 = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
      const s1 = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
      words[i] = (words[i - 16] + s0 + words[i - 7] + s1) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const one = (h + s1 + ((e & f) ^ (~e & g)) + CONSTANTS.round[i] + words[i]) | 0;
      const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
      const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] = (state[i] + word) | 0));
  }
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, i) => digest.setUint32(4 * i, word));
  return new Uint8Array(digest.buffer);
}

/** HMAC-SHA256 with a key of 32 bytes. */
async function hmac(key, message) {
  if (crypto.subtle) {
    const use = { name: "HMAC", hash: "SHA-256" };
    const secret = await crypto.subtle.importKey("raw", key, use, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", secret, message));
  }
  const pad = (value) => Uint8Array.from({ length: 64 }, (_, i) => (key[i] ?? 0) ^ value);
  const join = (one, other) => Uint8Array.from([...one, ...other]);
  return sha256(join(pad(0x5c), sha256(join(pad(0x36), message))));
}

/** What the open battle's page said, to be compared with what is opened later. */
function noteSeal() {
  const battle = document.getElementById("battle");
  const sealed = document.querySelector(".sealed");
  if (!battle || !sealed) return;
  const seen = recall(SEALS).some(([id, seal]) => id === battle.dataset.id && seal === sealed.dataset.commitment);
  if (!seen) remember(SEALS, [battle.dataset.id, sealed.dataset.commitment, sealed.querySelector("pre").textContent]);
}

/** The steps of the check: [passed, what it says], null for what could not be compared. */
async function steps(opened) {
  const { commitment, opening, reveal } = opened.dataset;
  const id = document.getElementById("battle").dataset.id;
  const digest = await hmac(fromHex(opening), new TextEncoder().encode(DOMAIN + reveal));
  const said = JSON.parse(reveal);
  const cards = Object.fromEntries([...document.querySelectorAll(".card.reveal")].map((card) => [card.dataset.letter, card.dataset]));
  const shown = (card, model, file) => card.model.replaceAll("-", "") === model && card.file === file;
  const first = recall(SEALS).find(([battle]) => battle === id);
  return [
    [toHex(digest) === commitment, "What was locked in is what is shown: the seal opens with this text and no other."],
    [
      first ? recall(SEALS).every(([battle, seal]) => battle !== id || seal === commitment) : null,
      first ? "It is the seal that your browser saw before your vote." : "Your browser has no note of the seal from before the vote.",
    ],
    [said.b === id.replaceAll("-", ""), "It belongs to this battle."],
    [
      shown(cards.A, said.l, said.lg) && shown(cards.B, said.r, said.rg),
      "The models named above, and their files, are the ones that were locked in.",
    ],
    [
      said.cn === "" ? null : recall(NONCES).length === 0 ? null : recall(NONCES).includes(said.cn),
      said.cn === "" ? "The draw had no random part from your browser." : "The random part that your browser added to the draw is in it.",
    ],
  ];
}

/** Shows what the arena had signed before the vote: with it, a battle that is missing from the log can be proved. */
function showPromise(opened, promise) {
  if (!promise) return;
  const [details, summary, text] = ["details", "summary", "pre"].map((name) => document.createElement(name));
  summary.textContent = "The promise from before your vote";
  text.className = "seal";
  text.textContent = promise;
  details.append(summary, text);
  opened.append(details);
}

async function checkOpened() {
  const opened = document.getElementById("opened");
  if (!opened) return;
  const result = document.getElementById("opened-result");
  try {
    const outcome = await steps(opened);
    const list = document.getElementById("opened-steps");
    for (const [passed, words] of outcome) {
      const item = document.createElement("li");
      item.dataset.mark = passed === null ? "–" : passed ? "✓" : "✗";
      item.textContent = words;
      list.append(item);
    }
    const failed = outcome.some(([passed]) => passed === false);
    showPromise(opened, recall(SEALS).find(([battle]) => battle === document.getElementById("battle").dataset.id)?.[2]);
    // The second step is the one that tells when the seal was made.
    const seen = outcome[1][0] !== null;
    opened.dataset.checked = failed ? "failed" : seen ? "passed" : "partly";
    result.textContent = failed
      ? "✗ The seal does not fit what is shown. Please keep this page and tell the operator: something was changed."
      : seen
        ? "✓ Your browser has checked it: the pair was fixed before the first word, and your vote changed nothing about it."
        : "– The seal opens with what is shown. That it is the one from before your vote is not known to this browser; the log tells.";
  } catch {
    result.textContent = "Your browser could not check the seal; the numbers below are all that is needed to do it elsewhere.";
  }
}

noteSeal();
checkOpened();
