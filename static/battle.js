// The live part of a battle page: text as it comes, keys, and where the focus goes.
// Everything else on the page works without this file.
"use strict";

const KEYS_OFF = "keys-off";

function battle() {
  return document.getElementById("battle");
}

/** Reads the live text; the browser reconnects by itself and says which frame came last. */
function follow() {
  const box = battle();
  if (!box || box.dataset.from === undefined) return;
  const { id, turn, attempt, from } = box.dataset;
  const side = (letter) => box.querySelector(`[data-live="${letter}"]`);
  const texts = { a: side("A"), b: side("B") };
  const address = `/battles/${id}/events?turn=${turn}&attempt=${attempt}&from=${from}`;
  const source = new EventSource(address);
  source.onmessage = (event) => {
    const frame = JSON.parse(event.data);
    const atEnd = window.innerHeight + window.scrollY >= document.body.scrollHeight - 40;
    texts.a.append(frame.a);
    texts.b.append(frame.b);
    if (atEnd) window.scrollTo(0, document.body.scrollHeight);
  };
  source.addEventListener("end", () => {
    source.close();
    refresh();
  });
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(refresh, 1000);
  };
  window.addEventListener("pagehide", () => source.close());
}

/** Puts what is true now in the place of the live page, and tells a screen reader so. */
async function refresh() {
  try {
    const response = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    if (!response.ok) throw new Error(response.status);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("battle");
    if (!fresh) throw new Error("no battle");
    const status = fresh.querySelector("#status");
    const words = status.textContent;
    status.textContent = "";
    const { scrollX, scrollY } = window;
    battle().replaceWith(document.adoptNode(fresh));
    window.scrollTo(scrollX, scrollY);
    // A status line speaks when its text changes after it is in the page.
    requestAnimationFrame(() => { status.textContent = words; });
    prepareKeys();
    follow();
  } catch {
    setTimeout(refresh, 2000);
  }
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
  document.getElementById("keys-open").addEventListener("click", () => dialog.showModal());
}

function typing(element) {
  return element.closest("textarea, input, select, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (typing(event.target) || !keysOn()) return;
  const dialog = document.getElementById("keys");
  if (event.key === "?" && dialog) {
    event.preventDefault();
    if (dialog.open) dialog.close();
    else dialog.showModal();
    return;
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
  setTimeout(() => {
    for (const button of form.querySelectorAll("button")) button.disabled = true;
  }, 0);
});
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button:disabled")) button.disabled = false;
});

const reveal = document.getElementById("reveal");
if (reveal) reveal.focus({ preventScroll: true });
prepareKeys();
follow();
