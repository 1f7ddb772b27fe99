// With the keyboard: all arrows are one stop of the tabulator, and the arrow keys lead from one to the next.

/** The arrow on which the tabulator stops. */
let tabStop = null;

/** Those that are to be seen, in order. */
function arrows() {
  return [...rows.querySelectorAll(".message > button")].filter((button) => button.offsetParent !== null);
}

function stopAt(button) {
  if (tabStop) tabStop.tabIndex = -1;
  tabStop = button;
  button.tabIndex = 0;
}

/** One that is wiped away, or hidden by a switch, is nowhere to stop. */
function keepTabStop() {
  if (tabStop?.isConnected && tabStop.offsetParent !== null) return;
  const first = arrows()[0];
  if (first) stopAt(first);
}

rows.addEventListener("focusin", (event) => {
  if (event.target.matches(".message > button")) stopAt(event.target);
});

/** Where a key leads, from the arrow at this place of so many. */
const LEADS = {
  ArrowDown: (at) => at + 1,
  ArrowUp: (at) => at - 1,
  Home: () => 0,
  End: (at, many) => many - 1,
};

rows.addEventListener("keydown", (event) => {
  const row = event.target.closest(".message");
  if (!row) return;
  if (event.key === "Escape" && row.classList.contains("open")) {
    row.querySelector(".details .close").click();
  }
  const lead = LEADS[event.key];
  if (!lead || !event.target.matches(".message > button")) return;
  const all = arrows();
  const next = all[lead(all.indexOf(event.target), all.length)];
  if (next) {
    event.preventDefault();
    next.focus();
  }
});
