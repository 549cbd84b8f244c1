"use strict";
(() => {
  // Okabe and Ito's palette, which people who can't tell red from green can tell apart.
  const LIGHT = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a8d91"];
  const DARK = ["#56b4e9", "#e69f00", "#2fbf94", "#e19cc4", "#9ecbff", "#f08a4b", "#b3b7bc"];  // the same, to read on black
  const byId = (id) => document.getElementById(id);
  const data = (id) => (byId(id) ? JSON.parse(byId(id).textContent) : {});
  const figures = data("figures");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  function themed(figure) {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const [ink, line, palette] = [colour("--ink"), colour("--line"), dark.matches ? DARK : LIGHT];
    const traces = figure.traces.map((trace, number) => {
      const copy = structuredClone(trace);
      if (copy.meta && copy.meta.smooth) copy.y = smoothed(copy.y, Number(byId("smoothing")?.value ?? 0));
      const own = palette[((trace.meta && trace.meta.colour) ?? number) % palette.length];
      if (copy.type === "scatter") {
        copy.line = { color: own, width: 2, ...copy.line };
        copy.marker = { color: own, ...copy.marker };
      }
      if (copy.type === "bar") copy.marker = { color: own, ...copy.marker };
      return copy;
    });
    const axis = { gridcolor: line, zerolinecolor: line, linecolor: line };
    const layout = structuredClone(figure.layout);
    for (const shape of layout.shapes || []) shape.line = { color: ink, ...shape.line };
    return [traces, {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: ink, family: "system-ui, sans-serif" },
      margin: { l: 56, r: 24, t: 24, b: 48 }, height: 300, legend: { orientation: "h", y: -0.25 },
      showlegend: traces.length > 1, transition: calm ? undefined : { duration: 0 },
      ...layout, xaxis: { automargin: true, ...axis, ...layout.xaxis }, yaxis: { automargin: true, ...axis, ...layout.yaxis },
    }];
  }

  // A mean of the values around each, weighted by a normal distribution; what isn't there weighs nothing.
  function smoothed(values, deviation) {
    if (!deviation) return values;
    const reach = Math.ceil(3 * deviation);
    const weights = Array.from({ length: reach + 1 }, (_, distance) => Math.exp(-0.5 * (distance / deviation) ** 2));
    return values.map((value, place) => {
      if (value === null) return null;
      let [sum, all] = [0, 0];
      for (let at = Math.max(0, place - reach); at <= Math.min(values.length - 1, place + reach); at += 1) {
        if (values[at] === null) continue;
        sum += weights[Math.abs(at - place)] * values[at];
        all += weights[Math.abs(at - place)];
      }
      return sum / all;
    });
  }

  function smoothing() {
    const range = byId("smoothing");
    const show = () => {
      byId("smoothing-value").textContent = Number(range.value) ? `${range.value} epochs` : "none";
    };
    range.addEventListener("input", () => {
      show();
      Object.keys(figures).filter((name) => figures[name].traces.some((trace) => trace.meta?.smooth)).forEach(draw);
    });
    show();
  }

  function draw(name) {
    const [traces, layout] = themed(figures[name]);
    return Plotly.react(byId(`chart-${name}`), traces, layout, { responsive: true, displaylogo: false, displayModeBar: false });
  }

  // Runs Plotly, which the page holds compressed, as a script of its own: the policy knows its hash.
  async function unpackPlotly() {
    const letters = atob(byId("plotly").textContent);
    const packed = new Uint8Array(letters.length);
    for (let at = 0; at < letters.length; at += 1) packed[at] = letters.charCodeAt(at);
    const code = new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip")));
    const script = document.createElement("script");
    script.textContent = await code.text();
    document.head.append(script);
  }

  function drawAll() {
    return Promise.all(Object.keys(figures).filter((name) => byId(`chart-${name}`)).map(draw));
  }

  function sortable(table) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => head.querySelector("button")?.addEventListener("click", () => {
      const numeric = head.classList.contains("n");
      const before = head.getAttribute("aria-sort");
      const down = before ? before === "ascending" : numeric;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
      const rows = [...table.tBodies[0].rows].sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        if (x === "" || y === "") return (x === "") - (y === "");  // what has no value comes last either way
        const order = numeric ? Number(x) - Number(y) : x.localeCompare(y, undefined, { numeric: true });
        return down ? -order : order;
      });
      table.tBodies[0].append(...rows);
    }));
  }

  function filter() {
    const words = byId("filter").value.toLowerCase();
    const rows = [...byId("metrics").tBodies[0].rows];
    rows.forEach((row) => {
      row.hidden = words ? !row.cells[0].dataset.value.toLowerCase().includes(words) : "folded" in row.dataset;
    });
    byId("shown").textContent = words ? `${rows.filter((row) => !row.hidden).length} of ${rows.length} shown` : "";
  }

  // Shows of the mistakes only those of a cell of the confusion matrix; of all without arguments.
  function showPair(actual, predicted) {
    const all = [...byId("wrong").querySelectorAll("[data-actual]")];
    all.forEach((one) => { one.hidden = actual !== undefined && (one.dataset.actual !== actual || one.dataset.predicted !== predicted); });
    const shown = all.filter((one) => !one.hidden).length;
    byId("pair").hidden = actual === undefined;
    byId("pair-text").textContent = actual === undefined ? "" : `${actual} predicted as ${predicted}: ${shown || "none"} of those shown here.`;
  }

  function slider(slices) {
    const [select, range] = [byId("slider-slice"), byId("slider")];
    Object.keys(slices).forEach((name) => select.add(new Option(name, name)));
    const share = (part, whole) => (whole ? (part / whole).toFixed(4) : "none");
    const show = () => {
      const wanted = Number(range.value);
      const points = slices[select.value];
      const nearest = points.reduce((a, b) => (Math.abs(b[0] - wanted) < Math.abs(a[0] - wanted) ? b : a));
      const [threshold, tp, fp, tn, fn] = nearest;
      byId("slider-value").textContent = threshold.toFixed(3);
      for (const [id, count] of Object.entries({ tp, fp, tn, fn })) byId(`slider-${id}`).textContent = count.toLocaleString("en");
      byId("slider-rates").textContent = `Accuracy ${share(tp + tn, tp + fp + tn + fn)}, precision ${share(tp, tp + fp)}, `
        + `recall ${share(tp, tp + fn)}, false positive rate ${share(fp, fp + tn)}.`;
    };
    range.addEventListener("input", show);
    select.addEventListener("change", show);
    show();
  }

  // Four digits behind the point; of what is very small or has a unit, four that count.
  const number = (value) => (value && Math.abs(value) < 0.001 ? value.toPrecision(4) : value.toFixed(4));

  function compare(runs) {
    const ids = Object.keys(runs).sort().reverse();
    const flat = (run) => Object.fromEntries([
      ["status", run.status], ["seconds", run.seconds.toFixed(0)],
      ...Object.entries(run.metrics).map(([name, value]) => [name, number(value)]),
      ...Object.entries(run.counts).map(([name, value]) => [`records: ${name}`, String(value)]),
      ...Object.entries(run.settings),
    ]);
    [byId("left"), byId("right")].forEach((select, number) => {
      ids.forEach((id) => select.add(new Option(id, id)));
      select.selectedIndex = Math.min(1 - number, ids.length - 1);
      select.addEventListener("change", show);
    });
    byId("differing").addEventListener("change", show);
    function show() {
      const [left, right] = [byId("left").value, byId("right").value];
      [byId("left-name").textContent, byId("right-name").textContent] = [left, right];
      const [a, b] = [flat(runs[left]), flat(runs[right])];
      const rows = [...new Set([...Object.keys(a), ...Object.keys(b)])]
        .filter((key) => !byId("differing").checked || a[key] !== b[key])
        .map((key) => {
          const row = document.createElement("tr");
          row.append(...[key, a[key] ?? "", b[key] ?? ""].map((text) => {
            const cell = document.createElement("td");
            cell.textContent = text;
            return cell;
          }));
          return row;
        });
      byId("compare").tBodies[0].replaceChildren(...rows);
    }
    show();
  }

  document.querySelectorAll("table.sortable").forEach(sortable);
  byId("filter")?.addEventListener("input", filter);
  byId("every-metric")?.addEventListener("change", (event) => byId("metrics").classList.toggle("every", event.target.checked));
  if (byId("wrong")) {
    document.querySelectorAll("a[data-predicted]").forEach((link) => link.addEventListener("click", () => {
      showPair(link.dataset.actual, link.dataset.predicted);
      byId("mistakes").querySelector("h2").focus({ preventScroll: true });  // the link itself scrolls
    }));
    byId("every-pair").addEventListener("click", () => showPair());
  }
  if (byId("smoothing")) smoothing();
  if (byId("slider")) slider(data("thresholds"));
  if (byId("compare")) compare(data("runs-data"));
  (async () => {
    if (byId("plotly")) await unpackPlotly();
    dark.addEventListener("change", drawAll);
    await drawAll();
    document.documentElement.setAttribute("data-drawn", "yes");
  })();
})();
