-- Whether the operator has looked at an app that somebody else registered.

-- Since when the operator vouches for it; what they looked at is what people see of it, so a change of that ends it.
ALTER TABLE apps ADD COLUMN vouched_at BIGINT;
