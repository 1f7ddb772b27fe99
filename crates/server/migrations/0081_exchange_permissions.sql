-- Apps that may exchange tokens for an API into narrower ones (RFC 8693): the operator says so for each API and app.
CREATE TABLE exchange_permissions (
    api_id TEXT NOT NULL REFERENCES apis (id),
    app_id TEXT NOT NULL REFERENCES apps (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (api_id, app_id)
);
CREATE INDEX exchange_permissions_by_app ON exchange_permissions (app_id);
