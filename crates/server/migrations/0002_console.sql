-- The developer console: icons of apps, and who is connected to an app.

-- Re-encoded here as PNG, base64url. Its address carries the digest, so that browsers may keep it for ever.
CREATE TABLE app_icons (
    app_id TEXT NOT NULL PRIMARY KEY REFERENCES apps (id),
    digest TEXT NOT NULL,
    png TEXT NOT NULL
);

-- A disconnected consent connects nobody.
CREATE INDEX consents_by_app ON consents (app_id) WHERE scopes <> '';
