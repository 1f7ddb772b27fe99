// What an arrow opens to.

function part(title, ...children) {
  return make("div", "part", make("h3", "", title), ...children);
}

function table(things, name) {
  const lines = things.map((thing) => {
    const place = thing.place ? make("small", "", words[thing.place] ?? "") : null;
    return make("div", "", make("dt", "", name(thing), place), make("dd", "", ...withKeys(thing.value)), make("dd", "meaning", meaning(thing)));
  });
  return make("dl", "table", ...lines);
}

function copyButton(text) {
  const button = make("button", "copy", words.copy);
  button.type = "button";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = words.copied;
      setTimeout(() => { button.textContent = words.copy; }, 2000);
    } catch {
      // Without the permission the line can still be selected.
      getSelection()?.selectAllChildren(button.previousElementSibling);
    }
  });
  return button;
}

function lesson(message) {
  const sources = (message.sources ?? []).map((source) => make("span", "badge", source));
  return make(
    "div", "lesson",
    make("h3", "", words.for),
    make("p", "", said(message, "sentence")),
    sources.length > 0 ? make("div", "sources", ...sources) : null,
  );
}

function startLine(message) {
  if (message.kind === "request") {
    return make("code", "address", make("b", "", message.method), " ", ...withKeys(message.address));
  }
  const fine = message.verdict === "ok" ? "fine" : "refused";
  return make("code", "address", make("b", fine, message.status ? `HTTP ${message.status}` : "—"));
}

/** The other half of an exchange: the answer to a request, the request of an answer. */
function otherHalf(message) {
  const other = message.kind === "request" ? answers.get(message.seq) : messages.get(message.answers);
  if (!other) return null;
  const body = other.body === null ? null : make("pre", "block", ...withKeys(JSON.stringify(other.body, null, 2)));
  const location = other.headers.find((header) => header.name === "location");
  const title = other.kind === "request" ? words.request : words.response;
  return part(title, startLine(other), location ? table([location], (header) => header.name) : null, other.kind === "response" ? body : null);
}

/** All of a message. */
function details(message, close) {
  const closing = make("button", "close", "✕");
  closing.type = "button";
  closing.setAttribute("aria-label", words.close);
  closing.addEventListener("click", close);
  const body = message.body === null ? null : JSON.stringify(message.body, null, 2);
  const curl = message.curl === null ? null : make("pre", "block curl", message.curl);
  const made = make(
    "div", "details",
    lesson(message),
    part(message.kind === "request" ? words.request : words.response, startLine(message)),
    message.parameters.length > 0 ? part(words.parameters, table(message.parameters, (field) => field.name)) : null,
    message.headers.length > 0 ? part(words.headers, table(message.headers, (header) => header.name)) : null,
    body === null ? null : part(words.body, make("pre", "block", ...withKeys(body))),
    otherHalf(message),
    curl ? part(words.curl, make("div", "code-part", curl, copyButton(message.curl))) : null,
    closing,
  );
  made.setAttribute("role", "region");
  made.setAttribute("aria-label", said(message, "title"));
  return made;
}
