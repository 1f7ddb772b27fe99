// A browser without a screen: it signs somebody in at a simulator, agrees, and stops at the app's address.

const field = (page, name) => page.match(new RegExp(`name="${name}" value="([^"]*)"`))?.[1];

const unescape = (text) =>
  text.replaceAll("&quot;", '"').replaceAll("&#34;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&").replaceAll("&#38;", "&");

async function press(base, path, fields) {
  const body = new URLSearchParams(fields);
  return fetch(`${base}/simulator/${path}`, { method: "POST", body, redirect: "manual" });
}

/** Where the app is called back. A form that is posted is given as if it were a query. */
export async function logIn(address, person, items) {
  const base = new URL(address).origin;
  const page = await (await fetch(address, { redirect: "manual" })).text();
  const visit = field(page, "visit");
  if (!visit) throw new Error(`no sign-in page: ${page}`);
  // Whoever has agreed before is asked nothing.
  const asked = await called(await press(base, "sign-in", { visit, person }), base);
  if (asked) return asked;
  const fields = [["visit", visit], ["decision", "approve"], ...items.map((item) => ["item", item])];
  return called(await press(base, "consent", fields), base);
}

/** Where an answer calls the app back, if it does. */
async function called(answer, base) {
  const location = answer.headers.get("location");
  if (location) return location.startsWith("/") || location.startsWith(base) ? undefined : new URL(location);
  const form = await answer.text();
  const action = form.match(/action="([^"]*)"/)?.[1];
  if (!action || action.startsWith("/") || action.startsWith(base)) return undefined;
  const callback = new URL(unescape(action));
  for (const [, name, value] of form.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g)) {
    callback.searchParams.set(name, unescape(value));
  }
  return callback;
}
