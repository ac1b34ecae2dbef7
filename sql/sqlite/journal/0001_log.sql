-- The log. Never edited: what changes comes in a file with the next number.
-- Times are microseconds since 1970 UTC, money is minor units of the account's currency.

-- One row: which log this is, and its end. Whoever updates it holds the database's only write lock, so that the order of
-- sequences is the order of commits.
CREATE TABLE log (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    log_id TEXT NOT NULL,
    last_sequence INTEGER NOT NULL,
    last_account INTEGER NOT NULL,
    last_refusal INTEGER NOT NULL,
    chain BLOB NOT NULL CHECK (length(chain) = 32),
    committed_at INTEGER NOT NULL,
    -- Up to here every event is in streams.
    indexed INTEGER NOT NULL
) STRICT;

-- What an account is from its creation on. The key stands for it in every index.
CREATE TABLE accounts (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    currency TEXT NOT NULL,
    owner TEXT,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
    sequence INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    -- How many events of the same command stand before this one.
    place INTEGER NOT NULL,
    -- The command stands with its first event only: its id is unique then without a table of its own.
    command_id TEXT,
    fingerprint BLOB,
    command TEXT,
    unit_size INTEGER,
    -- NULL where it is the command's id.
    correlation TEXT,
    -- The account after the event.
    balance INTEGER NOT NULL,
    held INTEGER NOT NULL,
    overdraft_limit INTEGER NOT NULL,
    transactions INTEGER NOT NULL,
    status INTEGER NOT NULL,
    spent INTEGER NOT NULL,
    -- A JSON object in minor units; NULL where it has none.
    limits TEXT,
    decided_at INTEGER NOT NULL,
    -- The movement that the event reverses.
    reverses INTEGER,
    -- The stored JSON, byte by byte what the proof is made of.
    body TEXT NOT NULL
) STRICT;

-- Where each account's events stand: some consecutive versions of an account in a row, from the first one on. It follows
-- the events at a distance (log.indexed), by runs of them, because an entry per event in this order is a page per event;
-- what is not in it yet, the writer knows.
CREATE TABLE streams (
    account INTEGER NOT NULL,
    first_version INTEGER NOT NULL,
    -- The sequence before the run.
    run_after INTEGER NOT NULL,
    -- How far behind that each event stands: two bytes each, the greater one first.
    distances BLOB NOT NULL CHECK (length(distances) > 0 AND length(distances) % 2 = 0),
    PRIMARY KEY (account, first_version)
) STRICT, WITHOUT ROWID;

-- Which kinds of events each run of 1,024 sequences has, by which the events of a kind are found.
CREATE TABLE kinds (
    run INTEGER NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (kind, run)
) STRICT, WITHOUT ROWID;

-- One effect per command id; newest first, the command log.
CREATE UNIQUE INDEX events_of_command ON events (command_id)
WHERE command_id IS NOT NULL;

CREATE INDEX events_of_correlation ON events (correlation, sequence)
WHERE correlation IS NOT NULL;

CREATE INDEX events_of_reversed ON events (reverses, sequence)
WHERE reverses IS NOT NULL;

-- Every hold there ever was, beside the log: which are open, and when they are over, is found without reading streams.
CREATE TABLE holds (
    account INTEGER NOT NULL,
    hold_id TEXT NOT NULL,
    amount INTEGER NOT NULL,
    description TEXT,
    placed_at INTEGER NOT NULL,
    placed_sequence INTEGER NOT NULL,
    expires_at INTEGER,
    ended_sequence INTEGER,
    ended_as INTEGER,
    PRIMARY KEY (account, hold_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX holds_open ON holds (account)
WHERE ended_sequence IS NULL;

CREATE INDEX holds_by_deadline ON holds (expires_at)
WHERE ended_sequence IS NULL
    AND expires_at IS NOT NULL;

-- The proof of each commit that had events.
CREATE TABLE batches (
    last_sequence INTEGER PRIMARY KEY,
    first_sequence INTEGER NOT NULL,
    root BLOB NOT NULL CHECK (length(root) = 32),
    chain BLOB NOT NULL CHECK (length(chain) = 32),
    committed_at INTEGER NOT NULL
) STRICT;

-- The refusals that a client's key asks to be remembered. They change no account and take no sequence.
CREATE TABLE rejections (
    refusal INTEGER PRIMARY KEY,
    -- The last event before it.
    sequence INTEGER NOT NULL,
    command_id TEXT NOT NULL UNIQUE,
    fingerprint BLOB NOT NULL,
    command TEXT NOT NULL,
    facts TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- The accounts that the command names, which need not exist.
    from_account TEXT,
    to_account TEXT,
    decided_at INTEGER NOT NULL
) STRICT;

CREATE INDEX rejections_of_sequence ON rejections (sequence);

CREATE INDEX rejections_of_from_account ON rejections (from_account, refusal);

CREATE INDEX rejections_of_to_account ON rejections (to_account, refusal);

CREATE TRIGGER events_are_not_updated BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events is append-only');
END;

CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events is append-only');
END;

CREATE TRIGGER accounts_are_not_updated BEFORE UPDATE ON accounts
BEGIN
    SELECT RAISE(ABORT, 'accounts is append-only');
END;

CREATE TRIGGER accounts_are_not_deleted BEFORE DELETE ON accounts
BEGIN
    SELECT RAISE(ABORT, 'accounts is append-only');
END;

CREATE TRIGGER kinds_are_not_updated BEFORE UPDATE ON kinds
BEGIN
    SELECT RAISE(ABORT, 'kinds is append-only');
END;

CREATE TRIGGER kinds_are_not_deleted BEFORE DELETE ON kinds
BEGIN
    SELECT RAISE(ABORT, 'kinds is append-only');
END;

CREATE TRIGGER batches_are_not_updated BEFORE UPDATE ON batches
BEGIN
    SELECT RAISE(ABORT, 'batches is append-only');
END;

CREATE TRIGGER batches_are_not_deleted BEFORE DELETE ON batches
BEGIN
    SELECT RAISE(ABORT, 'batches is append-only');
END;

CREATE TRIGGER rejections_are_not_updated BEFORE UPDATE ON rejections
BEGIN
    SELECT RAISE(ABORT, 'rejections is append-only');
END;

CREATE TRIGGER rejections_are_not_deleted BEFORE DELETE ON rejections
BEGIN
    SELECT RAISE(ABORT, 'rejections is append-only');
END;

CREATE TRIGGER holds_end_once BEFORE UPDATE ON holds
WHEN OLD.ended_sequence IS NOT NULL
    OR (OLD.account, OLD.hold_id, OLD.amount, OLD.description, OLD.placed_at, OLD.placed_sequence, OLD.expires_at)
        IS NOT (NEW.account, NEW.hold_id, NEW.amount, NEW.description, NEW.placed_at, NEW.placed_sequence, NEW.expires_at)
BEGIN
    SELECT RAISE(ABORT, 'a hold only ends, once');
END;

CREATE TRIGGER holds_are_not_deleted BEFORE DELETE ON holds
BEGIN
    SELECT RAISE(ABORT, 'holds are kept');
END;
