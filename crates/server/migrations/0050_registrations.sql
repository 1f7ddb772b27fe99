-- Apps that registered themselves (RFC 7591), and the tokens of the operator that let them (RFC 7591 §1.2).

CREATE TABLE initial_access_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    uses_left BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX initial_access_tokens_by_expiry ON initial_access_tokens (expires_at);

-- What belongs to an app only because it registered itself: the digest of the token with which it manages that (RFC
-- 7592), and its sector (OIDC Core §8.1; empty: the app itself). It expires unless a person agrees to the app before;
-- then it has no end. There is no foreign key: a row here is locked before that of its app.
CREATE TABLE registrations (
    app_id TEXT NOT NULL PRIMARY KEY,
    token_hash TEXT NOT NULL,
    sector TEXT NOT NULL,
    initial_token_id TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX registrations_by_expiry ON registrations (expires_at) WHERE expires_at IS NOT NULL;
