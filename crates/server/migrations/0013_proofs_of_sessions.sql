-- When the person last proved who they are. A provider that knows the browser lets it pass without a page: that begins a
-- session and proves nothing. Sessions from before have none and are confirmed once more where it counts.
ALTER TABLE sessions ADD COLUMN proved_at BIGINT;
