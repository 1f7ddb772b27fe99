-- Proofs of possession that were used (RFC 9449 §11.1), under a digest of their key and their jti, for as long as they could
-- be shown again.
CREATE TABLE dpop_proofs (
    id TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX dpop_proofs_by_expiry ON dpop_proofs (expires_at);

-- The thumbprint of the key to which a public app's refresh tokens are bound (RFC 9449 §5).
ALTER TABLE grants ADD COLUMN jkt TEXT;
