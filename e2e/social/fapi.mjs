// An app on a profile of FAPI 2.0 by openid-client: private_key_jwt, pushed requests, DPoP; signed requests and answers where the
// argument says so. The argument is JSON: issuer, client_id, key (a private JWK), signs. The first line that it prints is an
// address to which it sends somebody, the line that it reads is where they came back to, the last line is what it learnt.

import { createInterface } from "node:readline";

import * as openid from "openid-client";

import { reaching } from "./transport.mjs";

const CALLBACK = "https://app.example.com/cb";
const { issuer, client_id, key: jwk, signs } = JSON.parse(process.argv[2]);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const curve = { name: "ECDSA", namedCurve: "P-256" };
const key = { key: await crypto.subtle.importKey("jwk", jwk, curve, false, ["sign"]), kid: jwk.kid };
const metadata = { id_token_signed_response_alg: "ES256", authorization_signed_response_alg: "ES256" };
const config = await openid.discovery(new URL(issuer), client_id, metadata, openid.PrivateKeyJwt(key), reaching(issuer));
if (signs) openid.useJwtResponseMode(config);
const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair("ES256"));

const [pkceCodeVerifier, expectedState, expectedNonce] =
  [openid.randomPKCECodeVerifier(), openid.randomState(), openid.randomNonce()];
let asked = {
  redirect_uri: CALLBACK,
  scope: "openid email",
  state: expectedState,
  nonce: expectedNonce,
  code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
};
if (signs) asked = (await openid.buildAuthorizationUrlWithJAR(config, asked, key)).searchParams;
console.log((await openid.buildAuthorizationUrlWithPAR(config, asked, { DPoP })).href);
const callback = new URL((await lines.next()).value);
const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
const tokens = await openid.authorizationCodeGrant(config, callback, checks, undefined, { DPoP });
const person = await openid.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP });
const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
console.log(JSON.stringify({
  answered: [...callback.searchParams.keys()].sort(),
  type: tokens.token_type,
  email: person.email,
  refreshed: refreshed.access_token !== tokens.access_token,
}));
process.exit();
