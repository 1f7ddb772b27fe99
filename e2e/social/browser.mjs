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
  await press(base, "sign-in", { visit, person });
  const fields = [["visit", visit], ["decision", "approve"], ...items.map((item) => ["item", item])];
  const answer = await press(base, "consent", fields);
  const location = answer.headers.get("location");
  if (location) return new URL(location);
  const form = await answer.text();
  const callback = new URL(unescape(form.match(/action="([^"]*)"/)[1]));
  for (const [, name, value] of form.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g)) {
    callback.searchParams.set(name, unescape(value));
  }
  return callback;
}
