-- Which apps were told in an ID token of which session, as far as they want to hear when it ends. A row goes with its
-- session.
CREATE TABLE session_apps (
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    app_id TEXT NOT NULL REFERENCES apps (id),
    PRIMARY KEY (session_id, app_id)
);

-- Apps that are still to be told that somebody has signed out. The id is made of what has ended and of the app, so that
-- one end is told under one name. Without a session, and with one when everything is marked, all that the app has of the
-- person has ended. Whoever tells it has it until due_at; after that, another may.
CREATE TABLE logout_notices (
    id TEXT NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES apps (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    session_id TEXT,
    everything BOOLEAN NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX logout_notices_by_due ON logout_notices (due_at);
CREATE INDEX logout_notices_by_app ON logout_notices (app_id);
CREATE INDEX logout_notices_by_expiry ON logout_notices (expires_at);
