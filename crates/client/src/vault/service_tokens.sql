-- Refresh tokens of this service's own: one row for each session whose front end has JWTs. Generation 0 waits for its
-- one-time code; each turn makes the next generation. It ends with its session.
CREATE TABLE refresh_families (
    session_hash TEXT NOT NULL PRIMARY KEY REFERENCES sessions (id_hash) ON DELETE CASCADE,
    generation BIGINT NOT NULL,
    turned_at BIGINT NOT NULL
);

-- Keys that sign the service's own JWTs, sealed, in the order in which they sign.
CREATE TABLE service_keys (
    number BIGINT NOT NULL PRIMARY KEY,
    sealed TEXT NOT NULL,
    signs_from BIGINT NOT NULL
);
