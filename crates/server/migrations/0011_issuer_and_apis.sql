-- The issuer under which this database was served last: one row.
CREATE TABLE served_issuer (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    issuer TEXT NOT NULL,
    noted_at BIGINT NOT NULL
);

-- Nothing was ever made under the epoch of an API: tokens end with their person, app, consent, session or grant.
ALTER TABLE apis DROP COLUMN epoch;
