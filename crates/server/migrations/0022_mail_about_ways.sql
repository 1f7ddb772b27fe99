-- Mails about ways to sign in that were added or removed; the row says of which provider.

CREATE TABLE mail_orders_next (
    id TEXT NOT NULL PRIMARY KEY,
    matter TEXT NOT NULL
        CHECK (matter IN ('sign_up', 'reset', 'password_changed', 'way_added', 'way_removed')),
    email TEXT NOT NULL,
    locale TEXT NOT NULL,
    step TEXT,
    leased_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    app_id TEXT,
    upstream TEXT
);
INSERT INTO mail_orders_next (id, matter, email, locale, step, leased_until, created_at, expires_at, app_id)
SELECT id, matter, email, locale, step, leased_until, created_at, expires_at, app_id FROM mail_orders;
DROP TABLE mail_orders;
ALTER TABLE mail_orders_next RENAME TO mail_orders;
CREATE INDEX mail_orders_by_lease ON mail_orders (leased_until);
CREATE INDEX mail_orders_by_expiry ON mail_orders (expires_at);
