-- By what the vault knows its key: derived from it, and no way back.
CREATE TABLE vault_keys (
    number BIGINT NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL
);

-- What an account is called in the service's own tokens: given when it is founded, gone with it, and never given again.
-- An account from before has no row and keeps its name.
CREATE TABLE account_names (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
