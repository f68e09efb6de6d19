// The page's script: the map, its legend and search, the activity chart, light and dark.
// Text from the corpus reaches the page as text nodes only; plotly gets numbers and escaped names.
(() => {
  "use strict";
  const { map: data, activity, curve } = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const groups = (n) => n.toLocaleString("en-US");

  // ---- Light and dark
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ?? (prefersDark.matches ? "dark" : "light")) === "dark";
  const ground = (colour) => (isDark() ? colour.dark : colour.light);
  const variable = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const onTheme = [];
  const themeChanged = () => onTheme.forEach((redraw) => redraw());
  const themeButton = byId("theme");
  themeButton.hidden = false;
  themeButton.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    themeChanged();
  });
  prefersDark.addEventListener("change", themeChanged);

  const element = (name, text, className) => {
    const node = document.createElement(name);
    if (text !== undefined) node.textContent = text;
    if (className) node.className = className;
    return node;
  };
  // Plotly reads a little HTML in its texts.
  const plain = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

  if (data.x.length > 0 && byId("plot")) drawMap();
  if (activity.start_ms.length > 0 && byId("activity-plot")) drawActivity();
  if (curve.k.length > 0 && byId("curve-plot") && window.Plotly) drawCurve();

  function drawMap() {
    const plot = byId("plot");
    const hasWebGl = (() => {
      try {
        return Boolean(document.createElement("canvas").getContext("webgl"));
      } catch {
        return false;
      }
    })();
    const type = hasWebGl ? "scattergl" : "scatter";
    const n = data.x.length;
    // Markers from 10 px for a hundred points to 3.5 px for 50,000, smaller where the map is narrow.
    const narrow = Math.min(1, Math.sqrt(plot.clientWidth / 800));
    const size = narrow * Math.min(10, Math.max(3.5, 15 - 2.45 * Math.log10(n)));
    const OPACITY = 0.78;
    const FADED = 0.1;

    // Trace 0 is noise, trace 1 + i is cluster i, the last rings the points that the search found; a search also fades
    // the clusters that it does not name.
    const members = Array.from({ length: data.clusters.length + 1 }, () => []);
    data.cluster.forEach((cluster, index) => members[cluster + 1].push(index));
    const ring = members.length;
    const hidden = new Set();
    let focus = null;
    let found = null; // or { points, traces }
    let showLabels = true;

    const pick = (column, rows) => rows.map((index) => column[index]);
    const colourOf = (trace) => ground(trace === 0 ? data.noise : data.clusters[trace - 1].colour);
    const traces = members.map((rows, trace) => ({
      type,
      mode: "markers",
      x: pick(data.x, rows),
      y: pick(data.y, rows),
      hoverinfo: "none",
      marker: {
        size: trace === 0 ? size * 0.85 : size,
        symbol: trace === 0 ? "circle" : data.clusters[trace - 1].shape,
        color: colourOf(trace),
        opacity: OPACITY,
        line: { width: 0 },
      },
    }));
    traces.push({
      type,
      mode: "markers",
      x: [],
      y: [],
      hoverinfo: "skip",
      marker: { size: size + 6, symbol: "circle-open", color: variable("--ink"), opacity: 1, line: { width: 1.6 } },
    });
    const axis = { visible: false, showgrid: false, zeroline: false };
    const layout = {
      margin: { l: 0, r: 0, t: 0, b: 0 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      xaxis: { ...axis },
      yaxis: { ...axis, scaleanchor: "x" },
      showlegend: false,
      hovermode: "closest",
      hoverdistance: 12,
      dragmode: "pan",
      uirevision: 1,
    };
    const config = { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: "reset" };
    Plotly.newPlot(plot, traces, layout, config).then(() => {
      placeLabels();
      plot.on("plotly_afterplot", placeLabels);
      plot.on("plotly_relayouting", () => (labels.style.opacity = 0));
      plot.on("plotly_hover", showPoint);
      plot.on("plotly_click", showPoint);
      plot.on("plotly_unhover", hidePoint);
    });

    // ---- Which points show, and how strongly
    const restyle = () => {
      const strong = (trace) => (found === null ? focus === null || focus === trace : found.traces.has(trace));
      const all = [...members.keys()];
      const shown = (found?.points ?? []).filter((index) => !hidden.has(data.cluster[index] + 1));
      const own = all.map((trace) => (strong(trace) ? OPACITY : FADED));
      Plotly.restyle(plot, { visible: all.map((trace) => !hidden.has(trace)), "marker.opacity": own }, all);
      Plotly.restyle(plot, { x: [pick(data.x, shown)], y: [pick(data.y, shown)] }, [ring]);
      for (const button of document.querySelectorAll("[data-trace]")) {
        button.setAttribute("aria-pressed", String(!hidden.has(Number(button.dataset.trace) + 1)));
      }
      for (const button of document.querySelectorAll("[data-focus]")) {
        button.setAttribute("aria-pressed", String(focus === Number(button.dataset.focus) + 1));
      }
    };
    onTheme.push(() => {
      const colours = [...members.keys()].map(colourOf);
      Plotly.restyle(plot, { "marker.color": [...colours, variable("--ink")] });
    });

    // ---- Where the map looks
    const lookAt = (rows) => {
      const range = (column) => {
        const sorted = pick(column, rows).sort((a, b) => a - b);
        // One point in fifty may stay outside on either side, so that a stray one does not decide.
        const skip = Math.floor(sorted.length / 50);
        const [low, high] = [sorted[skip], sorted[sorted.length - 1 - skip]];
        return [low, high];
      };
      const full = Math.max(...["xaxis", "yaxis"].map((name) => Math.abs(home[name][1] - home[name][0])));
      const padded = ([low, high]) => {
        const pad = Math.max((high - low) * 0.15, full * 0.02);
        return [low - pad, high + pad];
      };
      Plotly.relayout(plot, { "xaxis.range": padded(range(data.x)), "yaxis.range": padded(range(data.y)) });
    };
    const extent = (column) => column.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
    const home = { xaxis: extent(data.x), yaxis: extent(data.y) };
    const zoom = (factor, at) => {
      const change = {};
      for (const [name, share] of [["xaxis", at.x], ["yaxis", at.y]]) {
        const [low, high] = plot._fullLayout[name].range;
        const middle = low + (high - low) * share;
        change[`${name}.range`] = [middle + (low - middle) * factor, middle + (high - middle) * factor];
      }
      Plotly.relayout(plot, change);
    };
    const centre = { x: 0.5, y: 0.5 };
    byId("nearer").addEventListener("click", () => zoom(0.6, centre));
    byId("farther").addEventListener("click", () => zoom(1 / 0.6, centre));
    byId("reset").addEventListener("click", () => {
      focus = null;
      hidden.clear();
      search.value = "";
      find();
      Plotly.relayout(plot, { "xaxis.autorange": true, "yaxis.autorange": true });
    });
    // The bare wheel scrolls the page; with Ctrl (or by pinching a trackpad) it zooms.
    plot.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        const box = plot.getBoundingClientRect();
        const at = { x: (event.clientX - box.left) / box.width, y: 1 - (event.clientY - box.top) / box.height };
        zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.006), at);
      },
      { passive: false },
    );

    // ---- Labels in the middle of clusters, largest first, none over another
    const labels = byId("labels");
    const median = (column, rows) => pick(column, rows).sort((a, b) => a - b)[rows.length >> 1];
    const names = data.clusters
      .map((cluster, at) => ({ at, text: cluster.label, rows: members[at + 1] }))
      .filter(({ rows, text }) => rows.length > 0 && text !== "")
      .sort((a, b) => b.rows.length - a.rows.length)
      .map(({ at, text, rows }) => {
        const node = labels.appendChild(element("span", text));
        node.dir = "auto";
        return { trace: at + 1, node, x: median(data.x, rows), y: median(data.y, rows) };
      });
    function placeLabels() {
      const { xaxis, yaxis } = plot._fullLayout;
      labels.style.opacity = 1;
      const taken = [];
      for (const { trace, node, x, y } of names) {
        const left = xaxis._offset + xaxis.l2p(x);
        const top = yaxis._offset + yaxis.l2p(y);
        node.style.left = `${left}px`;
        node.style.top = `${top}px`;
        const [w, h] = [node.offsetWidth / 2, node.offsetHeight / 2];
        const clear = taken.every((o) => Math.abs(left - o.left) > w + o.w + 4 || Math.abs(top - o.top) > h + o.h);
        const wanted = showLabels && !hidden.has(trace) && (focus === null || focus === trace);
        node.style.visibility = wanted && clear ? "visible" : "hidden";
        if (wanted && clear) taken.push({ left, top, w, h });
      }
    }
    byId("names").addEventListener("click", (event) => {
      showLabels = !showLabels;
      event.currentTarget.setAttribute("aria-pressed", String(showLabels));
      placeLabels();
    });

    // ---- The card of one point
    const card = byId("hover");
    const clusterName = (index) => (data.cluster[index] < 0 ? "in no cluster" : data.clusters[data.cluster[index]].label);
    const fillCard = (index) => {
      const legendMark = document.querySelector(`[data-trace="${data.cluster[index]}"] .swatch`);
      const head = element("div");
      if (legendMark) head.append(legendMark.cloneNode(true));
      head.append(element("b", data.label[index]));
      const count = data.n_posts[index];
      const about = element("div", undefined, "quiet");
      if (data.unit === "authors") about.append(`${groups(count)} ${count === 1 ? "post" : "posts"} · `);
      about.append(element("bdi", clusterName(index)));
      const text = element("p", data.hover[index]);
      text.dir = "auto";
      card.replaceChildren(head, about, text);
    };
    const putCard = (left, top) => {
      card.hidden = false;
      const box = plot.getBoundingClientRect();
      const x = left + 16 + card.offsetWidth > box.width ? left - 16 - card.offsetWidth : left + 16;
      const y = Math.min(top + 12, box.height - card.offsetHeight - 8);
      card.style.left = `${Math.max(8, Math.min(x, box.width - card.offsetWidth - 8))}px`;
      card.style.top = `${Math.max(8, y)}px`;
    };
    const putAtPoint = (index) => {
      fillCard(index);
      const { xaxis, yaxis } = plot._fullLayout;
      putCard(xaxis._offset + xaxis.l2p(data.x[index]), yaxis._offset + yaxis.l2p(data.y[index]));
    };
    function showPoint(event) {
      const point = event.points.find((candidate) => candidate.curveNumber < ring);
      if (point) putAtPoint(members[point.curveNumber][point.pointNumber]);
    }
    function hidePoint() {
      card.hidden = true;
    }
    addEventListener("keydown", (event) => {
      if (event.key === "Escape") hidePoint();
    });

    // ---- Legend and table
    byId("legend").addEventListener("click", (event) => {
      const button = event.target.closest("[data-trace]");
      if (!button) return;
      const trace = Number(button.dataset.trace) + 1;
      if (!hidden.delete(trace)) hidden.add(trace);
      restyle();
    });
    byId("all").addEventListener("click", () => {
      hidden.clear();
      restyle();
    });
    byId("none").addEventListener("click", () => {
      members.forEach((_, trace) => hidden.add(trace));
      restyle();
    });
    for (const button of document.querySelectorAll("[data-focus]")) {
      button.addEventListener("click", () => {
        const trace = Number(button.dataset.focus) + 1;
        if (focus === trace) {
          focus = null;
          restyle();
          Plotly.relayout(plot, { "xaxis.autorange": true, "yaxis.autorange": true });
          return;
        }
        focus = trace;
        hidden.delete(trace);
        search.value = "";
        find();
        if (members[trace].length > 0) lookAt(members[trace]);
        byId("map").scrollIntoView();
      });
    }

    // ---- Search
    const search = byId("search");
    const results = byId("results");
    const lower = (text) => text.toLocaleLowerCase();
    let haystack = null;
    function find() {
      hidePoint();
      const needle = lower(search.value.trim());
      if (needle === "") {
        found = null;
        byId("found").textContent = "";
        results.hidden = true;
        restyle();
        return;
      }
      haystack ??= data.label.map((label, index) => lower(`${label}\n${data.hover[index]}`));
      const named = data.clusters.map((cluster) => [cluster.label, ...cluster.terms].some((t) => lower(t).includes(needle)));
      const direct = [...haystack.keys()].filter((index) => haystack[index].includes(needle));
      const traces = named.flatMap((isNamed, at) => (isNamed ? [at + 1] : []));
      found = { points: direct, traces: new Set(traces) };
      const nClusters = traces.length;
      const noun = data.unit === "authors" ? ["author", "authors"] : ["post", "posts"];
      const count = (m, [one, many]) => `${groups(m)} ${m === 1 ? one : many}`;
      const others = nClusters > 0 ? `, and ${count(nClusters, ["cluster", "clusters"])} by name or term` : "";
      byId("found").textContent = `${count(direct.length, noun)} found${others}`;
      results.replaceChildren(...direct.slice(0, 20).map(resultRow));
      results.hidden = direct.length === 0;
      restyle();
    }
    const resultRow = (index) => {
      const button = element("button");
      button.type = "button";
      button.append(element("b", data.label[index]));
      const text = element("span", data.hover[index], "quiet");
      text.dir = "auto";
      button.append(text);
      button.addEventListener("click", () => {
        lookAt([index, ...members[data.cluster[index] + 1]]);
        setTimeout(() => putAtPoint(index), 60);
      });
      const row = element("li");
      row.append(button);
      return row;
    };
    let timer = 0;
    search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(find, 120);
    });
    search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || found === null) return;
      const rows = [...found.traces].flatMap((trace) => members[trace]).concat(found.points);
      if (rows.length > 0) lookAt(rows);
    });
  }

  // Style that all charts with axes share.
  const chartStyle = () => ({
    font: { family: "inherit", size: 12, color: variable("--quiet") },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    hoverlabel: { bgcolor: variable("--card"), bordercolor: variable("--line"), font: { color: variable("--ink"), size: 12 } },
  });

  // The score of every number of clusters; the chosen one larger and in another colour, those out of question hollow.
  function drawCurve() {
    const plot = byId("curve-plot");
    const isChosen = curve.k.map((k) => k === curve.chosen);
    const colours = () => isChosen.map((chosen) => variable(chosen ? "--mark" : "--fill"));
    const layout = () => ({
      ...chartStyle(),
      margin: { l: 44, r: 8, t: 8, b: 40 },
      showlegend: false,
      hovermode: "closest",
      dragmode: false,
      xaxis: { title: { text: "k, the number of clusters", font: { size: 12 } }, showgrid: false, zeroline: false, linecolor: variable("--line"), fixedrange: true },
      yaxis: { gridcolor: variable("--line"), zerolinecolor: variable("--line"), rangemode: "tozero", fixedrange: true, automargin: true, nticks: 6 },
      shapes: [{ type: "line", x0: curve.chosen, x1: curve.chosen, yref: "paper", y0: 0, y1: 1, layer: "below", line: { color: variable("--mark"), width: 1.5, dash: "dot" } }],
    });
    const trace = {
      type: "scatter",
      mode: "lines+markers",
      x: curve.k,
      y: curve.silhouette,
      line: { color: variable("--fill"), width: 2 },
      marker: { size: isChosen.map((chosen) => (chosen ? 12 : 6)), color: colours(), opacity: 1, symbol: curve.eligible.map((yes) => (yes ? "circle" : "circle-open")) },
      hovertemplate: "k = %{x}: %{y:.3f}<extra></extra>",
    };
    Plotly.newPlot(plot, [trace], layout(), { displayModeBar: false, responsive: true });
    onTheme.push(() => {
      Plotly.restyle(plot, { "line.color": variable("--fill"), "marker.color": [colours()] });
      Plotly.relayout(plot, layout());
    });
  }

  function drawActivity() {
    const plot = byId("activity-plot");
    const traces = activity.kinds.map((kind, row) => ({
      type: "bar",
      name: plain(kind),
      x: activity.start_ms,
      y: activity.counts[row],
      offset: 0,
      width: activity.width_ms * (activity.start_ms.length > 200 ? 1 : 0.88),
      marker: { color: ground(activity.colours[row]), line: { width: 0 } },
      hovertemplate: "%{y:,}",
    }));
    const axes = () => ({
      xaxis: { type: "date", showgrid: false, linecolor: variable("--line"), fixedrange: false },
      yaxis: { gridcolor: variable("--line"), zeroline: false, rangemode: "tozero", fixedrange: true, automargin: true, tickformat: "~s", nticks: 6 },
    });
    const layout = {
      ...chartStyle(),
      ...axes(),
      barmode: "stack",
      margin: { l: 34, r: 6, t: 8, b: 28 },
      showlegend: false,
      hovermode: "x unified",
      dragmode: "zoom",
    };
    Plotly.newPlot(plot, traces, layout, { displayModeBar: false, responsive: true });
    const keys = byId("activity-legend");
    const swatches = activity.kinds.map((kind, row) => {
      const item = keys.appendChild(element("span"));
      const swatch = item.appendChild(element("span"));
      swatch.style.cssText = "width:11px;height:11px;border-radius:3px";
      item.append(element("bdi", kind));
      return { swatch, row };
    });
    const paint = () => swatches.forEach(({ swatch, row }) => (swatch.style.background = ground(activity.colours[row])));
    paint();
    onTheme.push(() => {
      paint();
      Plotly.restyle(plot, { "marker.color": activity.colours.map(ground) });
      const { xaxis, yaxis } = axes();
      Plotly.relayout(plot, { ...chartStyle(), "xaxis.linecolor": xaxis.linecolor, "yaxis.gridcolor": yaxis.gridcolor });
    });
  }
})();
