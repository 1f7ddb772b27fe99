-- What is known of a person beyond what every account has: standard claims as one JSON object (OIDC Core §5.1). It is told as
-- a whole or not at all, and nothing is looked for by a value in here.
ALTER TABLE users ADD COLUMN claims TEXT;
-- The claims that an app asked for one by one and that the person agreed to (OIDC Core §5.5), as JSON.
ALTER TABLE grants ADD COLUMN claims TEXT;
