// The textbook follows the messages; the buttons say what came of them.

const books = [...document.querySelectorAll(".textbook .phases")];

function forget() {
  for (const book of books) forgetThis(book);
}

function forgetThis(book) {
  for (const line of book.querySelectorAll(".line, .phase")) {
    line.classList.remove("done", "now");
    line.removeAttribute("aria-current");
  }
  book.querySelector(".phase")?.classList.add("now");
}

/** One textbook at a time: that of the login that goes on, or the one that was asked for. */
function openBook(name) {
  for (const book of books) book.hidden = book.dataset.book !== name;
  for (const opener of document.querySelectorAll("[data-opens]")) {
    opener.setAttribute("aria-pressed", String(opener.dataset.opens === name));
  }
}
for (const opener of document.querySelectorAll("[data-opens]")) {
  opener.addEventListener("click", () => openBook(opener.dataset.opens));
}

/** Where in the textbook this message belongs. */
function follow(message) {
  if (!message.number || message.noise) return;
  const book = books.find((one) => one.dataset.book === message.book);
  if (!book) return;
  // A new login begins at the beginning.
  if (message.number === 1) {
    forgetThis(book);
    openBook(message.book);
  }
  for (const line of book.querySelectorAll(".line")) {
    const here = Number(line.dataset.number) === message.number;
    line.classList.toggle("now", here);
    if (here) {
      line.classList.add("done");
      line.setAttribute("aria-current", "step");
    } else {
      line.removeAttribute("aria-current");
    }
  }
  for (const phase of book.querySelectorAll(".phase")) phase.classList.toggle("now", Number(phase.dataset.phase) === message.phase);
}

forget();

const outcome = document.getElementById("outcome");

function tell(name, title, text) {
  outcome.replaceChildren(make("div", `outcome ${name}`, make("b", "", title), make("span", "", text)));
  // The buttons are a long list, and it stands above them.
  outcome.scrollIntoView({ block: "nearest", behavior: "instant" });
}

/** Whether the panel waits for what the diagram will draw, of the experiment with this title. */
function waitsFor(title) {
  const shown = outcome.querySelector(".outcome.waiting, .outcome.waiting_for_person");
  return shown?.querySelector("b").textContent === title;
}

/** The notes of an experiment come in pairs: what is done, and what came of it. What came later belongs into the panel, too. */
const told = new Map();

function hear(message) {
  if (message.kind !== "event") return;
  const before = told.get(message.story.id);
  told.set(message.story.id, message);
  if (!before) return;
  const title = said(before, "title");
  if (!waitsFor(title) || said(message, "title") === words.heading_waiting) return;
  told.delete(message.story.id);
  tell(message.verdict === "refused" ? "otherwise" : "as_expected", title, said(message, "sentence"));
}

async function perform(form) {
  const button = form.querySelector("button");
  const title = button.querySelector("b").textContent;
  button.setAttribute("aria-busy", "true");
  tell("waiting", title, words.running);
  try {
    const answer = await fetch(form.action, { method: "POST", headers: { Accept: "application/json" } });
    const found = await answer.json();
    tell(found.finding, found.title, found.text);
  } catch {
    tell("failed", title, words.failed);
  }
  button.removeAttribute("aria-busy");
  askWhoIsThere();
}

for (const form of document.querySelectorAll("form[data-experiment]")) {
  // Some experiments send the browser elsewhere: those are plain forms. What came of one in another window the
  // diagram tells.
  if (form.target) {
    form.addEventListener("submit", () => tell("waiting", form.querySelector("b").textContent, words.running));
  }
  if (form.target || "away" in form.dataset) continue;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (form.querySelector("[aria-busy]") === null) perform(form);
  });
}

/** Somebody may have signed in or out in another window. */
async function askWhoIsThere() {
  try {
    const answer = await fetch("/flow/state");
    const { signed_in: signedIn } = await answer.json();
    document.querySelector(".state.in").hidden = !signedIn;
    document.querySelector(".state.out").hidden = signedIn;
  } catch {
    // The page says what it knew when it was loaded.
  }
}
addEventListener("focus", askWhoIsThere);
