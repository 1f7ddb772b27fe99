// The official MCP SDK's client as it comes. The argument is JSON: `server`, `client_metadata`, and, if the client is an
// address, `document`, which is served here with `certificate` and `key`. Each line that it prints before its last is an address to which it sends somebody; each line that it reads
// is where they came back to. The last line is what it saw.

import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { createInterface } from "node:readline";

import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const { server, client_metadata, document, certificate, key } = JSON.parse(process.argv[2]);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const kept = {};
let sentTo;

if (document) {
  const body = JSON.stringify({ ...client_metadata, client_id: document });
  const site = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (_, answer) =>
    answer.setHeader("content-type", "application/json").end(body),
  );
  await new Promise((listening) => site.listen(new URL(document).port, "127.0.0.1", listening));
}

const provider = {
  redirectUrl: client_metadata.redirect_uris[0],
  clientMetadata: client_metadata,
  clientMetadataUrl: document ?? undefined,
  state: () => "af0ifjsldkj",
  clientInformation: () => kept.client,
  saveClientInformation: (client) => void (kept.client = client),
  tokens: () => kept.tokens,
  saveTokens: (tokens) => void (kept.tokens = tokens),
  codeVerifier: () => kept.verifier,
  saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
  redirectToAuthorization: (address) => void (sentTo = address),
};

async function connected() {
  const transport = new StreamableHTTPClientTransport(new URL(server), { authProvider: provider });
  const client = new Client({ name: "notes-reader", version: "1.0.0" });
  await client.connect(transport);
  return { client, transport };
}

/** Does something; when the server wants somebody to sign in or to agree, sends them and does it again. */
async function permitted(act) {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
  }
  console.log(sentTo.href);
  const { value } = await lines.next();
  const transport = new StreamableHTTPClientTransport(new URL(server), { authProvider: provider });
  await transport.finishAuth(new URL(value).searchParams.get("code"));
  return act();
}

const claims = () => {
  const { aud, scope } = JSON.parse(Buffer.from(kept.tokens.access_token.split(".")[1], "base64url"));
  return { aud, scope };
};

const seen = {};
const { client, transport } = await permitted(connected);
seen.tools = (await client.listTools()).tools.map((tool) => tool.name);
seen.first = claims();
const call = async (name, args = {}) => (await client.callTool({ name, arguments: args })).content[0].text;
seen.before = await call("list_notes");
try {
  seen.written = await permitted(() => call("add_note", { text: "우유 사기" }));
  seen.after = await call("list_notes");
} catch (error) {
  seen.refused = error.code ?? String(error);
}
seen.last = claims();
seen.client_id = kept.client.client_id;
seen.refreshes = kept.tokens.refresh_token !== undefined;
if (seen.refreshes) {
  const before = kept.tokens.access_token;
  kept.tokens = { ...kept.tokens, access_token: "e30.e30.e30" };
  seen.refreshed = (await call("list_notes")) === seen.before && kept.tokens.access_token !== before;
}
seen.token = kept.tokens.access_token;
await transport.close();
console.log(JSON.stringify(seen));
process.exit(0);
