-- Client assertions that were used (RFC 7523 §3, rule 7): each is good once, on every node, until it has expired.
CREATE TABLE used_assertions (
    id TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_assertions_by_expiry ON used_assertions (expires_at);

-- A secret that signs is a key of ours, too (OIDC Core §10.1): its text, wrapped under the master key. NULL: the secret is
-- only sent, and its digest is enough.
ALTER TABLE app_secrets ADD COLUMN sealed TEXT;
