-- Provider tokens of a person, sealed; one row for each (issuer, subject).
CREATE TABLE tokens (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    provider TEXT NOT NULL,
    sealed TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);

-- Who may do a thing that must be done once at a time, on any number of processes.
CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until BIGINT NOT NULL
);

-- Sessions of this service: the hash of the cookie's value, and who is signed in.
CREATE TABLE sessions (
    id_hash TEXT NOT NULL PRIMARY KEY,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_person ON sessions (issuer, subject);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- States of logins that came back: each works once.
CREATE TABLE used_states (
    state_hash TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_states_by_expiry ON used_states (expires_at);

-- People who proved who they are and have not yet answered the sign-up form.
CREATE TABLE sign_ups (
    id_hash TEXT NOT NULL PRIMARY KEY,
    sealed TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sign_ups_by_expiry ON sign_ups (expires_at);
