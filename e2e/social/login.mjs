// Logs in with every simulated provider through arctic and openid-client, and prints who it was.
// The argument is what `mapae simulate --json` says.

import * as arctic from "arctic";
import { importPKCS8, SignJWT } from "jose";
import * as openid from "openid-client";

import { logIn } from "./browser.mjs";
import { moved, redirectFetch } from "./hosts.mjs";
import { reaching } from "./transport.mjs";

const CALLBACK = "http://localhost:3000/callback";
const { simulators } = JSON.parse(process.argv[2]);
const bases = Object.fromEntries(simulators.map(({ provider, base_url }) => [provider, base_url]));
const app = (provider) => simulators.find((simulator) => simulator.provider === provider);
redirectFetch(bases);

async function withArctic() {
  const seen = {};
  const json = async (address, token) =>
    (await fetch(address, { headers: { Authorization: `Bearer ${token}` } })).json();
  const state = arctic.generateState();
  const code = (callback) => {
    if (callback.searchParams.get("state") !== state) throw new Error(`another state: ${callback}`);
    return callback.searchParams.get("code");
  };
  const [kakaoApp, naverApp, googleApp, facebookApp, appleApp] =
    ["kakao", "naver", "google", "facebook", "apple"].map(app);

  const kakao = new arctic.Kakao(kakaoApp.client_id, kakaoApp.client_secret, CALLBACK);
  const atKakao = moved(kakao.createAuthorizationURL(state, ["account_email", "profile_nickname"]), bases);
  let tokens = await kakao.validateAuthorizationCode(code(await logIn(atKakao, "ryan", ["account_email"])));
  const ryan = await (await fetch("https://kapi.kakao.com/v2/user/me", { headers: { Authorization: `Bearer ${tokens.accessToken()}` } })).text();
  seen.kakao = { id: ryan.match(/"id":(\d+)/)[1], refresh: tokens.hasRefreshToken(), expires: tokens.accessTokenExpiresInSeconds() };
  seen.kakao.refreshed = (await kakao.refreshAccessToken(tokens.refreshToken())).accessToken() !== tokens.accessToken();

  const naver = new arctic.Naver(naverApp.client_id, naverApp.client_secret, CALLBACK);
  const atNaver = moved(naver.createAuthorizationURL(), bases);
  atNaver.searchParams.set("state", state);
  tokens = await naver.validateAuthorizationCode(code(await logIn(atNaver, "yuna", ["email"])));
  seen.naver = (await json("https://openapi.naver.com/v1/nid/me", tokens.accessToken())).response;

  const google = new arctic.Google(googleApp.client_id, googleApp.client_secret, CALLBACK);
  const verifier = arctic.generateCodeVerifier();
  const atGoogle = google.createAuthorizationURL(state, verifier, ["openid", "email", "profile"]);
  tokens = await google.validateAuthorizationCode(code(await logIn(moved(atGoogle, bases), "minseo", [])), verifier);
  seen.google = arctic.decodeIdToken(tokens.idToken());

  const facebook = new arctic.Facebook(facebookApp.client_id, facebookApp.client_secret, CALLBACK);
  const atFacebook = moved(facebook.createAuthorizationURL(state, ["email", "public_profile"]), bases);
  tokens = await facebook.validateAuthorizationCode(code(await logIn(atFacebook, "sora", ["email"])));
  seen.facebook = await json("https://graph.facebook.com/me?fields=id,name,email", tokens.accessToken());

  const pem = await (await fetch(`${bases.apple}/simulator/client-key.p8`)).text();
  const key = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const apple = new arctic.Apple(appleApp.client_id, "SIMULATED0", "SIMULATED1", new Uint8Array(key), CALLBACK);
  const atApple = moved(apple.createAuthorizationURL(state, ["name", "email"]), bases);
  atApple.searchParams.set("response_mode", "form_post");
  const posted = await logIn(atApple, "haru", []);
  tokens = await apple.validateAuthorizationCode(code(posted));
  seen.apple = { ...arctic.decodeIdToken(tokens.idToken()), user: JSON.parse(posted.searchParams.get("user")) };
  return seen;
}

async function withOpenIdClient(provider, person, scope, items) {
  const { base_url, client_id, client_secret } = app(provider);
  const authentication = openid.ClientSecretPost(client_secret);
  const config = await openid.discovery(new URL(base_url), client_id, undefined, authentication, reaching(base_url));
  const [pkceCodeVerifier, expectedState, expectedNonce] =
    [openid.randomPKCECodeVerifier(), openid.randomState(), openid.randomNonce()];
  const address = openid.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
  });
  const callback = await logIn(address, person, items);
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  const tokens = await openid.authorizationCodeGrant(config, callback, checks);
  const claims = tokens.claims();
  if (provider === "naver") return { sub: claims.sub };
  const user = await openid.fetchUserInfo(config, tokens.access_token, claims.sub);
  return { sub: claims.sub, email: user.email };
}

/** Apple's secret is a JWT that the app signs, and its answer is posted to the app. */
async function appleWithOpenIdClient(person) {
  const { base_url, client_id } = app("apple");
  const key = await importPKCS8(await (await fetch(`${base_url}/simulator/client-key.p8`)).text(), "ES256");
  const secret = new SignJWT().setProtectedHeader({ alg: "ES256", kid: "SIMULATED1" }).setIssuer("SIMULATED0");
  secret.setSubject(client_id).setAudience("https://appleid.apple.com").setIssuedAt().setExpirationTime("5m");
  const authentication = openid.ClientSecretPost(await secret.sign(key));
  const config = await openid.discovery(new URL(base_url), client_id, undefined, authentication, reaching(base_url));
  const [expectedState, expectedNonce] = [openid.randomState(), openid.randomNonce()];
  const address = openid.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    response_mode: "form_post",
    scope: "name email",
    state: expectedState,
    nonce: expectedNonce,
  });
  const body = (await logIn(address, person, [])).searchParams;
  const posted = new Request(CALLBACK, { method: "POST", body });
  const checks = { expectedState, expectedNonce, idTokenExpected: true };
  const claims = (await openid.authorizationCodeGrant(config, posted, checks)).claims();
  return { sub: claims.sub, email: claims.email };
}

const seen = { arctic: await withArctic(), openid: {} };
seen.openid.kakao = await withOpenIdClient("kakao", "apeach", "openid account_email", ["account_email"]);
seen.openid.naver = await withOpenIdClient("naver", "haneul", "openid", ["email"]);
seen.openid.google = await withOpenIdClient("google", "jiwoo", "openid email profile", []);
seen.openid.apple = await appleWithOpenIdClient("haru");
console.log(JSON.stringify(seen));
