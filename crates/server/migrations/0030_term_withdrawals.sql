-- Optional terms can be withdrawn, and agreed to again.
ALTER TABLE term_agreements ADD COLUMN withdrawn_at BIGINT;
