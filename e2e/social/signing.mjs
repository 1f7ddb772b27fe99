// An app that signs everything, by openid-client: it registers itself, proves itself by private_key_jwt, pushes signed requests
// and reads signed answers. The argument is the issuer. Each line that it prints is an address to which it sends somebody;
// each line that it reads is where they came back to. The last line is what it learnt.

import { createInterface } from "node:readline";

import * as openid from "openid-client";

import { reaching } from "./transport.mjs";

const CALLBACK = "https://app.example.com/cb";
const issuer = new URL(process.argv[2]);
const algorithm = { name: "ECDSA", namedCurve: "P-256" };
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function keyPair(kid) {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
  return { key: { key: privateKey, kid }, jwk: { kty, crv, x, y, kid, use: "sig", alg: "ES256" } };
}

async function sendAway(address) {
  console.log(address.href);
  const { value } = await lines.next();
  return new URL(value);
}

async function logIn(config, key, signed) {
  const [pkceCodeVerifier, expectedState, expectedNonce] =
    [openid.randomPKCECodeVerifier(), openid.randomState(), openid.randomNonce()];
  const parameters = {
    redirect_uri: CALLBACK,
    scope: "openid email",
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
  };
  const address = signed
    ? await openid.buildAuthorizationUrlWithJAR(config, parameters, key)
    : openid.buildAuthorizationUrl(config, parameters);
  const pushed = await openid.buildAuthorizationUrlWithPAR(config, address.searchParams);
  const callback = await sendAway(pushed);
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  const tokens = await openid.authorizationCodeGrant(config, callback, checks);
  const person = await openid.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token);
  const before = await openid.tokenIntrospection(config, refreshed.access_token);
  await openid.tokenRevocation(config, refreshed.refresh_token);
  const after = await openid.tokenIntrospection(config, refreshed.access_token);
  return {
    pushed: [...pushed.searchParams.keys()].sort(),
    answered: [...callback.searchParams.keys()].sort(),
    email: person.email,
    active: [before.active, after.active],
  };
}

const { key, jwk } = await keyPair("signing-1");
const metadata = {
  client_name: "Signing",
  redirect_uris: [CALLBACK],
  grant_types: ["authorization_code", "refresh_token"],
  id_token_signed_response_alg: "ES256",
  authorization_signed_response_alg: "ES256",
};
const byKey = await openid.dynamicClientRegistration(
  issuer,
  {
    ...metadata,
    jwks: { keys: [jwk] },
    token_endpoint_auth_method: "private_key_jwt",
    token_endpoint_auth_signing_alg: "ES256",
    request_object_signing_alg: "ES256",
    require_signed_request_object: true,
    require_pushed_authorization_requests: true,
  },
  openid.PrivateKeyJwt(key),
  reaching(issuer),
);
openid.useJwtResponseMode(byKey);
const privateKey = await logIn(byKey, key, true);

const bySecret = await openid.dynamicClientRegistration(
  issuer,
  { ...metadata, token_endpoint_auth_method: "client_secret_jwt" },
  openid.ClientSecretJwt(),
  reaching(issuer),
);
const secret = await logIn(bySecret, undefined, false);
console.log(JSON.stringify({ privateKey, secret }));
process.exit(0);
