// Arrows, stories, lifelines.

const stories = new Map();
const drawn = new Map();
const messages = new Map();
const answers = new Map();
/** Requests without an answer: their receivers are at work. */
const open = new Map();
let last = 0;

function lanes(busy = []) {
  const all = PARTIES.map((party) => {
    const lane = make("i", `lane ${party}`);
    const work = busy.find((one) => one.party === party);
    if (work) lane.classList.add("busy", work.how);
    return lane;
  });
  return make("div", "lanes", ...all);
}

/** Who is at work while this message passes, and since or until when. */
function busyLanes(message) {
  const busy = [...open.values()].map((request) => ({ party: request.to, how: "through" }));
  if (message.kind === "request" && !message.noise) busy.unshift({ party: message.to, how: "begins" });
  const answered = open.get(message.answers);
  if (answered) {
    const still = [...open.values()].some((other) => other !== answered && other.to === answered.to);
    busy.unshift({ party: answered.to, how: still ? "through" : "ends" });
  }
  return busy;
}

function keepTrack(message) {
  if (message.kind === "request" && !message.noise) open.set(message.seq, message);
  if (message.kind === "response") open.delete(message.answers);
}

/** The error code that an answer carries, in its challenge or its body. */
function errorOf(message) {
  const challenge = message.headers.find((header) => header.name === "www-authenticate")?.value ?? "";
  const inLocation = message.parameters.find((field) => field.name === "error")?.value;
  return challenge.match(/error="([^"]*)"/)?.[1] ?? message.body?.error ?? inLocation ?? "";
}

/** The line under the arrow: what was sent, in short. */
function summary(message) {
  const keys = chips(message, message.kind === "request" ? 2 : 3);
  if (message.kind === "request") {
    return make("span", "what", make("b", "", message.method), make("span", "", path(message.address)), ...keys);
  }
  const location = message.headers.find((header) => header.name === "location")?.value;
  const error = errorOf(message);
  return make(
    "span", "what",
    make("b", "", message.status ?? "—"),
    error ? make("span", "", error) : null,
    location ? make("span", "", `→ ${path(location)}`) : null,
    ...keys,
  );
}

function wayOf(message) {
  const side = (party) => make("span", party, nameOf(party, message));
  return make("span", "way", side(message.from), make("i", "", message.kind === "response" ? "⇢" : "→"), side(message.to));
}

/** Where the arrow lies: the style sheet knows the places of the lifelines. */
function place(row, message) {
  const [from, to] = [PARTIES.indexOf(message.from), PARTIES.indexOf(message.to)];
  const [left, right] = from < to ? [message.from, message.to] : [message.to, message.from];
  row.style.setProperty("--left", `var(--at-${left})`);
  row.style.setProperty("--right", `var(--at-${right})`);
  row.classList.toggle("back", to < from);
}

function label(message) {
  const number = message.number ? make("span", "number", String(message.number)) : null;
  return make("span", "label", number, make("span", "", said(message, "title")));
}

function eventRow(message) {
  const text = make("span", "said", said(message, "sentence"));
  return make("div", "note-box", make("span", "words", label(message), text));
}

function arrowRow(row, message) {
  const button = make("button", "", wayOf(message), make("span", "line-shape"), make("span", "words", label(message), summary(message)));
  button.type = "button";
  button.tabIndex = -1;
  button.setAttribute("aria-expanded", "false");
  const refusal = message.verdict === "refused" ? ` (${words.refused})` : "";
  button.setAttribute("aria-label", `${nameOf(message.from, message)} → ${nameOf(message.to, message)}: ${said(message, "title")}${refusal}`);
  button.addEventListener("click", () => toggle(row, message, button));
  return button;
}

function toggle(row, message, button) {
  const shown = row.querySelector(".details");
  if (shown) {
    shown.remove();
  } else {
    row.append(details(message, () => { toggle(row, message, button); button.focus(); }));
  }
  row.classList.toggle("open", !shown);
  button.setAttribute("aria-expanded", String(!shown));
}

/** Draws one message; `fresh` if it happens now. */
function draw(message, fresh) {
  if (drawn.has(message.seq)) return null;
  const row = make("div", `message ${message.kind}`);
  row.id = message.id;
  row.dataset.seq = String(message.seq);
  row.classList.toggle("fresh", fresh);
  row.classList.toggle("noise", message.noise);
  row.classList.toggle("is-refused", message.verdict === "refused");
  row.classList.toggle("has-number", Boolean(message.number));
  if (message.from === "provider" || message.to === "provider") showProvider(message);
  if (message.kind !== "event") row.append(lanes(message.noise ? [] : busyLanes(message)));
  keepTrack(message);
  messages.set(message.seq, message);
  if (message.answers) answers.set(message.answers, message);
  if (message.kind === "event") {
    row.append(eventRow(message));
  } else {
    place(row, message);
    row.append(arrowRow(row, message));
  }
  storyOf(message).append(row);
  drawn.set(message.seq, row);
  keepTabStop();
  last = Math.max(last, message.seq);
  retitle(message);
  return row;
}

/** The lifeline of social providers is there when one has had something to say. */
function showProvider(message) {
  document.querySelector(".stage").classList.add("with-provider");
  document.getElementById("provider-name").textContent = words[message.provider] ?? "";
}

function storyOf(message) {
  // The background has no place of its own: it goes on beside whatever else does.
  const known = message.story.id === 0 ? [...stories.values()].at(-1) : stories.get(message.story.id);
  if (known) return known.section;
  const title = (words[message.story.kind] ?? "").replace("{provider}", words[message.provider] ?? words.provider);
  const heading = make("h2", "", title);
  const head = make("div", "story-head", heading, make("time", "", clock(message.time)));
  const section = make("section", `story kind-${message.story.kind}`, lanes(), head);
  stories.set(message.story.id, { section, heading, head, kind: message.story.kind, seen: new Set() });
  rows.append(section);
  return section;
}

/** A story is called by what has happened in it. */
function retitle(message) {
  const story = stories.get(message.story.id);
  if (!story) return;
  const calls = ["read_events", "write_events"].includes(message.endpoint);
  story.seen.add(calls ? "calendar" : message.endpoint);
  if (story.kind === "visit") {
    const main = story.seen.has("calendar") ? words.calendar : words.visit;
    story.heading.textContent = story.seen.has("refresh") ? `${main} · ${words.refresh}` : main;
  }
  if (story.kind === "experiment" && message.kind === "event" && !story.named) {
    story.named = true;
    story.heading.textContent = `${words.experiment}: ${said(message, "title")}`;
  }
  if (message.verdict === "refused" && !story.marked) {
    story.marked = true;
    story.head.append(make("span", "badge refused", words.refused));
  }
}

function wipe() {
  for (const map of [stories, drawn, messages, answers, open]) map.clear();
  last = 0;
  tabStop = null;
  document.querySelector(".stage").classList.remove("with-provider");
  rows.replaceChildren();
}
