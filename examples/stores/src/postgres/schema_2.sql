-- Version 2: what clients may be told of a user, a JSON object. A program of
-- version 1 that still runs leaves it as it is.

ALTER TABLE accounts ADD COLUMN IF NOT EXISTS claims TEXT NOT NULL DEFAULT '{}';
