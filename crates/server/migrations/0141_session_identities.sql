-- By which identity the person came last in this session, of several that they may have at one provider. No foreign key: the
-- name of an identity is another one when it is linked again, and then it says nothing any more.
ALTER TABLE sessions ADD COLUMN identity_id TEXT;
