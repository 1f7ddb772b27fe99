-- Which version of which term people agreed to. The terms themselves stand in the settings.
CREATE TABLE term_agreements (
    user_id TEXT NOT NULL REFERENCES users (id),
    term TEXT NOT NULL,
    version TEXT NOT NULL,
    agreed_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, term, version)
);
