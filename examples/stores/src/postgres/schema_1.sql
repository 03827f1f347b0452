-- Version 1. Times are seconds since 1970, lists are JSON arrays.
--
-- Every statement may be run again, for databases whose transactions do not
-- cover it. ASC makes YugabyteDB keep an index in order instead of hashing it.

CREATE TABLE IF NOT EXISTS grants (
    id         BYTEA  NOT NULL PRIMARY KEY,
    version    BIGINT NOT NULL,
    subject    TEXT   NOT NULL,
    expires_at BIGINT NOT NULL,
    record     TEXT   NOT NULL
);
CREATE INDEX IF NOT EXISTS grants_by_subject ON grants (subject);
CREATE INDEX IF NOT EXISTS grants_by_expiry ON grants (expires_at ASC);

CREATE TABLE IF NOT EXISTS consents (
    subject TEXT   NOT NULL,
    client  TEXT   NOT NULL,
    version BIGINT NOT NULL,
    record  TEXT   NOT NULL,
    PRIMARY KEY (subject, client)
);

CREATE TABLE IF NOT EXISTS clients (
    id     TEXT NOT NULL PRIMARY KEY,
    record TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS proofs (
    proof      BYTEA  NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS proofs_by_expiry ON proofs (expires_at ASC);

CREATE TABLE IF NOT EXISTS accounts (
    subject       TEXT NOT NULL PRIMARY KEY,
    username      TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    roles         TEXT NOT NULL,
    permissions   TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS sessions (
    key              BYTEA  NOT NULL PRIMARY KEY,
    id               TEXT   NOT NULL,
    subject          TEXT   NOT NULL REFERENCES accounts (subject) ON DELETE CASCADE,
    authenticated_at BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS sessions_by_subject ON sessions (subject);
CREATE INDEX IF NOT EXISTS sessions_by_expiry ON sessions (expires_at ASC);
