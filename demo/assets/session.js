// A page that is open says at once that its session is over: the start page has the reason.
"use strict";
const session = new EventSource("/session/events");
session.addEventListener("over", () => {
  session.close();
  location.assign("/");
});
// Whoever presses a button here ends the session knowingly, and is on the way to the answer.
addEventListener("submit", () => session.close());
