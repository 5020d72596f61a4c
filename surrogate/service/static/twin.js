// One digital twin: sliders in, states out; measured hours beside it.
import { ask, follow, paused, readable, Refused } from "./api.js";
import { scaled } from "./numbers.js";
import { drawGauge, drawHistory, drawMeasured, drawPh, drawScheme } from "./twindraw.js";
import { showCalibration, showComparison, showDesignNow } from "./twintables.js";

const id = document.getElementById("twin").dataset.id;
const path = `/api/twins/${id}`;
const form = document.getElementById("setting");
const $ = (name) => document.getElementById(name);
let session = JSON.parse($("opened").textContent);
let diagram = null;
let turn = 0;
let running = null;
let following = null;
let found = null; // a calibration that is not kept yet

/** What the fields say, in the service's units; what is no number is NaN. */
function setting() {
  const values = {};
  for (const slide of form.querySelectorAll(".slide")) values[slide.dataset.field] = Number((numberOf(slide) * Number(slide.dataset.scale)).toPrecision(15));
  return values;
}

/** A number as people type it, with a decimal comma, too. */
const numberOf = (slide) => Number(slide.querySelector(".exact").value.trim().replace(",", ".") || NaN);

function setSliders(values) {
  for (const slide of form.querySelectorAll(".slide")) {
    const value = values[slide.dataset.field] / Number(slide.dataset.scale);
    slide.querySelector("[type=range]").value = value;
    slide.querySelector(".exact").value = Number(value.toPrecision(12));
  }
}

/** Show the machine as it is now. */
function show(state) {
  session.state = state;
  const status = $("status");
  const ok = state.status === "ok";
  status.className = `verdict status-line ${ok ? "good" : "bad"}`;
  status.dataset.status = state.status;
  const v = state.values;
  status.textContent = ok
    ? `COP ${v.cop.toFixed(2)}, ${scaled(v.power, "W")} of electricity for ${scaled(v.heat_load, "W")} of heat${state.cycling ? "; it runs with breaks" : ""}.${v.capacity > 0 ? ` It could give ${scaled(v.capacity, "W")} here.` : ""}`
    : readable(state.reason);
  drawScheme(state);
  drawGauge(state, session.design_state);
  showDesignNow(session.design_state, state);
  if (diagram) drawPh(diagram, state, session.design_state);
}

/** Show what is wrong beside its field. */
function showErrors(errors) {
  for (const slide of form.querySelectorAll(".slide")) {
    const error = errors.find((one) => one.field === slide.dataset.field)?.detail || "";
    slide.querySelector(".error").textContent = error;
    slide.classList.toggle("wrong", error !== "");
    for (const entry of slide.querySelectorAll("input")) if (error) entry.setAttribute("aria-invalid", "true"); else entry.removeAttribute("aria-invalid");
  }
}

/** There is no machine to show: say why. */
function showNothing(why) {
  show({ status: "invalid", reason: why, values: {}, points: {}, path: [], cycling: false });
}

/** Set the machine; points that nothing knows are simulated in full once the sliders rest. */
async function set(outside) {
  const mine = ++turn;
  following?.abort();
  $("solve").hidden = true;
  const values = setting();
  const unknown = Object.keys(values).filter((name) => !Number.isFinite(values[name]));
  if (unknown.length) {
    showErrors(unknown.map((field) => ({ field, detail: "This is no number." })));
    showNothing("Something in the form is no number.");
    return;
  }
  try {
    const { status, value } = await ask(`${path}/setting`, { method: "PUT", body: { ...values, outside } });
    if (mine !== turn) {
      if (status === 202) await ask(value.solve.url, { method: "DELETE" });
      return;
    }
    showErrors([]);
    show(value);
    if (status === 202) await solve(value.solve, mine);
  } catch (error) {
    if (mine !== turn || error.name === "AbortError") return;
    showErrors(error.problem?.errors || []);
    showNothing(error.message);
  }
}

async function solve(job, mine) {
  $("solve").hidden = false;
  $("solve-progress").removeAttribute("value");
  $("solve-words").textContent = "Neither table nor regressor knows this point: it is simulated in full.";
  following = new AbortController();
  const state = await follow(job, {
    signal: following.signal,
    onProgress: (told) => { $("solve-words").textContent = `Simulating in full: ${told.elapsed_seconds.toFixed(0)} s so far.`; },
  });
  if (mine !== turn) return;
  $("solve").hidden = true;
  show(state);
}

const dragged = paused(() => set("nan"), 40);
const rested = paused(() => set("solve"), 700);
form.addEventListener("input", (event) => {
  const slide = event.target.closest(".slide");
  if (!slide) return;
  const [range, number] = [slide.querySelector("[type=range]"), slide.querySelector(".exact")];
  if (event.target === range) number.value = Number(Number(range.value).toPrecision(6)); else if (Number.isFinite(numberOf(slide))) range.value = numberOf(slide);
  dragged();
  rested();
});
form.addEventListener("submit", (event) => event.preventDefault());
$("to-design").addEventListener("click", () => { setSliders(session.design); set("solve"); });

