-- Who waits between the provider and the sign-up form: what ends everything of a person ends that, too.
ALTER TABLE sign_ups ADD COLUMN issuer TEXT;
ALTER TABLE sign_ups ADD COLUMN subject TEXT;
CREATE INDEX sign_ups_by_person ON sign_ups (issuer, subject);
