-- Version 1. Times are seconds since 1970, lists are JSON arrays.

CREATE TABLE grants (
    id         BLOB    NOT NULL PRIMARY KEY,
    version    INTEGER NOT NULL,
    subject    TEXT    NOT NULL,
    expires_at INTEGER NOT NULL,
    record     TEXT    NOT NULL
) STRICT;
CREATE INDEX grants_by_subject ON grants (subject);
CREATE INDEX grants_by_expiry ON grants (expires_at);

CREATE TABLE consents (
    subject TEXT NOT NULL,
    client  TEXT NOT NULL,
    scope   TEXT NOT NULL,
    PRIMARY KEY (subject, client)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    subject       TEXT NOT NULL PRIMARY KEY,
    username      TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    roles         TEXT NOT NULL,
    permissions   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    key              BLOB    NOT NULL PRIMARY KEY,
    id               TEXT    NOT NULL,
    subject          TEXT    NOT NULL REFERENCES accounts (subject) ON DELETE CASCADE,
    authenticated_at INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_subject ON sessions (subject);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
