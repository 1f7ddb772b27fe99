-- Who refreshes what a provider gave, and a number that they raise while they live. No two clocks are compared.
ALTER TABLE identities ADD COLUMN refreshing TEXT;
ALTER TABLE identities ADD COLUMN refreshing_signs BIGINT NOT NULL DEFAULT 0;
ALTER TABLE identities DROP COLUMN refreshing_until;
