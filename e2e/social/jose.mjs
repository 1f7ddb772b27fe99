// Signs in with openid-client for each app and verifies what it got with jose, by the keys at jwks_uri. The argument is JSON:
// issuer, resource, apps. Each line that it prints before its last is an address to which it sends somebody; each line that it
// reads is where they came back to.

import { createInterface } from "node:readline";

import { createRemoteJWKSet, jwtVerify } from "jose";
import * as openid from "openid-client";

import { reaching } from "./transport.mjs";

const CALLBACK = "https://app.example.com/cb";
const { issuer, resource, apps } = JSON.parse(process.argv[2]);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const seen = {};

/** The same token with another subject. */
function forged(token) {
  const [header, payload, signature] = token.split(".");
  const claims = { ...JSON.parse(Buffer.from(payload, "base64url")), sub: "somebody-else" };
  return [header, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".");
}

async function refusal(token, keys, expected) {
  return jwtVerify(token, keys, expected).then(() => "verified", (error) => error.code);
}

for (const { client_id, client_secret, alg } of apps) {
  const config = await openid.discovery(new URL(issuer), client_id, { id_token_signed_response_alg: alg }, openid.ClientSecretBasic(client_secret), reaching(issuer));
  const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
  const [pkceCodeVerifier, expectedState, expectedNonce] =
    [openid.randomPKCECodeVerifier(), openid.randomState(), openid.randomNonce()];
  const address = openid.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: "openid calendar.read",
    resource,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
  });
  console.log(address.href);
  const { value } = await lines.next();
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  const tokens = await openid.authorizationCodeGrant(config, new URL(value), checks, { resource });
  const ofId = { issuer, audience: client_id, algorithms: [alg] };
  const ofAccess = { issuer, audience: resource, typ: "at+jwt" };
  const id = await jwtVerify(tokens.id_token, keys, ofId);
  const access = await jwtVerify(tokens.access_token, keys, ofAccess);
  seen[alg] = {
    id: id.protectedHeader.alg,
    access: access.protectedHeader.alg,
    nonce: id.payload.nonce === expectedNonce,
    forged: [await refusal(forged(tokens.id_token), keys, ofId), await refusal(forged(tokens.access_token), keys, ofAccess)],
    swapped: await refusal(tokens.id_token, keys, ofAccess),
  };
}
console.log(JSON.stringify(seen));
process.exit(0);
