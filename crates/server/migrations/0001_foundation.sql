-- The foundation. Plain SQL of the common subset of SQLite and PostgreSQL: TEXT, BIGINT (Unix seconds,
-- counters, epochs), BOOLEAN. Ids are a prefix and base64url of at least 128 random bits.
--
-- Users, apps, APIs, consents and sessions each have an epoch. What is made under them remembers their
-- epochs and is alive only while all are still equal: raising one number ends everything made before.

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    email_verified BOOLEAN NOT NULL,
    name TEXT NOT NULL,
    locale TEXT,
    password_hash TEXT,
    operator BOOLEAN NOT NULL,
    epoch BIGINT NOT NULL,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE apps (
    id TEXT NOT NULL PRIMARY KEY,
    owner_id TEXT REFERENCES users (id),
    name TEXT NOT NULL,
    icon TEXT,
    homepage TEXT,
    public BOOLEAN NOT NULL,
    grant_types TEXT NOT NULL,
    token_endpoint_auth_method TEXT,
    id_token_alg TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    pkce_required BOOLEAN NOT NULL,
    rotate_refresh BOOLEAN NOT NULL,
    epoch BIGINT NOT NULL,
    disabled_at BIGINT,
    deleted_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX apps_by_owner ON apps (owner_id);

-- The SHA-256 of a generated 256-bit secret. With an end while an older one is being replaced.
CREATE TABLE app_secrets (
    id TEXT NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES apps (id),
    hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX app_secrets_by_app ON app_secrets (app_id);

CREATE TABLE app_redirect_uris (
    app_id TEXT NOT NULL REFERENCES apps (id),
    uri TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (app_id, uri)
);

CREATE TABLE app_origins (
    app_id TEXT NOT NULL REFERENCES apps (id),
    origin TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (app_id, origin)
);

CREATE TABLE app_scopes (
    app_id TEXT NOT NULL REFERENCES apps (id),
    scope TEXT NOT NULL,
    required BOOLEAN NOT NULL,
    purpose_ko TEXT NOT NULL,
    purpose_en TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (app_id, scope)
);

CREATE TABLE apis (
    id TEXT NOT NULL PRIMARY KEY,
    identifier TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    token_format TEXT NOT NULL CHECK (token_format IN ('jwt', 'opaque')),
    secret_hash TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL
);

-- A scope belongs to one API: the scopes of a token say for whom it is (RFC 8707).
CREATE TABLE api_scopes (
    scope TEXT NOT NULL PRIMARY KEY,
    api_id TEXT NOT NULL REFERENCES apis (id),
    title_ko TEXT NOT NULL,
    title_en TEXT NOT NULL,
    position BIGINT NOT NULL
);
CREATE INDEX api_scopes_by_api ON api_scopes (api_id);

CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    secret_hash TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    user_epoch BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    auth_time BIGINT NOT NULL,
    amr TEXT NOT NULL,
    acr TEXT,
    user_agent TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- A disconnected consent keeps its row: without scopes, and with its epoch, which must never repeat.
CREATE TABLE consents (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    app_id TEXT NOT NULL REFERENCES apps (id),
    epoch BIGINT NOT NULL,
    scopes TEXT NOT NULL,
    refused TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_used_at BIGINT,
    UNIQUE (user_id, app_id)
);

-- What a person gave one app in one authorization. The origin is what it came from ("code:…"): being
-- unique, it can be redeemed once. Only what never changes is indexed, so that a refresh touches no index.
CREATE TABLE grants (
    id TEXT NOT NULL PRIMARY KEY,
    origin TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    app_id TEXT NOT NULL REFERENCES apps (id),
    consent_id TEXT NOT NULL REFERENCES consents (id),
    session_id TEXT REFERENCES sessions (id),
    offline BOOLEAN NOT NULL,
    scopes TEXT NOT NULL,
    resource TEXT,
    auth_time BIGINT NOT NULL,
    amr TEXT NOT NULL,
    acr TEXT,
    user_epoch BIGINT NOT NULL,
    app_epoch BIGINT NOT NULL,
    consent_epoch BIGINT NOT NULL,
    session_epoch BIGINT,
    generation BIGINT NOT NULL,
    refresh_hash TEXT,
    successor TEXT,
    successor_until BIGINT,
    code_expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX grants_by_consent ON grants (consent_id);
CREATE INDEX grants_by_session ON grants (session_id);
CREATE INDEX grants_by_expiry ON grants (expires_at);
CREATE INDEX grants_by_revocation ON grants (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE code_details (
    code_id TEXT NOT NULL PRIMARY KEY,
    payload TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX code_details_by_expiry ON code_details (expires_at);

-- A browser has 16 places; two steps cannot stand in one.
CREATE TABLE pending_steps (
    id TEXT NOT NULL PRIMARY KEY,
    browser TEXT NOT NULL,
    place BIGINT NOT NULL CHECK (place BETWEEN 0 AND 15),
    payload TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    UNIQUE (browser, place)
);
CREATE INDEX pending_steps_by_expiry ON pending_steps (expires_at);

CREATE TABLE mailed_links (
    token_hash TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('sign_up', 'reset', 'setup')),
    email TEXT NOT NULL,
    user_id TEXT REFERENCES users (id),
    user_epoch BIGINT,
    payload TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX mailed_links_by_email ON mailed_links (email, purpose);
CREATE INDEX mailed_links_by_user ON mailed_links (user_id);
CREATE INDEX mailed_links_by_expiry ON mailed_links (expires_at);

CREATE TABLE revoked_tokens (
    jti TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX revoked_tokens_by_expiry ON revoked_tokens (expires_at);

CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    alg TEXT NOT NULL,
    private_wrapped TEXT NOT NULL,
    public_jwk TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    active_at BIGINT NOT NULL,
    retired_at BIGINT,
    expires_at BIGINT
);

CREATE TABLE seal_keys (
    id TEXT NOT NULL PRIMARY KEY,
    secret_wrapped TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    active_at BIGINT NOT NULL,
    retired_at BIGINT,
    expires_at BIGINT
);

-- Keys that never rotate, wrapped.
CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value_wrapped TEXT NOT NULL
);

-- catalog: raised by every change of apps, APIs and keys. feed: the last number of the revocation feed.
-- clock: the highest time that any node has seen.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('catalog', 0), ('feed', 0), ('clock', 0);

-- Whatever of this subject was made under this epoch or an earlier one is dead.
CREATE TABLE revocations (
    seq BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('user', 'app', 'api', 'consent', 'session', 'grant', 'token')),
    subject_id TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    at BIGINT NOT NULL
);
