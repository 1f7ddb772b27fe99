// The live sequence diagram. Texts are always written as text, never as markup.
"use strict";

const rows = document.getElementById("rows");
const words = rows.dataset;
const korean = document.documentElement.lang === "ko";
const PARTIES = ["browser", "client", "provider", "authorization_server", "resource_server"];

/** What a party is called; a social provider by its own name. */
function nameOf(party, message) {
  return (party === "provider" && words[message.provider]) || words[party];
}

/** An element with a class and children; texts become text nodes. */
function make(tag, name, ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

/** `title_ko` or `title_en` of a message. */
function said(message, what) {
  return message[`${what}_${korean ? "ko" : "en"}`] ?? "";
}

/** What a parameter or header is for. */
function meaning(thing) {
  return (korean ? thing.ko : thing.en) ?? "";
}

/** A colour for each secret, in the order of their appearance: neighbours are to look very different. */
const hues = new Map();

function hueOf(digits) {
  if (!hues.has(digits)) hues.set(digits, Math.round((40 + hues.size * 137.508) % 360));
  return String(hues.get(digits));
}

/** What stands in for a secret: the same secret, the same four letters and the same colour. */
function key(digits, name = "") {
  const chip = make("span", "key", name ? make("i", "", name) : null, digits);
  chip.dataset.key = digits;
  chip.style.setProperty("--hue", hueOf(digits));
  chip.title = words.hidden;
  return chip;
}

/** What stands in for something that is not even followed. */
function hidden(name = "") {
  const chip = make("span", name ? "key hidden-key" : "hidden-value", name ? make("i", "", name) : null, "•••");
  chip.title = words.hidden;
  return chip;
}

/** A text with its masked parts as chips. */
function withKeys(text) {
  const parts = String(text).split(/(\*\*\*(?:[0-9a-f]{4})?|•••)/);
  return parts.filter((part) => part !== "").map((part) => {
    if (/^\*\*\*[0-9a-f]{4}$/.test(part)) return key(part.slice(3));
    return part === "***" || part === "•••" ? hidden() : part;
  });
}

/** The secrets that are worth seeing on an arrow, the most telling first, and what they are called there. */
const TELLING = [
  ["password", "password"], ["code", "code"], ["access_token", "access"], ["refresh_token", "refresh"], ["code_verifier", "verifier"],
  ["id_token", "id"], ["token", "token"], ["secret", "secret"], ["handle", "handle"],
];

/** The secrets of a message by their names. */
function secretsOf(message) {
  const found = new Map();
  const add = (name, value) => { if (typeof value === "string" && !found.has(name)) found.set(name, value); };
  for (const field of message.parameters) add(field.name, field.value);
  for (const [name, value] of Object.entries(message.body ?? {})) add(name, value);
  for (const event of message.body?.events ?? []) add("handle", event.handle);
  const credential = message.headers.find((header) => header.name === "authorization")?.value ?? "";
  if (credential.startsWith("Bearer ")) add("access_token", credential);
  if (credential.startsWith("Basic ")) add("secret", credential);
  return found;
}

/** The chips on an arrow. */
function chips(message, most) {
  const found = secretsOf(message);
  const shown = TELLING.filter(([name]) => found.has(name)).slice(0, most);
  return shown.map(([name, short]) => {
    const digits = found.get(name).match(/\*\*\*([0-9a-f]{4})/)?.[1];
    return digits ? key(digits, short) : hidden(short);
  });
}

/** Point at a secret, and see it everywhere. */
function light(digits, lit) {
  for (const chip of document.querySelectorAll(`.key[data-key="${digits}"]`)) chip.classList.toggle("lit", lit);
}
for (const [event, lit] of [["pointerover", true], ["pointerout", false]]) {
  document.addEventListener(event, (pointed) => {
    const chip = pointed.target instanceof Element ? pointed.target.closest(".key[data-key]") : null;
    if (chip) light(chip.dataset.key, lit);
  });
}

for (const sample of document.querySelectorAll(".key[data-sample]")) sample.replaceWith(key(sample.textContent, "code"));

/** The clock time of a message. */
function clock(time) {
  return new Date(time).toLocaleTimeString(korean ? "ko-KR" : "en-GB", { hour12: false });
}

/** Path and nothing else: the origin is the lifeline. Of long ids the beginning is enough. */
function path(address) {
  try {
    return new URL(address, location.href).pathname.replace(/[^/]{20,}/g, (id) => `${id.slice(0, 8)}…`);
  } catch {
    return address;
  }
}
