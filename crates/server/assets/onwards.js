// Goes on once everything in this page has been loaded, or after a moment; without script the page does so by itself.
"use strict";
const onwards = document.getElementById("onwards");
const goOn = () => location.replace(onwards.href);
if (onwards) {
  addEventListener("load", goOn);
  setTimeout(goOn, 3000);
}
