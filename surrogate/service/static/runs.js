// The list of saved runs: compare, delete.
import { ask } from "./api.js";

const form = document.getElementById("runs");
const said = document.getElementById("said");

form?.addEventListener("submit", (event) => {
  const ticked = form.querySelectorAll("input:checked").length;
  const least = event.submitter?.hasAttribute("formaction") ? 1 : 2;
  if (ticked >= least) return;
  event.preventDefault();
  said.textContent = least === 1 ? "Tick a run first." : "Tick two runs or more first.";
});

form?.addEventListener("click", async (event) => {
  const id = event.target.dataset?.delete;
  if (!id || !confirm(`Delete “${event.target.dataset.name}” for good?`)) return;
  try {
    await ask(`/api/assessments/${id}`, { method: "DELETE" });
    event.target.closest("tr").remove();
    said.textContent = "Deleted.";
  } catch (error) {
    said.textContent = `Not deleted: ${error.message}.`;
  }
});
