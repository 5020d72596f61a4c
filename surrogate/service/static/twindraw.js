// Pictures of a twin: the cycle scheme, the gauge, the log p-h diagram, curves over time.
import { fixed, scaled, significant } from "./numbers.js";
import { BLUE, GREEN, GREY, ORANGE, draw } from "./charts.js";

const DASH = "–";
// Places of the cycle in the order of their numbers.
const PLACES = ["suction", "discharge", "liquid", "mixture"];
const $ = (name) => document.getElementById(name);
const watts = (value) => value === null || value === undefined ? DASH : scaled(value, "W");
const degrees = (value) => value === null || value === undefined ? DASH : `${fixed(value, 1)} °C`;

/** Put the live values into the cycle scheme. */
export function drawScheme(state) {
  const v = state.values;
  const off = Object.keys(state.points).length === 0;
  $("scheme").classList.toggle("off", off);
  $("scheme-heat").textContent = watts(v.heat_load);
  $("scheme-power").textContent = watts(v.power);
  $("scheme-source").textContent = watts(v.heat_source);
  $("scheme-eta").textContent = off || v.eta_s === null ? "" : `efficiency ${(100 * v.eta_s).toFixed(1)} %`;
  for (const name of ["t_return", "t_supply", "t_source_in"]) $(`scheme-${name}`).textContent = degrees(v[name]);
  $("scheme-t_source_out").textContent = off ? DASH : degrees(v.t_source_out);
  for (const name of PLACES) {
    const point = state.points[name];
    const place = $(`state-${name}`);
    place.querySelector("[data-of=t]").textContent = point ? degrees(point.t) : DASH;
    place.querySelector("[data-of=p]").textContent = point ? `${significant(point.p)} bar` : "";
    place.querySelector("[data-of=h]").textContent = point ? `${point.h.toFixed(0)} kJ/kg` : "";
  }
}

const spot = (share, radius) => {
  const angle = Math.PI * (1 - share);
  return [120 + radius * Math.cos(angle), 125 - radius * Math.sin(angle)];
};

/** The COP as a gauge; the mark is the design's. */
export function drawGauge(state, design) {
  const cop = state.status === "ok" ? state.values.cop : null;
  const most = Math.max(8, Math.ceil(1.25 * Math.max(cop || 0, design.values.cop || 0)));
  const share = Math.min((cop || 0) / most, 1);
  const [x, y] = spot(share, 90);
  $("gauge-arc").setAttribute("d", cop === null ? "" : `M30 125A90 90 0 0 1 ${x.toFixed(2)} ${y.toFixed(2)}`);
  const [[x1, y1], [x2, y2]] = [spot(design.values.cop / most, 76), spot(design.values.cop / most, 104)];
  for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) $("gauge-design").setAttribute(name, value.toFixed(2));
  $("gauge-value").textContent = cop === null ? DASH : cop.toFixed(2);
  $("gauge-most").textContent = most;
  const gauge = $("gauge");
  gauge.setAttribute("aria-valuemax", most);
  gauge.setAttribute("aria-valuenow", cop === null ? 0 : cop.toFixed(3));
  gauge.setAttribute("aria-valuetext", cop === null ? "off" : `COP ${cop.toFixed(2)}, at the design point ${design.values.cop.toFixed(2)}`);
  const error = state.error;
  $("gauge-words").textContent = cop === null ? "" : `${state.origin === "solve" ? "from a full simulation" : `from the ${state.origin}${error ? `, ± ${significant(100 * error, 1)} %` : ""}`}; design ${design.values.cop.toFixed(2)}`;
}

const line = (one, look) => ({ x: one.h, y: one.p, mode: "lines", hoverinfo: "skip", ...look });

function cycle(state, look) {
  return {
    x: state.path.map((point) => point.h), y: state.path.map((point) => point.p), mode: "lines",
    hoverinfo: "skip", ...look,
  };
}

