-- What an app registered about itself beyond what every app has: members by their registered names (RFC 7591 §2), each
-- value as JSON text that the server has parsed and written again. Nothing is looked for by a value in here.
CREATE TABLE app_metadata (
    app_id TEXT NOT NULL REFERENCES apps (id),
    member TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (app_id, member)
);
