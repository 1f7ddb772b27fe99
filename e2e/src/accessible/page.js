// What is wrong with the page for people who use a keyboard, a screen reader or a narrow screen.
const width = arguments[0];
const problems = [];
const name = (e) => e.outerHTML.slice(0, 120);
const unseen = (e) => e.type === "hidden" || e.hidden || !e.checkVisibility();
const text = (id) => (document.getElementById(id)?.textContent ?? "").trim();
const named = (e) => e.getAttribute("aria-label")
  || (e.getAttribute("aria-labelledby") ?? "").split(" ").map(text).join("")
  || [...(e.labels ?? [])].map((label) => label.textContent).join("").trim();

if (!document.documentElement.lang) problems.push("no language");
if (!document.title.trim()) problems.push("no title");
if (document.querySelectorAll("h1").length !== 1) problems.push("not one h1");
if (document.querySelectorAll("main").length !== 1) problems.push("not one main");

for (const e of document.querySelectorAll("input, textarea, select")) {
  if (!unseen(e) && !named(e)) problems.push("no label: " + name(e));
}
for (const e of document.querySelectorAll("a, button, summary")) {
  if (!unseen(e) && !named(e) && !e.textContent.trim()) problems.push("no name: " + name(e));
  if (e.tabIndex > 0) problems.push("an order of its own: " + name(e));
}
for (const e of document.querySelectorAll("button, .button, input")) {
  const box = e.getBoundingClientRect();
  // A box within its label is as large as the label.
  if (unseen(e) || e.closest("label")) continue;
  if (box.width < 24 || box.height < 24) problems.push("too small to touch: " + name(e));
}
for (const e of document.querySelectorAll("img")) {
  if (!e.hasAttribute("alt")) problems.push("no alt: " + name(e));
  if (!e.naturalWidth) problems.push("not loaded: " + name(e));
}

const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
for (const id of new Set(ids)) {
  if (ids.filter((other) => other === id).length > 1) problems.push("twice: #" + id);
}
for (const attribute of ["aria-describedby", "aria-labelledby", "aria-controls", "for"]) {
  for (const e of document.querySelectorAll(`[${attribute}]`)) {
    for (const id of e.getAttribute(attribute).split(" ")) {
      if (!ids.includes(id)) problems.push(`${attribute} leads nowhere: ` + name(e));
    }
  }
}

const wide = document.documentElement.scrollWidth;
if (wide > width) {
  problems.push(`${wide} px wide on ${width} px`);
  for (const e of document.querySelectorAll("body *")) {
    if (e.getBoundingClientRect().right > width + 0.5) problems.push("stands out: " + name(e));
  }
}
return problems;
