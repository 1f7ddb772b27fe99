// An ordinary app by openid-client: it signs somebody in, and out at the provider. The argument is JSON: issuer, client_id,
// client_secret, leaving (where it is called back after logout). Each line that it prints before its last is an address to which
// it sends somebody; each line that it reads is where they came back to. The last line is what it learnt.

import { createInterface } from "node:readline";

import * as openid from "openid-client";

import { reaching } from "./transport.mjs";

const CALLBACK = "https://app.example.com/cb";
const { issuer, client_id, client_secret, leaving } = JSON.parse(process.argv[2]);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const config = await openid.discovery(new URL(issuer), client_id, client_secret, undefined, reaching(issuer));

async function sendAway(address) {
  console.log(address.href);
  const { value } = await lines.next();
  return new URL(value);
}

const [pkceCodeVerifier, expectedState, expectedNonce] =
  [openid.randomPKCECodeVerifier(), openid.randomState(), openid.randomNonce()];
const callback = await sendAway(openid.buildAuthorizationUrl(config, {
  redirect_uri: CALLBACK,
  scope: "openid email profile",
  state: expectedState,
  nonce: expectedNonce,
  code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
}));
const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
const tokens = await openid.authorizationCodeGrant(config, callback, checks);
const person = await openid.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
const left = await sendAway(openid.buildEndSessionUrl(config, {
  id_token_hint: tokens.id_token,
  post_logout_redirect_uri: leaving,
  state: "gone",
}));
const refused = await openid.refreshTokenGrant(config, tokens.refresh_token).then(() => "refreshed", (error) => error.error);
console.log(JSON.stringify({ name: person.name, left: left.href, refused }));
process.exit();
