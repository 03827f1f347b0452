-- Version 3: what clients may be told of a user, a JSON object.

ALTER TABLE accounts ADD COLUMN claims TEXT NOT NULL DEFAULT '{}';