/** The cycle on the refrigerant's log p-h diagram. */
export function drawPh(diagram, state, design) {
  const points = PLACES.map((name) => state.points[name]).filter(Boolean);
  const last = (one) => { let i = one.h.length - 1; while (i > 0 && one.h[i] === null) i -= 1; return i; };
  const marks = diagram.isotherms.filter((one) => one.h.length).map((one) => {
    const i = last(one);
    return { x: one.h[i], y: Math.log10(one.p[i]), text: one.label, textangle: -90, showarrow: false, font: { size: 10, color: GREY }, xanchor: "right", yanchor: "bottom" };
  }).filter((one) => one.x <= diagram.h_range[1] && one.x >= diagram.h_range[0])
    // On a narrow screen every second one has room.
    .filter((_, i) => i % 2 === 0 || $("plot-ph").clientWidth > 500);
  return draw("plot-ph", [
    ...diagram.isentropes.map((one) => line(one, { line: { color: "#e3d7c6", width: 1 } })),
    ...diagram.isotherms.map((one) => line(one, { line: { color: "#c9d3de", width: 1 } })),
    ...diagram.qualities.map((one) => line(one, { line: { color: "#e8edf2", width: 1, dash: "dot" } })),
    line(diagram.dome, { line: { color: "#17212e", width: 2 } }),
    cycle(design, { line: { color: GREY, width: 2, dash: "dash" } }),
    cycle(state, { line: { color: ORANGE, width: 3 }, fill: "toself", fillcolor: "rgba(213, 94, 0, .08)" }),
    { x: points.map((point) => point.h), y: points.map((point) => point.p), mode: "markers+text", text: points.map((_, i) => String(i + 1)),
      textposition: ["bottom right", "top right", "top left", "bottom left"], textfont: { size: 14 }, marker: { color: ORANGE, size: 9, line: { color: "#fff", width: 1.5 } },
      customdata: points.map((point) => [point.name, point.t, point.s]), hovertemplate: "%{customdata[0]}<br>%{customdata[1]:.1f} °C, %{y:.2f} bar<br>%{x:.1f} kJ/kg<extra></extra>" },
  ], {
    xaxis: { title: "Specific enthalpy [kJ/kg]", range: diagram.h_range },
    yaxis: { title: "Pressure [bar]", type: "log", range: diagram.p_range.map(Math.log10), tickmode: "array", tickvals: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200], ticktext: ["0.1", "0.2", "0.5", "1", "2", "5", "10", "20", "50", "100", "200"], showgrid: false },
    annotations: marks,
  });
}

/** COP and power over the hours that have passed. */
export function drawHistory(steps) {
  const x = steps.map((step) => step.hour);
  const of = (name, scale) => steps.map((step) => step.status === "ok" ? step.values[name] / scale : null);
  const idle = steps.filter((step) => step.status !== "ok");
  return draw("plot-history", [
    { x, y: of("cop", 1), name: "COP", mode: "lines+markers", line: { color: GREEN, shape: "vh" }, marker: { size: 4 }, hovertemplate: "hour %{x}: COP %{y:.2f}<extra></extra>" },
    { x: idle.map((step) => step.hour), y: idle.map(() => 0), text: idle.map((step) => step.status), name: "no answer", mode: "markers", marker: { symbol: "x", color: ORANGE, size: 8 }, showlegend: idle.length > 0, hovertemplate: "hour %{x}: %{text}<extra></extra>" },
    { x, y: of("power", 1e3), name: "Power [kW]", yaxis: "y2", mode: "lines+markers", marker: { size: 4 }, line: { color: BLUE, shape: "vh" }, hovertemplate: "hour %{x}: %{y:.2f} kW<extra></extra>" },
  ], {
    xaxis: { title: "Hours" }, yaxis: { title: "COP", rangemode: "tozero" },
    yaxis2: { title: "Power [kW]", overlaying: "y", side: "right", rangemode: "tozero", showgrid: false, tickmode: "auto" },
    showlegend: true, legend: { orientation: "h", y: 1.12 }, margin: { l: 54, r: 54, t: 24, b: 46 },
  });
}

/** Measured and simulated power. */
export function drawMeasured(series) {
  const kw = (values) => values.map((value) => value === null ? null : value / 1e3);
  return draw("plot-measured", [
    { x: series.time, y: kw(series.power.measured), name: "measured", mode: "lines", line: { color: BLUE, width: 1.6 }, hovertemplate: "%{x}: %{y:.2f} kW<extra>measured</extra>" },
    { x: series.time, y: kw(series.power.simulated), name: "simulated", mode: "lines", line: { color: ORANGE, width: 1.6 }, hovertemplate: "%{x}: %{y:.2f} kW<extra>simulated</extra>" },
  ], { yaxis: { title: "Power [kW]", rangemode: "tozero" }, showlegend: true, legend: { orientation: "h", y: 1.12 } });
}
