// The peer: npm `oidc-provider` as its documentation configures it for production, but in memory, and with the same
// work to do as Mapae has in the benchmark. Says in one line of JSON where it listens and what is registered.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";

import Provider from "oidc-provider";
import MemoryAdapter from "oidc-provider/lib/adapters/memory_adapter.js";
import LRU from "oidc-provider/lib/helpers/lru.js";

const LOOPBACK = "127.0.0.1";
const CALENDAR = "https://calendar.example.com";
const SCOPE = "calendar.read";
const REDIRECT_URI = "https://service.example.com/callback";
const PEOPLE = 64;

// Its own store, made larger: with its usual thousand entries, sessions and tokens would be forgotten during the measurement. With no bound
// at all, what the rounds leave behind would slow it down from one to the next, and be counted against it.
const store = new LRU({ maxSize: 100_000 });

const secret = () => randomBytes(32).toString("base64url");
const web = { id: "web", secret: secret(), redirect_uri: REDIRECT_URI };
const machine = { id: "machine", secret: secret(), scope: SCOPE, resource: CALENDAR };
const api = { id: "calendar", secret: secret() };
const device = { id: "device", secret: secret(), scope: SCOPE, resource: CALENDAR };

// Encoded as they are made. Where the key object of a pair is exported later, Node 20 may stand still for ever: the export holds a lock that the
// job which made the pair wants, too, when the garbage collector ends it.
const JWK = { format: "jwk" };
const pair = (privateKeyEncoding) =>
  generateKeyPairSync("ec", { namedCurve: "P-256", publicKeyEncoding: JWK, privateKeyEncoding });

const boundKeys = pair({ type: "pkcs8", format: "der" });
const bound = { id: "bound", key: boundKeys.privateKey.toString("base64url"), redirect_uri: REDIRECT_URI };
const boundKey = { ...boundKeys.publicKey, alg: "ES256", kid: "bench", use: "sig" };

const signingKey = {
  ...pair(JWK).privateKey,
  alg: "ES256",
  kid: "es256-1",
  use: "sig",
};

const client = ({ id, secret: client_secret }, more) => ({
  client_id: id,
  client_secret,
  token_endpoint_auth_method: "client_secret_basic",
  id_token_signed_response_alg: "ES256",
  grant_types: [],
  redirect_uris: [],
  response_types: [],
  ...more,
});

const configuration = {
  adapter: (model) => new MemoryAdapter(model, store),
  clients: [
    client(web, { grant_types: ["authorization_code"], redirect_uris: [REDIRECT_URI], response_types: ["code"] }),
    client(machine, { grant_types: ["client_credentials"], scope: SCOPE }),
    client(api),
    client(device, { grant_types: ["urn:ietf:params:oauth:grant-type:device_code"], scope: SCOPE }),
    client(bound, {
      grant_types: ["authorization_code"],
      redirect_uris: [REDIRECT_URI],
      response_types: ["code"],
      token_endpoint_auth_method: "private_key_jwt",
      jwks: { keys: [boundKey] },
      dpop_bound_access_tokens: true,
    }),
  ],
  cookies: { keys: [secret()] },
  features: {
    clientCredentials: { enabled: true },
    // Used to sign in once; what is measured never comes to these pages.
    devInteractions: { enabled: true },
    deviceFlow: { enabled: true },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        accessTokenFormat: "jwt",
        accessTokenTTL: 300,
        audience: CALENDAR,
        jwt: { sign: { alg: "ES256" } },
        scope: SCOPE,
      }),
    },
  },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  jwks: { keys: [signingKey] },
  pkce: { required: () => true },
  scopes: ["openid", SCOPE],
  // As long as Mapae's.
  ttl: {
    AccessToken: 300,
    AuthorizationCode: 60,
    ClientCredentials: 300,
    DeviceCode: 600,
    Grant: 2_592_000,
    IdToken: 300,
    Interaction: 3600,
    Session: 1_209_600,
  },
};

const server = createServer({ keepAlive: true, keepAliveTimeout: 60_000 });
server.listen(0, LOOPBACK, () => {
  const { port } = server.address();
  const host = `localhost:${port}`;
  const provider = new Provider(`http://${host}`, configuration);
  provider.on("server_error", (_, error) => console.error(error));
  server.on("request", provider.callback());
  const target = {
    address: `${LOOPBACK}:${port}`,
    host,
    machine,
    web,
    bound,
    device,
    signed: { ...api, scope: `openid ${SCOPE}`, resource: CALENDAR },
    opaque: { ...api, scope: "openid" },
    people: PEOPLE,
    password: "any will do here",
  };
  console.log(JSON.stringify(target));
});
