-- swept: whatever had expired by then may be gone, and with it the mark that it was used or revoked.
INSERT INTO counters (name, value) VALUES ('swept', 0);

-- What the clock of each running server shows, and by how much it is ahead of another one's (seconds; 0 when
-- it is not). Rows of servers that have ended are removed by those that run.
CREATE TABLE server_clocks (
    id TEXT NOT NULL PRIMARY KEY,
    shows BIGINT NOT NULL,
    ahead BIGINT NOT NULL
);
