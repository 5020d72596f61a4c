// Tables of a twin: design against now, deviations from the real machine, a calibration.
import { fixed, scaled, signed, significant } from "./numbers.js";

const DASH = "–";
const $ = (name) => document.getElementById(name);

function row(head, cells) {
  const line = document.createElement("tr");
  const first = document.createElement("th");
  first.scope = "row";
  first.textContent = head;
  line.append(first);
  for (const one of cells) {
    const cell = document.createElement("td");
    cell.append(one);
    line.append(cell);
  }
  return line;
}

/** A number as it is shown, and in full for whoever reads the page by machine. */
function data(value, text) {
  if (value === null || value === undefined) return text;
  return Object.assign(document.createElement("data"), { value: String(value), textContent: text });
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

const QUANTITIES = [
  ["heat_load", "Heat to the network", "kW", 1e3], ["power", "Electric power", "kW", 1e3], ["cop", "COP", "", 1], ["heat_source", "Heat from the source", "kW", 1e3],
  ["capacity", "Capacity", "kW", 1e3], ["t_source_in", "Source, inlet", "°C", 0], ["t_source_out", "Source, outlet", "°C", 0], ["t_return", "Return", "°C", 0], ["t_supply", "Supply", "°C", 0],
  ["t_evap", "Evaporation", "°C", 0], ["t_cond", "Condensation", "°C", 0], ["t_discharge", "Gas leaving the compressor", "°C", 0], ["p_evap", "Evaporating pressure", "bar", 1], ["p_cond", "Condensing pressure", "bar", 1],
  ["superheat", "Superheat", "K", 1], ["eta_s", "Isentropic efficiency", "%", 0.01], ["mass_flow", "Refrigerant flow", "kg/h", 1 / 3600], ["suction_volume_flow", "Suction flow", "m³/h", 1 / 3600],
  ["ua_condenser", "UA of the condenser", "kW/K", 1e3], ["ua_evaporator", "UA of the evaporator", "kW/K", 1e3],
];

/** The machine at its design point and now; temperatures differ in kelvins, all else in per cent. */
export function showDesignNow(design, now) {
  const rows = QUANTITIES.map(([name, label, unit, scale]) => {
    const [a, b] = [design.values[name], now.values[name]];
    const known = (value) => value !== null && value !== undefined;
    const text = (value) => !known(value) ? DASH : scale === 0 ? `${fixed(value, 1)} ${unit}` : `${significant(value / scale, 4)} ${unit}`.trim();
    const change = !known(a) || !known(b) ? "" : scale === 0 ? `${signed(b - a, 1)} K` : a === 0 ? "" : `${signed(100 * (b / a - 1), 1)} %`;
    const line = row(label, [data(a, text(a)), data(b, text(b)), change]);
    line.dataset.name = name;
    return line;
  });
  document.querySelector("#design-now tbody").replaceChildren(...rows);
}

const SHARES = { bias: "relative_bias", rmse: "cv_rmse" };

/** A figure of a quantity, and what it is as a share of the measured mean. */
function shown(one, name) {
  const value = one[name];
  if (value === null || value === undefined) return DASH;
  const share = one[SHARES[name]];
  return data(value, `${quantity(value, one.unit, name in SHARES)}${share === null || share === undefined ? "" : ` (${fixed(100 * share, 1)}\u00a0%)`}`);
}

function quantity(value, unit, difference) {
  if (unit === "W") return scaled(value, "W").replace(" ", "\u00a0");
  if (unit === "degC") return difference ? `${fixed(value, 2)}\u00a0K` : `${fixed(value, 1)}\u00a0°C`;
  return `${fixed(value, difference ? 3 : 2)}${unit === "1" ? "" : `\u00a0${unit}`}`;
}

/** Bias and RMSE of each quantity, and the hours that differ most. */
export function showComparison(found) {
  document.querySelector("#deviations tbody").replaceChildren(...Object.entries(found.quantities).map(([name, one]) => {
    const line = row(capital(one.label), [shown(one, "measured"), shown(one, "simulated"), shown(one, "bias"), shown(one, "rmse"), String(one.points)]);
    line.dataset.name = name;
    return line;
  }));
  const left = found.left_out.map((one) => `${one.count} ${one.count === 1 ? "hour" : "hours"} (${one.in_words})`);
  $("left-out").textContent = [...(left.length ? [`Left out: ${left.join(", ")}.`] : []), ...found.remarks].join(" ");
  document.querySelector("#worst tbody").replaceChildren(...found.worst.map((one) => row(one.time.replace("T", " ").replace(/:00$/, ""), [
    `${one.t_source_in.toFixed(1)} °C`, `${one.t_return.toFixed(1)} → ${one.t_supply.toFixed(1)} °C`, `${scaled(one.heat_load, "W")}`,
    `${scaled(one.measured_power, "W")}`, `${scaled(one.simulated_power, "W")}`, `${signed(100 * one.deviation, 1)} %`,
  ])));
}

const FACTORS = { eta_s: "Compressor's efficiency", ua_condenser: "UA of the condenser", ua_evaporator: "UA of the evaporator" };

/** What a calibration found, before and after. */
export function showCalibration(found) {
  $("calibrated").hidden = false;
  $("factors").replaceChildren(...Object.entries(FACTORS).map(([name, label]) => {
    const error = found.standard_errors[name];
    const line = row(label, [data(found.factors[name], found.factors[name].toFixed(3)), error === null ? "at its bound" : data(error, `± ${significant(error, 2)}`)]);
    line.dataset.name = name;
    return line;
  }));
  const [before, after] = [found.before.quantities, found.after.quantities];
  $("before-after").replaceChildren(...Object.keys(before).filter((name) => name in after).map((name) => {
    const line = row(capital(before[name].label), [shown(before[name], "bias"), shown(after[name], "bias"), shown(before[name], "rmse"), shown(after[name], "rmse")]);
    line.dataset.name = name;
    return line;
  }));
  $("calibrate-notes").replaceChildren(...found.notes.map((note) => Object.assign(document.createElement("li"), { textContent: note })));
}
