// Behaviour shared by the screens: charts from JSON, "select all", confirmations, keys. No inline scripts.
(() => {
  "use strict";

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const drawn = [];

  // <div class="hub-chart"><canvas data-chart="ID"></canvas></div> with {{ chart|json_script:"ID" }}
  const drawCharts = () => {
    drawn.splice(0).forEach((chart) => chart.destroy());
    document.querySelectorAll("canvas[data-chart]").forEach((canvas) => {
      const source = document.getElementById(canvas.dataset.chart);
      if (!source) return;
      const { type, labels, datasets, stacked, horizontal, unit = "", max } = JSON.parse(source.textContent);
      const text = css("--hub-mute"), line = css("--hub-line");
      const scale = { stacked, ticks: { color: text, font: { size: 11 }, precision: 0 }, grid: { color: line }, border: { display: false } };
      drawn.push(new Chart(canvas, {
        type,
        data: { labels, datasets: datasets.map((set) => ({ maxBarThickness: 34, borderRadius: 3, borderWidth: type === "line" ? 2 : 0, pointRadius: 2, tension: 0.25, ...set })) },
        options: {
          indexAxis: horizontal ? "y" : "x",
          responsive: true, maintainAspectRatio: false, animation: false,
          interaction: { mode: "index", intersect: false },
          plugins: { tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${item.formattedValue}${unit}` } }, legend: { display: datasets.length > 1, position: "bottom", labels: { color: text, boxWidth: 10, boxHeight: 10, font: { size: 11 } } } },
          scales: type === "doughnut" ? {} : {
            x: { ...scale, max: horizontal ? max : undefined, grid: { ...scale.grid, display: Boolean(horizontal) }, beginAtZero: true },
            y: { ...scale, grid: { ...scale.grid, display: !horizontal }, beginAtZero: true },
          },
        },
      }));
    });
  };

  // <input type="checkbox" data-check-all="NAME"> ticks every checkbox of that name in the same form.
  document.addEventListener("change", (event) => {
    const name = event.target.dataset?.checkAll;
    if (name) document.querySelectorAll(`input[name="${name}"]`).forEach((box) => { box.checked = event.target.checked; });
    if (event.target.dataset?.submitOnChange !== undefined) event.target.form.requestSubmit();
  });

  // <button data-confirm="Question?">
  document.addEventListener("click", (event) => {
    const asker = event.target.closest("[data-confirm]");
    if (asker && !window.confirm(asker.dataset.confirm)) event.preventDefault();
  });

  // The theme opens its menus by clicks on plain elements: here they can be reached and pressed by keys, too.
  const pressable = () => {
    document.querySelectorAll("#header-inner span, #nav-sidebar div, #nav-sidebar span").forEach((element) => {
      if (!element.hasAttribute("x-on:click") || element.querySelector("a, button, input")) return;
      const opensMenu = element.getAttribute("x-on:click").includes("sidebar");
      element.tabIndex = 0;
      element.setAttribute("role", "button");
      element.setAttribute("aria-label", opensMenu ? "Show or hide the menu" : "Theme, password, sign out");
    });
  };
  document.addEventListener("keydown", (event) => {
    if (!["Enter", " "].includes(event.key) || !event.target.matches("[role=button][x-on\\:click]")) return;
    event.preventDefault();
    event.target.click();
  });

  // data-key="m": that key clicks the element, unless somebody is typing.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input, textarea, select, [contenteditable]");
    if (typing) { if (event.key === "Escape") event.target.blur(); return; }
    const key = CSS.escape(event.key);
    const element = document.querySelector(`[data-key="${key}"], [data-key-2="${key}"]`);
    if (element) { event.preventDefault(); element.focus(); if (!element.matches("input, textarea")) element.click(); }
  });

  // Times are written by the server: it must know whose clock the reader looks at.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `hub_zone=${zone}; path=/admin/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;

  document.addEventListener("DOMContentLoaded", () => {
    drawCharts();
    pressable();
    new MutationObserver(drawCharts).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
  });
})();
