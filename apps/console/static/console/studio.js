// The tuning studio: pairs by score, two thresholds to drag, counts at once, examples of a bar.
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const HEIGHT = 300, TOP = 26, FOOT = 44;
  const box = document.querySelector("[data-studio]");
  const source = document.getElementById("studio-picture");
  if (!box || !source) return;

  const data = JSON.parse(source.textContent);
  const { reach, step, bar, bins, unfound } = data;
  const state = { match: data.match, review: data.review, width: 900, open: null };
  const share = (bits) => 1 / (1 + 2 ** -bits);
  const bitsOf = (p) => Math.log2(p / (1 - p));
  const snap = (bits) => Math.round(Math.max(-reach + step, Math.min(reach - step, bits)) / step) * step;
  const plain = (n) => Math.round(n).toLocaleString("en");
  const fine = (n) => (n < 10 ? n.toFixed(1) : plain(n));
  const percent = (bits) => {
    const p = 100 * share(bits);
    return p > 99 || p < 1 ? p.toPrecision(4) : p.toFixed(1);
  };

  const element = (name, attributes = {}, parent = null) => {
    const node = document.createElementNS(SVG, name);
    Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
    if (parent) parent.append(node);
    return node;
  };

  // [bin, pairs, apart, expected matches, decided match, decided never]; a bin begins at -reach + bin * step
  const lower = (bin) => -reach + bin * step;
  const counts = () => {
    const found = { auto: 0, autoApart: 0, review: 0, reviewApart: 0, none: 0, falseMerges: 0, missed: 0, knownFalse: 0, knownMissed: unfound.match, knownAuto: 0, knownNone: unfound.match + unfound.never };
    bins.forEach(([bin, pairs, apart, expected, match, never]) => {
      const at = lower(bin) + step / 2;
      if (at > state.match) {
        found.auto += pairs; found.autoApart += apart; found.falseMerges += pairs - expected; found.knownFalse += never; found.knownAuto += match + never;
      } else if (at > state.review) {
        found.review += pairs; found.reviewApart += apart;
      } else {
        found.none += pairs; found.missed += expected; found.knownMissed += match; found.knownNone += match + never;
      }
    });
    return found;
  };

  const show = (name, text) => document.querySelectorAll(`[data-count="${name}"]`).forEach((node) => { node.textContent = text; });
  const tell = (c) => {
    show("auto", plain(c.auto)); show("auto_apart", plain(c.autoApart));
    show("review", plain(c.review)); show("review_apart", plain(c.reviewApart));
    show("none", plain(c.none));
    show("false_merges", fine(c.falseMerges)); show("missed", fine(c.missed));
    show("known_false", plain(c.knownFalse)); show("known_auto", plain(c.knownAuto));
    show("known_missed", plain(c.knownMissed)); show("known_none", plain(c.knownNone));
  };

  // The server counts exactly by the probabilities in the fields; bins answer at once meanwhile.
  let asking = 0;
  const confirmCounts = () => {
    clearTimeout(asking);
    asking = setTimeout(async () => {
      const url = new URL(location.href);
      url.searchParams.set("counts", "1");
      url.searchParams.set("match", share(state.match));
      url.searchParams.set("review", share(state.review));
      const asked = `${state.match} ${state.review}`;
      const answer = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
      if (!answer || !answer.ok || asked !== `${state.match} ${state.review}`) return;
      const c = await answer.json();
      tell({ auto: c.auto, autoApart: c.auto_apart, review: c.review, reviewApart: c.review_apart, none: c.none, falseMerges: c.false_merges, missed: c.missed, knownFalse: c.known_false, knownMissed: c.known_missed, knownAuto: c.known_auto, knownNone: c.known_none });
      box.dataset.confirmed = asked;
    }, 250);
  };

  const x = (bits) => ((bits + reach) / (2 * reach)) * state.width;
  const bars = () => {
    const found = new Map();
    bins.forEach(([bin, pairs, apart, , match, never]) => {
      const at = Math.floor(lower(bin) / bar + 1e-6) * bar;
      const sum = found.get(at) || { pairs: 0, apart: 0, match: 0, never: 0 };
      sum.pairs += pairs; sum.apart += apart; sum.match += match; sum.never += never;
      found.set(at, sum);
    });
    return found;
  };
  const heights = bars();
  const most = Math.max(1, ...[...heights.values()].map((b) => b.pairs));
  const tall = (n) => (n <= 0 ? 0 : Math.max(2, (Math.log1p(n) / Math.log1p(most)) * (HEIGHT - TOP - FOOT)));
  const bandOf = (bits) => (bits >= state.match - 1e-9 ? "yes" : bits >= state.review - 1e-9 ? "ask" : "no");

  const svg = element("svg", { role: "group", "aria-label": "Candidate pairs by score; two thresholds" }, box);
  const ground = HEIGHT - FOOT;

  const drawBars = (layer) => {
    heights.forEach((sum, at) => {
      const group = element("g", { class: "bar", tabindex: "-1", role: "button", "aria-pressed": String(state.open === at), "data-at": at, "aria-label": `${at} to ${at + bar} bits: ${sum.pairs} pairs` }, layer);
      const left = x(at) + 0.5, width = Math.max(1, x(at + bar) - x(at) - 1), whole = tall(sum.pairs);
      const fresh = sum.pairs ? whole * (sum.apart / sum.pairs) : 0, band = bandOf(at);
      element("rect", { x: left, y: TOP, width, height: ground - TOP, fill: "transparent" }, group);
      element("rect", { class: `${band} old`, x: left, y: ground - whole, width, height: Math.max(0, whole - fresh) }, group);
      element("rect", { class: `${band} apart`, x: left, y: ground - fresh, width, height: fresh }, group);
      element("title", {}, group).textContent = `${at} to ${at + bar} bits (${percent(at)}% and more): ${plain(sum.pairs)} pairs, ${plain(sum.apart)} not one record now; decided: ${sum.match} match, ${sum.never} not a match`;
      if (sum.match) element("circle", { class: "said-match", cx: left + width / 2, cy: ground + 26, r: Math.min(5, 2 + Math.log2(sum.match)) }, group);
      if (sum.never) element("circle", { class: "said-never", cx: left + width / 2, cy: ground + 37, r: Math.min(5, 2 + Math.log2(sum.never)) }, group);
    });
  };

  const drawThreshold = (name, label) => {
    const at = x(state[name]);
    const group = element("g", { class: "hub-threshold", tabindex: "0", role: "slider", "data-threshold": name, "aria-label": label, "aria-valuemin": -reach, "aria-valuemax": reach, "aria-valuenow": state[name].toFixed(2), "aria-valuetext": `${percent(state[name])} percent` }, svg);
    element("rect", { class: "catch", x: at - 9, y: 0, width: 18, height: ground + 4 }, group);
    element("line", { x1: at, x2: at, y1: 18, y2: ground }, group);
    element("rect", { class: "grip", x: at - 6, y: ground - 12, width: 12, height: 18, rx: 4 }, group);
    const text = element("text", { x: at, y: 12, "text-anchor": name === "match" ? (at > state.width - 90 ? "end" : "start") : (at < 90 ? "start" : "end") }, group);
    text.textContent = `${label} ${percent(state[name])}%`;
    return group;
  };

  const draw = () => {
    const focused = document.activeElement?.dataset?.threshold;
    state.width = Math.max(480, box.clientWidth);
    svg.setAttribute("viewBox", `0 0 ${state.width} ${HEIGHT}`);
    svg.replaceChildren();
    [["no", -reach, state.review], ["ask", state.review, state.match], ["yes", state.match, reach]].forEach(([band, from, to]) =>
      element("rect", { class: `band ${band}`, x: x(from), y: TOP, width: Math.max(0, x(to) - x(from)), height: ground - TOP }, svg));
    for (let bits = -reach; bits <= reach; bits += 4) {
      element("line", { class: bits ? "axis" : "even", x1: x(bits), x2: x(bits), y1: TOP, y2: ground + 3 }, svg);
      element("text", { x: x(bits), y: ground + 15, "text-anchor": bits === -reach ? "start" : bits === reach ? "end" : "middle" }, svg).textContent = bits > 0 ? `+${bits}` : bits;
    }
    drawBars(element("g", {}, svg));
    drawThreshold("review", "Review from");
    drawThreshold("match", "Match from");
    if (focused) svg.querySelector(`[data-threshold="${focused}"]`)?.focus({ preventScroll: true });
  };

  const fields = { match: document.getElementById("match"), review: document.getElementById("review") };
  const move = (name, bits, typed = false) => {
    let value = snap(bits);
    if (name === "match") value = Math.max(value, state.review + step);
    else value = Math.min(value, state.match - step);
    state[name] = Number(value.toFixed(4));
    if (fields[name] && !typed) fields[name].value = percent(state[name]);
    draw();
    tell(counts());
    confirmCounts();
    document.querySelectorAll("[data-dirty]").forEach((node) => { node.hidden = false; });
  };

  let dragging = null;
  svg.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest(".hub-threshold");
    if (!grip) return;
    event.preventDefault();
    dragging = grip.dataset.threshold;
    grip.focus({ preventScroll: true });
  });
  window.addEventListener("pointermove", (event) => {
    if (!dragging) return;
    const frame = svg.getBoundingClientRect();
    move(dragging, ((event.clientX - frame.left) / frame.width) * 2 * reach - reach);
    svg.querySelector(`[data-threshold="${dragging}"]`)?.classList.add("dragged");
  });
  window.addEventListener("pointerup", () => { if (dragging) { dragging = null; draw(); } });

  svg.addEventListener("keydown", (event) => {
    const name = event.target.dataset?.threshold;
    const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -20, PageUp: 20 }[event.key];
    if (!name || !way) return;
    event.preventDefault();
    event.stopPropagation();
    move(name, state[name] + way * step * (event.shiftKey ? 10 : 1));
  });
  Object.entries(fields).forEach(([name, field]) => field?.addEventListener("input", () => {
    const p = Number(field.value) / 100;
    if (p > 0 && p < 1) move(name, bitsOf(p), true);
  }));

  const examples = document.querySelector("[data-examples]");
  svg.addEventListener("click", async (event) => {
    const chosen = event.target.closest(".bar");
    if (!chosen || !examples) return;
    state.open = Number(chosen.dataset.at);
    draw();
    const url = new URL(location.href);
    const outermost = state.open + bar >= reach;
    url.searchParams.set("low", state.open <= -reach ? -99 : state.open);
    url.searchParams.set("high", outermost ? 99 : state.open + bar);
    const answer = await fetch(url).catch(() => null);
    if (!answer || !answer.ok) return;
    const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
    examples.replaceChildren(...parsed.body.childNodes);
    examples.scrollIntoView({ behavior: "smooth", block: "nearest" });
  });

  document.querySelectorAll(".hub-weights input[type=number]").forEach((input) => {
    const first = input.value;
    input.addEventListener("input", () => {
      input.classList.toggle("edited", input.value !== first);
      document.querySelectorAll("[data-dirty]").forEach((node) => { node.hidden = false; });
    });
  });

  new ResizeObserver(draw).observe(box);
  draw();
})();
