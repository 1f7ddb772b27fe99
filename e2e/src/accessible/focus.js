// The place of the keyboard's focus in the order of the page, whether one sees where it is, and what covers it.
const e = document.activeElement;
if (!e || e === document.body) return null;
const all = [...document.querySelectorAll("*")];
const style = getComputedStyle(e);
const within = e.closest("label") ? getComputedStyle(e.closest("label")) : style;
const after = getComputedStyle(e, "::after");
const ring = (s) => (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none";
const box = e.getBoundingClientRect();
const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
const bare = top && (e.contains(top) || top.contains(e) || e.closest("label")?.contains(top));
return {
  place: all.indexOf(e),
  seen: [style, within, after].some(ring),
  covered: bare ? null : (top?.outerHTML.slice(0, 80) ?? "out of sight"),
  name: e.outerHTML.slice(0, 120),
};
