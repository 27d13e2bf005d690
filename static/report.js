// Draws the charts of a report. What they show and how stands in the specifications beside them; this file fits them to the
// width, the colours of the page and the printer. Without it the tables are all there.
"use strict";

(() => {
  const NARROW_PX = 600;
  const PAPER_PX = 680;
  const LEAST_PX = 120;
  const SIDES_PX = 36;
  const themes = JSON.parse(document.getElementById("chart-themes").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const boxes = [...document.querySelectorAll("[data-chart]")];
  const drawn = new Map();
  const waiting = new Set();

  const tip = document.createElement("dl");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);

  /** The cells of a row beside the pointer. */
  function tell(_handler, event, _item, cells) {
    tip.hidden = !cells || typeof cells !== "object";
    if (tip.hidden) return;
    tip.replaceChildren(...Object.entries(cells).flatMap(([name, value]) => {
      const [term, words] = [document.createElement("dt"), document.createElement("dd")];
      term.textContent = name;
      words.textContent = value;
      return [term, words];
    }));
    const [room, high] = [document.documentElement.clientWidth, window.innerHeight];
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, room - tip.offsetWidth - 4))}px`;
    const below = event.clientY + 18;
    tip.style.top = `${below + tip.offsetHeight > high ? event.clientY - tip.offsetHeight - 12 : below}px`;
  }

  function fitted(bundle, width, theme) {
    const spec = structuredClone(width < NARROW_PX ? bundle.narrow : bundle.wide);
    spec.data.values = bundle.values;
    spec.config = theme;
    if (!spec.vconcat) spec.width = width;
    // Parts under each other cannot fit themselves: what stands beside them is reserved.
    else for (const part of spec.vconcat) part.width = Math.max(LEAST_PX, width - spec.usermeta.reserve - SIDES_PX);
    return spec;
  }

  function draw(box, width, theme) {
    if (width === 0) return;
    const before = drawn.get(box);
    if (before && before.width === width && before.theme === theme) return;
    before?.view.finalize();
    const bundle = JSON.parse(box.nextElementSibling.textContent);
    const compiled = vegaLite.compile(fitted(bundle, width, themes[theme]), { logger: vega.logger(vega.Error) }).spec;
    const view = new vega.View(vega.parse(compiled, null, { ast: true }), {
      expr: vegaInterpreter.expressionInterpreter,
      renderer: "svg",
      container: box,
      hover: false,
      tooltip: tell,
    });
    view.run();
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", box.dataset.chart);
    box.removeAttribute("aria-roledescription");
    // What does not fit scrolls in its box, which the keyboard must reach.
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
    drawn.set(box, { view, width, theme });
  }

  const theme = () => (dark.matches ? "dark" : "light");

  function attempt(box, width, colours) {
    try {
      draw(box, width, colours);
    } catch (error) {
      box.textContent = "This chart could not be drawn. The table below has its numbers.";
      console.error(error);
    }
  }

  /** One chart a task, so that the page stays responsive. */
  function drain() {
    const [box] = waiting;
    if (!box) return;
    waiting.delete(box);
    attempt(box, box.clientWidth, theme());
    setTimeout(drain);
  }

  function ask(some) {
    const idle = waiting.size === 0;
    some.forEach((box) => waiting.add(box));
    if (idle) setTimeout(drain);
  }

  // A chart in a closed part of the page has no width, and is drawn when it gets one.
  const observer = new ResizeObserver((entries) => ask(entries.map((entry) => entry.target)));
  boxes.forEach((box) => observer.observe(box));
  dark.addEventListener("change", () => ask(boxes));
  addEventListener("beforeprint", () => boxes.forEach((box) => attempt(box, PAPER_PX, "light")));
  addEventListener("afterprint", () => ask(boxes));
  addEventListener("scroll", () => (tip.hidden = true), { passive: true });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") tip.hidden = true;
  });
})();
