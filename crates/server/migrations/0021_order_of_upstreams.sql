-- Providers stand in the order in which they were added, also those of one second.
ALTER TABLE upstreams ADD COLUMN position BIGINT NOT NULL DEFAULT 0;
CREATE INDEX upstreams_by_position ON upstreams (position);
