-- The read models: generations of documents, one of them served. Never edited once released: a change is a new file.

-- Which schema files this database has, and what they said when they were applied.
CREATE TABLE schema_files (
    version INTEGER PRIMARY KEY,
    checksum TEXT NOT NULL
) STRICT;

-- A projection: which generation is served (none before the first), and the highest number ever given to one.
CREATE TABLE projections (
    name TEXT PRIMARY KEY,
    served INTEGER,
    latest INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A generation and how far it is. Documents name it by its short id, which is never used again.
CREATE TABLE generations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    projection TEXT NOT NULL,
    generation INTEGER NOT NULL,
    log_id BLOB NOT NULL CHECK (length(log_id) = 16),
    sequence INTEGER NOT NULL,
    chain BLOB NOT NULL CHECK (length(chain) = 32),
    UNIQUE (projection, generation)
) STRICT;

-- The generations that are gone but whose documents are still being deleted.
CREATE TABLE dropped (
    id INTEGER PRIMARY KEY
) STRICT;

CREATE TABLE documents (
    generation_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    tag TEXT NOT NULL,
    rank0 TEXT,
    rank1 TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (generation_id, key)
) STRICT, WITHOUT ROWID;

-- The orders of the lists. The rank indexes end with the tag, so that a list narrowed to a tag skips the others inside
-- the index.
CREATE INDEX documents_by_tag ON documents (generation_id, tag, key);
CREATE INDEX documents_by_rank0 ON documents (generation_id, rank0, key, tag);
CREATE INDEX documents_by_rank1 ON documents (generation_id, rank1, key, tag);

-- How many documents a generation has with each tag, because counting them costs more than listing a page.
CREATE TABLE totals (
    generation_id INTEGER NOT NULL,
    tag TEXT NOT NULL,
    documents INTEGER NOT NULL,
    PRIMARY KEY (generation_id, tag)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER documents_count_new
AFTER INSERT ON documents
BEGIN
    INSERT INTO totals (generation_id, tag, documents)
    VALUES (NEW.generation_id, NEW.tag, 1)
    ON CONFLICT (generation_id, tag) DO UPDATE SET documents = documents + 1;
END;

CREATE TRIGGER documents_count_moved
AFTER UPDATE OF tag ON documents
WHEN NEW.tag <> OLD.tag
BEGIN
    UPDATE totals
    SET documents = documents - 1
    WHERE generation_id = OLD.generation_id AND tag = OLD.tag;
    INSERT INTO totals (generation_id, tag, documents)
    VALUES (NEW.generation_id, NEW.tag, 1)
    ON CONFLICT (generation_id, tag) DO UPDATE SET documents = documents + 1;
END;
