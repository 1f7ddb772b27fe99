// A page that is open says at once that its session is over: the start page has the reason.
"use strict";
const session = new EventSource("/session/events");
function over() {
  session.close();
  location.assign("/");
}
session.addEventListener("over", over);
// Nothing to be told of: the session was over before this page could listen.
session.addEventListener("error", () => {
  if (session.readyState === EventSource.CLOSED) over();
});
// Whoever presses a button here ends the session knowingly, and is on the way to the answer.
addEventListener("submit", () => session.close());
