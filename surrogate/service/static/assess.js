// The assessment page: the answer follows the form as one types.
import { ask, download, follow, paused, readable, Refused } from "./api.js";
import { BLUE, GREEN, ORANGE, VOID, curve, draw } from "./charts.js";

const form = document.getElementById("question");
const answer = document.getElementById("answer");
const solveCard = document.getElementById("solve");
const saved = document.getElementById("saved");
const downloads = document.getElementById("downloads");
const around = document.querySelectorAll(".around");
let turn = 0;
let following = null;
let done = null; // the full solve that the answer comes from
let run = downloads.dataset.run || null;

/** What is typed where it differs from the default, as the page's address has it. */
function typed() {
  const found = new URLSearchParams();
  for (const entry of form.elements) {
    if (entry.name && entry.value.trim() !== "" && entry.value !== entry.dataset.default) found.set(entry.name, entry.value);
  }
  return found;
}

/** Show what is wrong beside its field. */
function showErrors(errors) {
  for (const field of form.querySelectorAll(".field")) {
    const error = errors[field.dataset.field] || "";
    field.classList.toggle("wrong", error !== "");
    field.querySelector(".error").textContent = error;
    const entry = field.querySelector("input, select");
    if (error) entry.setAttribute("aria-invalid", "true"); else entry.removeAttribute("aria-invalid");
    if (error && field.closest("details")) field.closest("details").open = true;
  }
}

async function update() {
  const mine = ++turn;
  done = null;
  following?.abort();
  solveCard.hidden = true;
  const query = typed();
  answer.setAttribute("aria-busy", "true");
  try {
    const { value } = await ask(`/answer?${query}`);
    const text = await value.text();
    if (mine !== turn) return;
    // The service's own page, in which everything typed is text.
    answer.innerHTML = text;
    const box = answer.querySelector(".verdict");
    tell();
    showErrors(JSON.parse(box.dataset.errors || "{}"));
    history.replaceState(null, "", query.size ? `/?${query}` : "/");
    if (box.dataset.status === "outside") solve(mine);
    if (box.dataset.status) charts(mine); else stale(true);
  } catch (error) {
    if (mine === turn) answer.replaceChildren(refusal(error));
  } finally {
    if (mine === turn) answer.setAttribute("aria-busy", "false");
  }
}

/** Say the answer to those who do not see it: its sentence, not all of its tables. */
function tell() {
  document.getElementById("told").textContent = answer.querySelector("h2")?.textContent || "";
}

/** Charts of a question that the form no longer asks stand back. */
function stale(are) {
  for (const card of around) card.classList.toggle("stale", are);
}

function refusal(error) {
  const box = document.createElement("div");
  box.className = "verdict bad";
  box.append(Object.assign(document.createElement("h2"), { textContent: error.message }));
  return box;
}

/** The question as the service's JSON has it. */
async function question() {
  const { value } = await ask(`/question?${typed()}`);
  return value;
}

/** A full simulation is worth its while once nobody types any more. */
const rest = () => new Promise((done_) => { setTimeout(done_, 700); });

/** A point outside the tables: simulate it in full, and say how far that is. */
async function solve(mine) {
  solveCard.hidden = false;
  following = new AbortController();
  const signal = following.signal;
  const words = document.getElementById("solve-words");
  const bar = document.getElementById("solve-progress");
  words.textContent = "This point lies outside the tables; it is being simulated in full. That takes from half a second to half a minute.";
  bar.removeAttribute("value");
  try {
    await rest();
    if (signal.aborted) return;
    const { status, value } = await ask("/api/assess", { method: "POST", body: await question() });
    if (status === 202) {
      document.getElementById("solve-cancel").onclick = () => {
        words.textContent = "The simulation was stopped.";
        following.abort();
      };
      await follow(value.solve, {
        signal,
        onProgress: (told) => { words.textContent = `Simulating in full: ${told.elapsed_seconds.toFixed(0)} s so far.`; },
      });
    }
    if (mine !== turn) return;
    done = status === 202 ? value.solve.id : null;
    const again = typed();
    if (done) again.set("solve", done);
    const { value: shown } = await ask(`/answer?${again}`);
    answer.innerHTML = await shown.text();
    tell();
    solveCard.hidden = true;
  } catch (error) {
    if (error.name !== "AbortError" && mine === turn) words.textContent = `${error.message[0].toUpperCase()}${error.message.slice(1)}.`;
  }
}

async function charts(mine) {
  let found;
  try {
    found = (await ask("/api/assess/charts", { method: "POST", body: await question() })).value;
  } catch (error) {
    for (const name of ["supply", "source", "map", "fluids"]) document.getElementById(`words-${name}`).textContent = error.message;
    return;
  }
  if (mine !== turn) return;
  stale(false);
  for (const card of around) card.hidden = false;
  fluids(found.refrigerants);
  document.getElementById("words-supply").textContent = readable(found.supply.sentence);
  document.getElementById("words-source").textContent = readable(found.source.sentence);
  document.getElementById("words-map").textContent = readable(found.offdesign.sentence) + (found.offdesign.available
    ? " The orange line is its capacity: more it cannot deliver. Below the dotted line it runs with breaks; where the map is grey, there is no answer. The point is the one you asked for." : "");
  await curve("plot-supply", found.supply, BLUE);
  await curve("plot-source", found.source, GREEN);
  await map(found.offdesign);
}

