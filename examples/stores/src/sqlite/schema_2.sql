-- Version 2: registered clients, one-time proofs, and consents with a version.
-- Consents of version 1 said less than is needed now; their users are asked
-- once more.

DROP TABLE consents;
CREATE TABLE consents (
    subject TEXT    NOT NULL,
    client  TEXT    NOT NULL,
    version INTEGER NOT NULL,
    record  TEXT    NOT NULL,
    PRIMARY KEY (subject, client)
) STRICT, WITHOUT ROWID;

CREATE TABLE clients (
    id     TEXT NOT NULL PRIMARY KEY,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE proofs (
    proof      BLOB    NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX proofs_by_expiry ON proofs (expires_at);
