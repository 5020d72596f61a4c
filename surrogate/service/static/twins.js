// The list of twins: begin one, delete one.
import { ask } from "./api.js";

const form = document.getElementById("new");
const said = document.getElementById("said");

/** Show what is wrong beside a field, or that nothing is. */
function wrong(field, why) {
  field.querySelector(".error").textContent = why;
  field.classList.toggle("wrong", why !== "");
  const entry = field.querySelector("input, select");
  if (why) entry.setAttribute("aria-invalid", "true"); else entry.removeAttribute("aria-invalid");
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const design = { refrigerant: form.elements.refrigerant.value };
  for (const field of form.querySelectorAll("[data-field]")) wrong(field, "");
  document.getElementById("wrong").textContent = "";
  for (const field of form.querySelectorAll("fieldset [data-field]")) {
    const name = field.dataset.field;
    const number = Number(field.querySelector("input").value.trim().replace(",", ".") || NaN);
    if (!Number.isFinite(number)) { wrong(field, "This is no number."); return; }
    design[name] = Number((number * Number(field.dataset.scale)).toPrecision(12));
  }
  try {
    const { value } = await ask("/api/twins", { method: "POST", body: { name: form.elements.name.value, design } });
    location.assign(`/twin/${value.id}`);
  } catch (error) {
    let told = false;
    for (const one of error.problem?.errors || []) {
      const field = form.querySelector(`[data-field="${CSS.escape(one.field.split(".").pop())}"]`);
      if (field) { wrong(field, one.detail); told = true; }
    }
    if (!told) document.getElementById("wrong").textContent = error.message;
  }
});

document.addEventListener("click", async (event) => {
  const id = event.target.dataset?.delete;
  if (!id || !confirm(`Delete “${event.target.dataset.name}” and its history for good?`)) return;
  try {
    await ask(`/api/twins/${id}`, { method: "DELETE" });
    event.target.closest("tr").remove();
    said.textContent = "Deleted.";
  } catch (error) {
    said.textContent = `Not deleted: ${error.message}.`;
  }
});
