-- Notices of providers that were carried out: each does what it says once.
CREATE TABLE upstream_notices (
    id TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX upstream_notices_by_expiry ON upstream_notices (expires_at);
