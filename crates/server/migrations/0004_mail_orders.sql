-- Mails that a page has promised and that are not written yet. A row tells nothing about whether its address is
-- known. Whoever carries it out has it until leased_until; after that, another may.

CREATE TABLE mail_orders (
    id TEXT NOT NULL PRIMARY KEY,
    matter TEXT NOT NULL CHECK (matter IN ('sign_up', 'reset', 'password_changed')),
    email TEXT NOT NULL,
    locale TEXT NOT NULL,
    step TEXT,
    leased_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX mail_orders_by_lease ON mail_orders (leased_until);
CREATE INDEX mail_orders_by_expiry ON mail_orders (expires_at);
