-- Which account an identity opens. An account is called by the identity that founded it, for ever.
CREATE TABLE sign_in_methods (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    account_issuer TEXT NOT NULL,
    account_subject TEXT NOT NULL,
    provider TEXT NOT NULL,
    hint TEXT,
    added_at BIGINT NOT NULL,
    removed_at BIGINT,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX sign_in_methods_by_account ON sign_in_methods (account_issuer, account_subject);
CREATE INDEX sign_in_methods_removed ON sign_in_methods (removed_at) WHERE removed_at IS NOT NULL;

-- One row for each account whose methods are changed: who changes it holds it until the commit.
CREATE TABLE account_guards (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    changes BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);

-- Sessions whose owner has just proved again who they are.
CREATE TABLE fresh_sign_ins (
    session_hash TEXT NOT NULL PRIMARY KEY,
    proved_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX fresh_sign_ins_by_expiry ON fresh_sign_ins (expires_at);

-- Which version of which term an account agreed to, and when.
CREATE TABLE agreements (
    account_issuer TEXT NOT NULL,
    account_subject TEXT NOT NULL,
    term TEXT NOT NULL,
    version TEXT NOT NULL,
    agreed_at BIGINT NOT NULL,
    withdrawn_at BIGINT,
    PRIMARY KEY (account_issuer, account_subject, term, version, agreed_at)
);

-- Addresses of deleted accounts, hashed: for a while they prove nothing.
CREATE TABLE resting_addresses (
    address_hash TEXT NOT NULL PRIMARY KEY,
    until BIGINT NOT NULL
);
CREATE INDEX resting_addresses_by_end ON resting_addresses (until);
