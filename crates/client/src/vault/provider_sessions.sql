-- What the provider calls the session in which somebody signed in there: it may tell that this has ended.
ALTER TABLE sessions ADD COLUMN provider_session TEXT;
CREATE INDEX sessions_by_provider_session ON sessions (issuer, provider_session) WHERE provider_session IS NOT NULL;
