// How charts look. Plotly comes from the installed Python package.

export const BLUE = "#0072b2", ORANGE = "#d55e00", GREEN = "#009e73", YELLOW = "#e69f00", GREY = "#8a8f98";

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
  const gaps = found.gaps.map((gap) => ({ type: "rect", xref: "x", yref: "paper", x0: gap.low, x1: gap.high, y0: 0, y1: 1, fillcolor: "#f3e7de", line: { width: 0 }, layer: "below" }));
  const words = found.x.map((x, i) => found.cop[i] === null ? found.reason[i] : `COP ${found.cop[i].toFixed(2)}`);
  return draw(target, [
    { x: found.x, y: found.cop, mode: "lines", line: { color, width: 2.5 }, text: words, hovertemplate: "%{x:.1f} °C: %{text}<extra></extra>" },
    ...(found.at_cop === null ? [] : [point]),
  ], { xaxis: { title: `${found.label} [°C]` }, yaxis: { title: "COP", rangemode: "tozero" }, shapes: gaps });
}
