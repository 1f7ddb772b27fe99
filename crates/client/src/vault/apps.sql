-- The client id to which the provider gave the name of an identity, where it has another one for each app: with another
-- client id the same name may be another person's.
ALTER TABLE sign_in_methods ADD COLUMN given_to TEXT;
