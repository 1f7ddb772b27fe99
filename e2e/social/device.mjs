// A device without a browser, through openid-client: prints its codes, waits for a line, and prints what it got.
// The argument is JSON: issuer, client_id, scope.

import { createInterface } from "node:readline/promises";
import * as openid from "openid-client";

import { reaching } from "./transport.mjs";

const { issuer, client_id, scope } = JSON.parse(process.argv[2]);
const server = await openid.discovery(new URL(issuer), client_id, undefined, openid.None(), reaching(issuer));

const device = await openid.initiateDeviceAuthorization(server, { scope });
console.log(JSON.stringify(device));

const terminal = createInterface({ input: process.stdin });
await new Promise((resolve) => terminal.once("line", resolve));
terminal.close();

let outcome;
try {
  const tokens = await openid.pollDeviceAuthorizationGrant(server, device);
  const person = await openid.fetchUserInfo(server, tokens.access_token, tokens.claims().sub);
  const refreshed = await openid.refreshTokenGrant(server, tokens.refresh_token);
  outcome = { scope: tokens.scope, email: person.email, refreshed: refreshed.access_token !== tokens.access_token };
} catch (error) {
  outcome = { error: error.error ?? String(error) };
}
console.log(JSON.stringify(outcome));
