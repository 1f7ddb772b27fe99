-- Apps that may have what a provider gave for somebody who signs in to them.
CREATE TABLE upstream_permissions (
    upstream TEXT NOT NULL,
    app_id TEXT NOT NULL REFERENCES apps (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (upstream, app_id)
);
