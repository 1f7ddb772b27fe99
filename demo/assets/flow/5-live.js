// Messages as they come, and staying with them.

const live = document.getElementById("live");
const quiet = document.getElementById("quiet");
const newest = document.getElementById("newest");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const CLEARED = "flow-cleared";
let run = "";
let unseen = 0;
let following = true;
/** Messages that were there before this page do not draw themselves in; the server says when they are all here. */
let settled = false;

function state(name) {
  live.dataset.state = name;
  live.querySelector("span").textContent = words[name];
}

/** What this viewer has wiped away, of this process. */
function clearedUpTo() {
  const [of, seq] = (sessionStorage.getItem(CLEARED) ?? "").split(".");
  return of === run ? Number(seq) : 0;
}

function atEnd() {
  const end = rows.getBoundingClientRect().bottom;
  return end <= innerHeight + 160;
}

function goToEnd(smooth) {
  following = true;
  unseen = 0;
  newest.hidden = true;
  const behavior = smooth && !still.matches ? "smooth" : "instant";
  scrollTo({ top: scrollY + rows.getBoundingClientRect().bottom - innerHeight + 40, behavior });
}

function notice(row) {
  if (!row || row.offsetParent === null) return;
  if (following) {
    if (rows.getBoundingClientRect().bottom > innerHeight - 40) goToEnd(settled);
    return;
  }
  // What was there before is not new.
  if (!settled) return;
  unseen += 1;
  newest.querySelector("span").textContent = String(unseen);
  newest.hidden = false;
}

function arrived(event) {
  const [of, seq] = event.lastEventId.split(".");
  if (of !== run) {
    run = of;
    wipe();
    forget();
  }
  if (Number(seq) <= clearedUpTo()) return;
  const message = JSON.parse(event.data);
  const row = draw(message, settled);
  follow(message);
  if (settled) hear(message);
  showQuiet();
  notice(row);
  if (settled && ["callback", "social_callback", "sign_up", "social_sign_up", "sign_out", "signed_out", "home"].includes(message.endpoint)) askWhoIsThere();
}

/** Nothing but the background counts as quiet. */
function showQuiet() {
  quiet.hidden = rows.querySelector(".message:not(.noise)") !== null;
}

function listen() {
  const source = new EventSource("/flow/events");
  source.addEventListener("open", () => state("live"));
  source.addEventListener("message", arrived);
  source.addEventListener("settled", () => {
    settled = true;
    showQuiet();
    document.documentElement.dataset.settled = "";
  });
  source.addEventListener("error", () => state(source.readyState === EventSource.CLOSED ? "lost" : "connecting"));
}

// Whoever scrolls up wants to read: the page stays where it is. The page's own scrolling does not count.
let touched = 0;
for (const event of ["wheel", "touchmove", "keydown", "pointerdown"]) {
  addEventListener(event, () => { touched = Date.now(); }, { passive: true });
}
addEventListener("scroll", () => {
  if (atEnd()) {
    following = true;
    unseen = 0;
    newest.hidden = true;
  } else if (Date.now() - touched < 1500) {
    following = false;
  }
}, { passive: true });
newest.addEventListener("click", () => goToEnd(true));

document.getElementById("clear").addEventListener("click", () => {
  sessionStorage.setItem(CLEARED, `${run}.${last}`);
  const seen = last;
  wipe();
  last = seen;
  forget();
  showQuiet();
});
for (const [id, name] of [["noise", "with-noise"], ["numbered", "numbered-only"]]) {
  const box = document.getElementById(id);
  const apply = () => {
    rows.classList.toggle(name, box.checked);
    keepTabStop();
  };
  box.addEventListener("change", apply);
  apply();
}

// On a narrow screen the list is long and the buttons stand above it: begin at the top.
following = matchMedia("(min-width: 1220px)").matches;
listen();
