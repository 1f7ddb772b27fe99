-- Authorization requests that apps pushed (RFC 9126), under the digest of their reference. One can be begun with until
-- begin_until, and is removed when it is answered: what is not there is answered to nobody.
CREATE TABLE pushed_requests (
    id TEXT NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES apps (id),
    payload TEXT NOT NULL,
    begin_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX pushed_requests_by_app ON pushed_requests (app_id);
CREATE INDEX pushed_requests_by_expiry ON pushed_requests (expires_at);