// Time
async function step() {
  try {
    const { value } = await ask(`${path}/step`, { method: "POST", body: { hours: Number($("hours").value) } });
    $("step-words").textContent = `Hour ${Number(value.hour.toPrecision(6))} has passed.`;
    await history();
    return true;
  } catch (error) {
    $("step-words").textContent = `${error.message}.`;
    return false;
  }
}

async function history() {
  const { value } = await ask(`${path}/history`);
  $("history-words").hidden = value.steps.length > 0;
  $("plot-history").hidden = value.steps.length === 0;
  if (value.steps.length) await drawHistory(value.steps);
}

function pause() {
  clearTimeout(running);
  running = null;
  $("run").setAttribute("aria-pressed", "false");
  $("run").textContent = "Run";
}

$("step").addEventListener("click", step);
$("run").addEventListener("click", () => {
  if (running !== null) { pause(); return; }
  $("run").setAttribute("aria-pressed", "true");
  $("run").textContent = "Pause";
  const next = async () => {
    if (running === null) return;
    if (await step()) running = setTimeout(next, 600); else pause();
  };
  running = setTimeout(next, 0);
});

// The real machine
async function upload(body) {
  $("upload-words").textContent = "Comparing ...";
  try {
    const { value } = await ask(`${path}/measured`, { method: "PUT", body, type: "text/csv" });
    $("upload-words").textContent = `${value.compared} of ${value.rows} hours compared.`;
    await compared(value);
  } catch (error) {
    const lines = error.problem?.errors?.length ? error.problem.errors.map((one) => one.detail).join("; ") : error.message;
    $("upload-words").textContent = `Not taken: ${lines}.`;
  }
}

async function compared(value) {
  $("compared").hidden = $("forget").hidden = false;
  $("calibrate").disabled = false;
  showComparison(value);
  await drawMeasured(value.series);
}

async function compareAgain() {
  try {
    await compared((await ask(`${path}/comparison`)).value);
  } catch (error) {
    $("upload-words").textContent = `${error.message}.`;
  }
}

$("file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (file) await upload(file);
  event.target.value = "";
});
$("example").addEventListener("click", async () => {
  try {
    const { value } = await ask(`${path}/example.csv`);
    await upload(value);
  } catch (error) {
    $("upload-words").textContent = `${error.message}.`;
  }
});
$("forget").addEventListener("click", async () => {
  try {
    await ask(`${path}/measured`, { method: "DELETE" });
    $("compared").hidden = $("forget").hidden = true;
    $("calibrate").disabled = true;
    $("upload-words").textContent = "Forgotten.";
  } catch (error) {
    $("upload-words").textContent = `${error.message}.`;
  }
});

// Calibration
function showFactors() {
  const f = session.factors;
  $("chip-factors").textContent = f ? `calibrated: efficiency ${f.eta_s.toFixed(3)}, UA ${f.ua_condenser.toFixed(2)} and ${f.ua_evaporator.toFixed(2)} of the design's` : "as designed";
  $("as-designed").hidden = !f;
}

$("calibrate").addEventListener("click", async () => {
  $("calibrate").disabled = true;
  const bar = $("calibrate-progress");
  bar.hidden = false;
  bar.removeAttribute("value");
  $("calibrate-words").textContent = "Calibrating ...";
  try {
    const { value } = await ask(`${path}/calibration`, { method: "POST" });
    const result = await follow(value, {
      onProgress: (told) => { bar.value = told.share; if (told.note) $("calibrate-words").textContent = `${told.note} ...`; },
    });
    found = value.id;
    showCalibration(result);
    $("keep").hidden = false;
    $("calibrate-words").textContent = `Fitted to ${result.hours_used} hours.`;
  } catch (error) {
    $("calibrate-words").textContent = `${error.message}.`;
  } finally {
    bar.hidden = true;
    $("calibrate").disabled = false;
  }
});

async function take(method, body) {
  try {
    const { value } = await ask(`${path}/factors`, { method, body });
    session = value;
    showFactors();
    show(value.state);
    $("keep").hidden = true;
    if (value.has_measured) await compareAgain();
    $("calibrate-words").textContent = method === "PUT" ? "Kept: the twin is the calibrated machine from now on." : "The twin is the machine as designed.";
  } catch (error) {
    $("calibrate-words").textContent = `${error.message}.`;
  }
}

$("keep").addEventListener("click", () => take("PUT", { solve: found }));
$("as-designed").addEventListener("click", () => take("DELETE"));

async function begin() {
  showFactors();
  show(session.state);
  if (session.state.status === "outside") rested();
  diagram = (await ask(`/api/diagrams/${encodeURIComponent(session.design.refrigerant)}`)).value;
  await drawPh(diagram, session.state, session.design_state);
  await history();
  if (session.has_measured) await compareAgain();
  if (session.factors) {
    const { value } = await ask(`${path}/calibration`);
    if (value) showCalibration(value);
  }
}

// How many isotherms have room for a label hangs on the width.
addEventListener("resize", paused(() => { if (diagram) drawPh(diagram, session.state, session.design_state); }, 200));

begin().catch((error) => { $("status").textContent = error instanceof Refused ? error.message : String(error); });
