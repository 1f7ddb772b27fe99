-- Nothing was ever made under it: tokens end with their person, app, consent, session or grant.
ALTER TABLE apis DROP COLUMN epoch;
