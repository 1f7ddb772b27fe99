// A client without a server: public, with PKCE (RFC 7636), its tokens in this page's memory and nowhere else.
"use strict";

const app = document.getElementById("main").dataset;
const home = location.origin + location.pathname;
const KEPT = "browser-app";
let tokens = null;

const byId = (id) => document.getElementById(id);

function say(text, name) {
  byId("said").textContent = text;
  byId("said").className = `note ${name}`;
  byId("said").dataset.state = name;
}

function base64url(bytes) {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

/** Off to the authorization server; what must be known on the way back stays in this window. */
async function begin() {
  const [verifier, state] = [random(), random()];
  sessionStorage.setItem(KEPT, JSON.stringify({ verifier, state }));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const query = new URLSearchParams({
    response_type: "code", client_id: app.client, redirect_uri: home, scope: app.scope, state, resource: app.api,
    code_challenge: base64url(digest), code_challenge_method: "S256", ui_locales: document.documentElement.lang,
  });
  location.assign(`${app.issuer}/authorize?${query}`);
}

/** The token endpoint (RFC 6749 §3.2): a public client names itself and proves nothing. */
async function ask(form) {
  const body = new URLSearchParams({ client_id: app.client, ...form });
  const answer = await fetch(`${app.issuer}/token`, { method: "POST", body });
  if (!answer.ok) throw new Error((await answer.json()).error);
  tokens = await answer.json();
}

async function fetched(address) {
  const answer = await fetch(address, { headers: { Authorization: `Bearer ${tokens.access_token}` } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function greet() {
  const person = await fetched(`${app.issuer}/userinfo`);
  say(app.in.replace("{name}", person.name ?? ""), "done");
  byId("begin").hidden = true;
  byId("read").hidden = false;
  byId("renew").hidden = false;
}

async function count() {
  const { events } = await fetched(`${app.api}/events`);
  say(app.found.replace("{n}", String(events.length)), "done");
}

async function renew() {
  await ask({ grant_type: "refresh_token", refresh_token: tokens.refresh_token });
  await greet();
}

/** The answer at the redirect URI: of this window's own login, and of the server that was asked (RFC 9207 §2.4). */
async function finish(query) {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  sessionStorage.removeItem(KEPT);
  // The address must not stay in the history.
  history.replaceState(null, "", home);
  if (!kept.state || query.get("state") !== kept.state || query.get("iss") !== app.issuer) throw new Error("state");
  if (query.has("error")) throw new Error(query.get("error"));
  await ask({
    grant_type: "authorization_code", code: query.get("code"), redirect_uri: home, code_verifier: kept.verifier,
  });
  await greet();
}

/** Does it, or says that it did not work. */
async function attempt(act) {
  try {
    await act();
  } catch (error) {
    say(app.failed.replace("{why}", error.message), "wrong");
    byId("begin").hidden = false;
  }
}

byId("begin").addEventListener("click", () => attempt(begin));
byId("read").addEventListener("click", () => attempt(count));
byId("renew").addEventListener("click", () => attempt(renew));
const query = new URLSearchParams(location.search);
if (query.has("state")) attempt(() => finish(query));
