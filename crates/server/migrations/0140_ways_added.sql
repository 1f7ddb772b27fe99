-- How often the person was given another way in. The page on which a password is set by mail shows the ways there are: a
-- password that is set there passes over none that was added meanwhile.
ALTER TABLE users ADD COLUMN ways_added BIGINT NOT NULL DEFAULT 0;
