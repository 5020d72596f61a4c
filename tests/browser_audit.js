// What a page must be for people who do not see it, or not well. Returns complaints.
() => {
  const complaints = [];
  const told = (element) => element.outerHTML.slice(0, 120);
  const seen = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest(".hidden, .skip");

  if (document.documentElement.lang !== "en") complaints.push("no language");
  if (!document.title.trim()) complaints.push("no title");
  if (document.querySelectorAll("main").length !== 1) complaints.push("not one main");

  const levels = [...document.querySelectorAll("h1, h2, h3, h4")].filter((x) => x.checkVisibility()).map((x) => Number(x.tagName[1]));
  if (levels.filter((x) => x === 1).length !== 1 || levels[0] !== 1) complaints.push(`headings ${levels}`);
  levels.forEach((level, i) => { if (i && level > levels[i - 1] + 1) complaints.push(`headings ${levels}`); });

  const ids = [...document.querySelectorAll("[id]")].map((x) => x.id);
  for (const id of new Set(ids)) if (ids.filter((x) => x === id).length > 1) complaints.push(`id ${id} twice`);

  for (const entry of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    const label = entry.getAttribute("aria-label") || [...entry.labels].map((x) => x.textContent.trim()).join("");
    if (!label) complaints.push(`no label: ${told(entry)}`);
  }
  for (const one of document.querySelectorAll("[aria-describedby], [aria-labelledby]")) {
    const names = `${one.getAttribute("aria-describedby") || ""} ${one.getAttribute("aria-labelledby") || ""}`.split(/\s+/).filter(Boolean);
    for (const name of names) if (!document.getElementById(name)) complaints.push(`${name} describes, but is not there`);
  }
  for (const one of document.querySelectorAll("button, a[href], summary")) if (!(one.textContent.trim() || one.getAttribute("aria-label"))) complaints.push(`no name: ${told(one)}`);
  for (const one of document.images) if (!one.hasAttribute("alt") || !one.naturalWidth) complaints.push(`picture: ${told(one)}`);
  for (const one of document.querySelectorAll("[role=img], [role=meter]")) if (!(one.getAttribute("aria-label") || one.getAttribute("aria-labelledby"))) complaints.push(`no name: ${told(one)}`);

  // Contrast after WCAG 2.2, 1.4.3.
  const rgba = (text) => { const found = text.match(/[\d.]+/g).map(Number); return [...found.slice(0, 3), found[3] ?? 1]; };
  const over = (top, below) => [0, 1, 2].map((i) => top[3] * top[i] + (1 - top[3]) * below[i]);
  const ground = (element) => {
    const stack = [];
    for (let one = element; one; one = one.parentElement) {
      const color = rgba(getComputedStyle(one).backgroundColor);
      stack.push(color);
      if (color[3] === 1) break;
    }
    return stack.reduceRight((below, top) => over(top, below), [255, 255, 255]);
  };
  const light = (color) => {
    const [r, g, b] = color.map((x) => x / 255).map((x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const checked = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (texts.currentNode.data.trim()) checked.add(element);
  }
  for (const entry of document.querySelectorAll("input:not([type=range], [type=hidden], [type=checkbox]), select")) checked.add(entry);
  let count = 0;
  for (const element of checked) {
    if (!seen(element) || element.closest("svg, script, :disabled, [aria-hidden=true]")) continue;
    const style = getComputedStyle(element);
    const below = ground(element);
    const [a, b] = [light(over(rgba(style.color), below)), light(below)];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    count += 1;
    if (contrast < (large ? 3 : 4.5)) complaints.push(`contrast ${contrast.toFixed(2)}: ${told(element)}`);
  }
  if (count < 5) complaints.push(`only ${count} texts seen`);
  return complaints;
}
