-- Providers through which people sign in, and who they are there.

-- Those of the command line; those of the settings have no row. The secrets are wrapped under the master key.
CREATE TABLE upstreams (
    name TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    client_id TEXT NOT NULL,
    secrets_wrapped TEXT NOT NULL,
    options TEXT NOT NULL,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL
);

-- The key is issuer and subject, never an address. One that was removed keeps its row for a while: it comes back
-- only by the hand of its account's owner.
CREATE TABLE identities (
    id TEXT NOT NULL PRIMARY KEY,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    upstream TEXT NOT NULL,
    label TEXT NOT NULL,
    tokens_wrapped TEXT,
    tokens_version BIGINT NOT NULL,
    refreshing_until BIGINT,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    removed_at BIGINT,
    UNIQUE (issuer, subject)
);
CREATE INDEX identities_by_user ON identities (user_id);
