// Redeems, refreshes and asks for userinfo with openid-client and its DPoP handle, and prints what it got.
// The argument is the app and where it was called back.

import * as openid from "openid-client";

import { reaching } from "./transport.mjs";

const { issuer, client_id, callback, checks } = JSON.parse(process.argv[2]);
const config = await openid.discovery(new URL(issuer), client_id, undefined, openid.None(), reaching(issuer));
const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair("ES256"));

const tokens = await openid.authorizationCodeGrant(config, new URL(callback), checks, undefined, { DPoP });
const claims = tokens.claims();
const first = await openid.fetchUserInfo(config, tokens.access_token, claims.sub, { DPoP });
const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
const second = await openid.fetchUserInfo(config, refreshed.access_token, claims.sub, { DPoP });

let without = "taken";
try {
  await openid.refreshTokenGrant(config, refreshed.refresh_token ?? tokens.refresh_token);
} catch (error) {
  without = error.error;
}

const thumbprint = await DPoP.calculateThumbprint();
const bound = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url")).cnf.jkt === thumbprint;
console.log(JSON.stringify({
  types: [tokens.token_type, refreshed.token_type],
  bound: [bound(tokens.access_token), bound(refreshed.access_token)],
  emails: [first.email, second.email],
  without,
}));
