// The live part of a battle page: text as it comes, keys, and where the focus goes.
// Everything else on the page works without this file.
"use strict";

const KEYS_OFF = "keys-off";
const RETRY_MS = 1000;
const LOST = "The connection is lost. The text goes on as soon as it is back, and nothing is missing then.";

function battle() {
  return document.getElementById("battle");
}

function status() {
  return document.getElementById("status");
}

/** Reads the live text; the browser reconnects by itself and says which frame came last. */
function follow() {
  const box = battle();
  if (!box) return;
  // Running, but not yet, or not in this process: there is nothing to listen to, so look again.
  if (box.dataset.elsewhere !== undefined) setTimeout(refresh, RETRY_MS);
  if (box.dataset.from === undefined) return;
  const { id, turn, attempt, from } = box.dataset;
  const texts = { a: box.querySelector('[data-live="A"]'), b: box.querySelector('[data-live="B"]') };
  const source = new EventSource(`/battles/${id}/events?turn=${turn}&attempt=${attempt}&from=${from}`);
  let words = null;
  source.onopen = () => {
    if (words !== null) status().textContent = words;
    words = null;
  };
  source.onmessage = (event) => {
    const frame = JSON.parse(event.data);
    texts.a.append(frame.a);
    texts.b.append(frame.b);
  };
  source.addEventListener("place", (event) => {
    status().textContent = JSON.parse(event.data).words;
  });
  source.addEventListener("end", () => {
    source.close();
    refresh();
  });
  source.onerror = () => {
    if (words === null) {
      words = status().textContent;
      status().textContent = LOST;
    }
    if (source.readyState === EventSource.CLOSED) setTimeout(refresh, RETRY_MS);
  };
  window.addEventListener("pagehide", () => source.close(), { once: true });
}

/** Asks the server what is true now and shows it in the place of the live page. */
async function refresh() {
  try {
    const response = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    if (response.status === 404) return location.reload();
    if (!response.ok) throw new Error(response.status);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    // The vote was cast in another tab: who was who is a page of its own.
    if (!page.getElementById("status")) return location.reload();
    document.title = page.title;
    replace(page.getElementById("battle"));
    follow();
  } catch {
    setTimeout(refresh, RETRY_MS);
  }
}

/** Swaps the battle; the place on the page and a half-filled skip form, with its focus, stay. */
function replace(fresh) {
  const { scrollX, scrollY } = window;
  const focused = document.activeElement;
  const form = battle().querySelector(".skip-battle");
  const place = fresh.querySelector(".skip-battle");
  const line = fresh.querySelector("#status");
  const words = [...line.childNodes];
  line.replaceChildren();
  const kept = form !== null && place !== null;
  const hadFocus = kept && form.contains(focused);
  if (kept) place.replaceWith(form);
  battle().replaceWith(document.adoptNode(fresh));
  if (hadFocus) focused.focus({ preventScroll: true });
  window.scrollTo(scrollX, scrollY);
  // A status line speaks when its text changes after it is in the page.
  requestAnimationFrame(() => line.replaceChildren(...words));
}

function keysOn() {
  return localStorage.getItem(KEYS_OFF) === null;
}

function prepareKeys() {
  const dialog = document.getElementById("keys");
  if (!dialog) return;
  const box = document.getElementById("keys-on");
  box.checked = keysOn();
  box.addEventListener("change", () => {
    if (box.checked) localStorage.removeItem(KEYS_OFF);
    else localStorage.setItem(KEYS_OFF, "1");
  });
  document.querySelector(".keys-hint").hidden = false;
  document.getElementById("keys-open").addEventListener("click", help);
}

function help() {
  const dialog = document.getElementById("keys");
  if (dialog.open) return dialog.close();
  dialog.showModal();
  document.getElementById("keys-close").focus();
}

function typing(element) {
  return element.closest('textarea, input:not([type="checkbox"]), select, [contenteditable]') !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (typing(event.target) || !keysOn()) return;
  const dialog = document.getElementById("keys");
  if (event.key === "?" && dialog) {
    event.preventDefault();
    return help();
  }
  if (dialog && dialog.open) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (target) {
    event.preventDefault();
    target.click();
  }
});

// One press, one vote: the second click of a double click finds the buttons off.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog") return;
  setTimeout(() => {
    for (const button of form.querySelectorAll("button")) button.disabled = true;
  }, 0);
});
window.addEventListener("pageshow", (event) => {
  // A page that comes back from the browser's memory has lost its stream.
  if (event.persisted && battle()) refresh();
  for (const button of document.querySelectorAll("button:disabled")) button.disabled = false;
});

const reveal = document.getElementById("reveal");
if (reveal) reveal.focus({ preventScroll: true });
follow();
prepareKeys();
