// Talking to the service: JSON in and out, problem documents as errors, progress of full solves.

/** The library's words with the sign that people read. */
export const readable = (text) => text.replaceAll("degC", "°C");

export class Refused extends Error {
  constructor(problem) {
    super(readable(problem.detail || problem.title || "the service refused"));
    for (const one of problem.errors || []) one.detail = readable(one.detail);
    this.problem = problem;
  }
}

/** Ask the service; returns what it answers, and the status. */
export async function ask(path, { method = "GET", body, signal, type } = {}) {
  const sent = body === undefined ? {} : {
    body: type ? body : JSON.stringify(body),
    headers: { "Content-Type": type || "application/json" },
  };
  let response;
  try {
    response = await fetch(path, { method, signal, ...sent });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused({ title: "the service cannot be reached; is it still running?" });
  }
  const kind = response.headers.get("Content-Type") || "";
  if (!response.ok) {
    if (response.status === 401) location.assign("/login?to=" + encodeURIComponent(location.pathname + location.search));
    throw new Refused(kind.includes("json") ? await response.json() : { title: response.statusText });
  }
  if (response.status === 204) return { status: 204, value: null };
  return { status: response.status, value: kind.includes("json") ? await response.json() : await response.blob() };
}

/** Follow full solves to their end; returns the whole answer. */
export function follow(solve, { onProgress, signal } = {}) {
  return new Promise((resolve, reject) => {
    const source = new EventSource(solve.events);
    // What nobody waits for any more need not be solved.
    const stop = () => {
      source.close();
      ask(solve.url, { method: "DELETE" }).catch(() => {});
      reject(new DOMException("stopped", "AbortError"));
    };
    if (signal?.aborted) { stop(); return; }
    if (signal) signal.addEventListener("abort", stop, { once: true });
    source.addEventListener("progress", (event) => onProgress?.(JSON.parse(event.data)));
    source.addEventListener("end", async () => {
      source.close();
      try {
        const { value } = await ask(solve.url);
        if (value.state === "done") resolve(value.result);
        else reject(new Refused(value.problem || { title: `the full simulation was ${value.state}` }));
      } catch (error) { reject(error); }
    });
  });
}

/** Save a blob as a file. */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** Call a function once calls have paused for some milliseconds. */
export function paused(call, milliseconds) {
  let timer;
  return (...given) => { clearTimeout(timer); timer = setTimeout(() => call(...given), milliseconds); };
}
