// How charts look. Plotly comes from the installed Python package.

import { readable } from "./api.js";

export const BLUE = "#0072b2", ORANGE = "#d55e00", GREEN = "#009e73", YELLOW = "#e69f00", GREY = "#8a8f98";
/** Where there is no answer. */
export const VOID = "#e6e9ec";

const FONT = { family: "system-ui, -apple-system, Segoe UI, Roboto, sans-serif", size: 13, color: "#17212e" };
const AXIS = { gridcolor: "#e6ebf0", zeroline: false, linecolor: "#8b96a5", ticks: "outside", ticklen: 4, automargin: true };
const CONFIG = { displayModeBar: false, responsive: true };

/** Wait until Plotly is there. */
export async function ready() {
  if (!window.Plotly) await new Promise((done) => addEventListener("load", done, { once: true }));
  return window.Plotly;
}

/** Draw a chart; what is missing in the layout has the look of all. */
export async function draw(target, traces, layout = {}) {
  const plotly = await ready();
  const place = typeof target === "string" ? document.getElementById(target) : target;
  const axes = {};
  for (const name of ["xaxis", "yaxis", "yaxis2"]) {
    if (layout[name] || name !== "yaxis2") axes[name] = { ...AXIS, ...layout[name] };
    if (typeof axes[name]?.title === "string") axes[name].title = { text: axes[name].title, standoff: 8 };
  }
  return plotly.react(place, traces, {
    font: FONT, margin: { l: 54, r: 14, t: 12, b: 46 }, paper_bgcolor: "#fff", plot_bgcolor: "#fff",
    hoverlabel: { font: FONT }, showlegend: false, ...layout, ...axes,
  }, CONFIG);
}

/** A COP curve over one temperature with the chosen point on it. */
export function curve(target, found, color) {
  const point = { x: [found.at], y: [found.at_cop], mode: "markers", hoverinfo: "skip", marker: { color: ORANGE, size: 11, line: { color: "#fff", width: 2 } } };
  // A gap reaches half the way to the points on either side of it.
  const middle = (value, step) => (value + (found.x[found.x.indexOf(value) + step] ?? value)) / 2;
  const upright = { xref: "x", yref: "paper", y0: 0, y1: 1, layer: "below" };
  const shapes = found.gaps.map((gap) => ({ type: "rect", ...upright, x0: middle(gap.low, -1), x1: middle(gap.high, 1), fillcolor: VOID, line: { width: 0 } }));
  if (found.at_cop === null) shapes.push({ type: "line", ...upright, layer: "above", x0: found.at, x1: found.at, line: { color: ORANGE, width: 2, dash: "dash" } });
  const most = Math.max(...found.cop, found.at_cop);
  const words = found.x.map((x, i) => found.cop[i] === null ? readable(found.reason[i]) : `COP ${found.cop[i].toFixed(2)}`);
  return draw(target, [
    { x: found.x, y: found.cop, mode: "lines", line: { color, width: 2.5 }, text: words, hovertemplate: "%{x:.1f} °C: %{text}<extra></extra>" },
    ...(found.at_cop === null ? [] : [point]),
  ], { xaxis: { title: `${found.label} [°C]`, ...(found.x.length > 1 ? { range: [found.x[0], found.x.at(-1)] } : {}) }, yaxis: { title: "COP", range: [0, 1.1 * most || 1] }, shapes });
}
