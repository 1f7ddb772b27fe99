-- Where a provider has another name for a person at each app (Kakao, Naver, Facebook): for which app this one is. NULL: for
-- every app of the issuer, or linked before this was written down.
ALTER TABLE identities ADD COLUMN given_to TEXT;
