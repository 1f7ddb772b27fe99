-- Devices that wait for a person (RFC 8628), under the digest of their device code. What the person types is kept under a
-- keyed digest. A row is removed when it is redeemed: what is not there is redeemed by nobody.
CREATE TABLE device_requests (
    id TEXT NOT NULL PRIMARY KEY,
    user_code TEXT NOT NULL,
    app_id TEXT NOT NULL REFERENCES apps (id),
    scopes TEXT NOT NULL,
    resource TEXT,
    started_from TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    state TEXT NOT NULL,
    browser TEXT,
    approval TEXT,
    poll_interval BIGINT NOT NULL,
    polled_at BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX device_requests_by_user_code ON device_requests (user_code);
CREATE INDEX device_requests_by_app ON device_requests (app_id);
CREATE INDEX device_requests_by_expiry ON device_requests (expires_at);