/** COP over source temperature and heat load; capacity and lowest load as lines. */
async function map(found) {
  const place = document.getElementById("plot-map");
  place.hidden = !found.available;
  if (!found.available) return;
  const kilo = (values) => values.map((value) => value === null ? null : value / 1e3);
  const words = found.status.map((row, j) => row.map((status, i) => status === "ok"
    ? `COP ${found.cop[j][i].toFixed(2)}, ${(found.power[j][i] / 1e3).toFixed(1)} kW electric${found.cycling[j][i] ? ", with breaks" : ""}`
    : readable(found.reasons?.[found.limit[j][i]] || status)));
  await draw(place, [
    { type: "heatmap", x: found.t_source_in, y: kilo(found.heat_load), z: found.cop, text: words, hovertemplate: "%{x:.1f} °C, %{y:.0f} kW: %{text}<extra></extra>",
      colorscale: "Viridis", zsmooth: "best", colorbar: { title: { text: "COP" }, thickness: 14, outlinewidth: 0 } },
    { x: found.t_source_in, y: kilo(found.capacity), mode: "lines", line: { color: ORANGE, width: 3 }, hovertemplate: "capacity at %{x:.1f} °C: %{y:.0f} kW<extra></extra>" },
    { x: found.t_source_in, y: kilo(found.lowest_load), mode: "lines", line: { color: "#fff", width: 2, dash: "dot" }, hovertemplate: "with breaks below %{y:.0f} kW<extra></extra>" },
    { x: [found.at], y: [found.heat_load[0] / found.share[0] / 1e3], mode: "markers", hoverinfo: "skip", marker: { color: ORANGE, size: 11, line: { color: "#fff", width: 2 } } },
  ], {
    plot_bgcolor: VOID, xaxis: { title: "Waste heat, inlet [°C]", showgrid: false, range: [found.t_source_in[0], found.t_source_in.at(-1)] },
    yaxis: { title: "Heat to the network [kW]", showgrid: false, range: [0, Math.max(...found.heat_load) / 1e3 * 1.03] },
  });
}

/** A refrigerant by its number, and by its name where that is short. */
function named(row) {
  return row.chemical && row.chemical.length <= 16 ? `${row.refrigerant}, ${row.chemical}` : row.refrigerant;
}

function fluids(found) {
  document.getElementById("words-fluids").textContent = readable(found.sentence);
  const rows = found.rows.map((row) => {
    const line = document.createElement("tr");
    if (row.own) line.className = "own";
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = named(row);
    line.append(head);
    const cell = (text, kind) => {
      const made = document.createElement("td");
      made.textContent = text;
      if (kind) made.className = kind;
      line.append(made);
      return made;
    };
    if (row.cop === null) {
      line.classList.add("none");
      cell(readable(row.reason), "why").colSpan = 5;
    } else {
      cell(row.cop.toFixed(2));
      cell((row.power / 1e3).toFixed(1));
      cell(row.t_discharge.toFixed(0));
      cell(row.p_cond.toFixed(1));
      cell((3600 * row.suction_volume_flow).toFixed(0));
    }
    cell(row.gwp100 === null ? "?" : String(row.gwp100));
    cell(row.safety_class || "?");
    cell(row.pfas === null ? "?" : row.pfas ? "yes" : "no");
    return line;
  });
  document.querySelector("#fluids tbody").replaceChildren(...rows);
}

function say(text, ...more) {
  saved.replaceChildren(text, ...more);
}

document.getElementById("save").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = document.getElementById("name").value.trim();
  if (!name) { say("Give the run a name first."); document.getElementById("name").focus(); return; }
  try {
    const { status, value } = await ask("/api/assessments", { method: "POST", body: { name, question: await question(), solve: done } });
    const made = status === 202 ? await follow(value.solve) : value;
    run = made.id;
    const link = Object.assign(document.createElement("a"), { href: `/runs/${run}`, textContent: made.name });
    say("Saved as ", link, ". It is under Saved runs.");
  } catch (error) {
    say(`Not saved: ${error.message}.`);
  }
});

downloads.addEventListener("click", async (event) => {
  const form_ = event.target.dataset?.form;
  if (!form_) return;
  const name = document.getElementById("name").value.trim() || "waste heat";
  event.target.disabled = true;
  say("Making the document ...");
  try {
    const { value } = run
      ? await ask(`/api/assessments/${run}/report.${form_}`)
      : await ask(`/api/assess/report.${form_}`, { method: "POST", body: { name, question: await question(), solve: done } });
    download(value, `${name.replace(/[^\w-]+/g, "-")}.${form_}`);
    say("Downloaded.");
  } catch (error) {
    say(`No document: ${error.message}.`);
  } finally {
    event.target.disabled = false;
  }
});

const later = paused(update, 60);

/** What stands there is no longer the saved run. */
function changed() {
  run = null;
  const then = document.getElementById("then");
  if (then) then.textContent = "Changed since it was saved: the numbers below are new, and not saved yet.";
}

form.addEventListener("input", () => { changed(); later(); });
form.addEventListener("reset", (event) => {
  event.preventDefault();
  for (const entry of form.elements) if (entry.dataset.default !== undefined) entry.value = entry.dataset.default;
  changed();
  update();
});
form.addEventListener("submit", (event) => { event.preventDefault(); update(); });
const hints = document.getElementById("hints");
hints.addEventListener("click", () => {
  const on = form.classList.toggle("explain");
  hints.setAttribute("aria-pressed", String(on));
});

// The page came with its answer; the charts follow.
const first = answer.querySelector(".verdict");
if (first?.dataset.status) charts(turn);
if (first?.dataset.status === "outside" && !run) solve(turn);
