-- The log and what stands beside it. Everything is in the schema bursar, so that a database can be shared and the whole
-- of it can be granted, dumped and looked at as one thing. The order of columns leaves no padding in the wide tables.

-- The end of the log: one row, whose lock is the one place where appends meet. It is held to the commit, which makes
-- the order of sequences the order of commits. The page is left nearly empty so that each new version of the row fits in it.
CREATE TABLE bursar.head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    log_id uuid NOT NULL,
    last_sequence bigint NOT NULL,
    last_account bigint NOT NULL,
    last_refusal bigint NOT NULL,
    committed_at bigint NOT NULL,
    chain bytea NOT NULL
) WITH (fillfactor = 10);

INSERT INTO bursar.head (log_id, last_sequence, last_account, last_refusal, committed_at, chain)
VALUES (gen_random_uuid(), 0, 0, 0, 0, decode(repeat('00', 32), 'hex'));

-- What an account is and never changes. The key is short in the index of the events.
CREATE TABLE bursar.accounts (
    key bigint PRIMARY KEY,
    created_at bigint NOT NULL,
    currency text NOT NULL,
    id text COLLATE "C" NOT NULL CONSTRAINT accounts_id UNIQUE,
    owner text
);

-- One row per event, with its account as it is after it; limits (a JSON object in minor units) only where it has any. The
-- four columns of the command are set on the first event of its unit only, and so is its entry in the index. A correlation
-- that is the command's id is left out. A reversal names the movement that it reverses.
CREATE TABLE bursar.events (
    sequence bigint PRIMARY KEY,
    account bigint NOT NULL,
    version bigint NOT NULL,
    balance bigint NOT NULL,
    held bigint NOT NULL,
    overdraft_limit bigint NOT NULL,
    spent bigint NOT NULL,
    transactions bigint NOT NULL,
    decided_at bigint NOT NULL,
    reverses bigint,
    unit_size integer,
    status smallint NOT NULL,
    kind text NOT NULL,
    command_id text COLLATE "C",
    fingerprint bytea,
    command text,
    correlation text COLLATE "C",
    limits text,
    body text NOT NULL
);

CREATE UNIQUE INDEX events_command_id ON bursar.events (command_id) WHERE command_id IS NOT NULL;

CREATE INDEX events_correlation ON bursar.events (correlation, sequence) WHERE correlation IS NOT NULL;

CREATE INDEX events_reverses ON bursar.events (reverses, sequence) WHERE reverses IS NOT NULL;

-- Where each account's events stand: some consecutive versions of an account in a row, from the first one on. It follows the
-- events at a distance, by runs of them, because an entry per event would be a third of what an append costs; what is not
-- indexed yet, the program keeps in memory (store/src/journal/streams.rs).
CREATE TABLE bursar.streams (
    account bigint NOT NULL,
    first_version bigint NOT NULL,
    sequences bigint[] NOT NULL,
    PRIMARY KEY (account, first_version)
);

-- Up to here every event is in the streams.
CREATE TABLE bursar.indexed (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    last_sequence bigint NOT NULL
) WITH (fillfactor = 10);

INSERT INTO bursar.indexed (last_sequence)
VALUES (0);

-- Which kinds of events each run of 1,024 sequences has, by which the events of a kind are found.
CREATE TABLE bursar.kinds (
    run bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, run)
);

-- Every hold there ever was, beside the log: which are open, and when they are over, is found without reading streams.
CREATE TABLE bursar.holds (
    account bigint NOT NULL,
    amount bigint NOT NULL,
    placed_at bigint NOT NULL,
    expires_at bigint,
    placed_sequence bigint NOT NULL,
    ended_sequence bigint,
    ended_as smallint,
    hold_id text COLLATE "C" NOT NULL,
    description text,
    PRIMARY KEY (account, hold_id),
    CHECK ((ended_sequence IS NULL) = (ended_as IS NULL))
);

CREATE INDEX holds_open ON bursar.holds (account) WHERE ended_sequence IS NULL;

CREATE INDEX holds_deadline ON bursar.holds (expires_at) WHERE ended_sequence IS NULL AND expires_at IS NOT NULL;

-- One row per commit that has events: the Merkle root over them, and the chain up to them.
CREATE TABLE bursar.batches (
    last_sequence bigint PRIMARY KEY,
    first_sequence bigint NOT NULL,
    committed_at bigint NOT NULL,
    root bytea NOT NULL,
    chain bytea NOT NULL
);

-- Refused commands that are remembered. The sequence is the head at which one was recorded.
CREATE TABLE bursar.rejections (
    refusal bigint PRIMARY KEY,
    sequence bigint NOT NULL,
    decided_at bigint NOT NULL,
    command_id text COLLATE "C" NOT NULL CONSTRAINT rejections_command_id UNIQUE,
    fingerprint bytea NOT NULL,
    command text NOT NULL,
    facts text NOT NULL,
    reason text NOT NULL,
    from_account text COLLATE "C",
    to_account text COLLATE "C"
);

CREATE INDEX rejections_place ON bursar.rejections (sequence, refusal);

CREATE INDEX rejections_from_account ON bursar.rejections (from_account, sequence, refusal);

CREATE INDEX rejections_to_account ON bursar.rejections (to_account, sequence, refusal) WHERE to_account IS NOT NULL;

CREATE FUNCTION bursar.refuse() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'bursar.% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bursar.accounts
FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bursar.events
FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bursar.streams
FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bursar.kinds
FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bursar.batches
FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bursar.rejections
FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse();

CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON bursar.holds
FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse();

-- All that changes of a hold is that it ends, once.
CREATE TRIGGER ends_once BEFORE UPDATE ON bursar.holds
FOR EACH ROW
WHEN (
    OLD.ended_sequence IS NOT NULL
    OR (OLD.account, OLD.hold_id, OLD.amount, OLD.placed_at, OLD.placed_sequence)
        IS DISTINCT FROM (NEW.account, NEW.hold_id, NEW.amount, NEW.placed_at, NEW.placed_sequence)
    OR (OLD.expires_at, OLD.description) IS DISTINCT FROM (NEW.expires_at, NEW.description)
)
EXECUTE FUNCTION bursar.refuse();

CREATE TRIGGER one_row BEFORE DELETE OR TRUNCATE ON bursar.head
FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse();

CREATE TRIGGER one_row BEFORE DELETE OR TRUNCATE ON bursar.indexed
FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse();

-- A session that plays the replica must not slip past them.
ALTER TABLE bursar.accounts ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE bursar.events ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE bursar.streams ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE bursar.kinds ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE bursar.batches ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE bursar.rejections ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE bursar.holds ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE bursar.holds ENABLE ALWAYS TRIGGER ends_once;
ALTER TABLE bursar.head ENABLE ALWAYS TRIGGER one_row;
ALTER TABLE bursar.indexed ENABLE ALWAYS TRIGGER one_row;

-- What became of a batch: where it stands in the log, and the last account before it. If either of the first two is
-- there, nothing was written, and the rest is the head: they number what is recorded already in p_repeat_id, and what is at
-- another version in the p_touch arrays. With is_lost nothing was written either, and the caller reads on before it asks
-- again: it does not know the end of this log. What it has missed are the events that others have appended since the place
-- that it knows, in order.
CREATE TYPE bursar.appended AS (
    duplicates integer[],
    conflicts integer[],
    first_sequence bigint,
    last_sequence bigint,
    chain bytea,
    committed_at bigint,
    last_account bigint,
    is_lost boolean,
    missed_accounts bigint[],
    missed_versions bigint[],
    last_refusal bigint
);

-- Appends a batch, or says why not and writes nothing. It is the only way to write for a role that is not the owner, and
-- one function so that it is one round trip.
--
-- Each statement below has a snapshot of its own (VOLATILE, READ COMMITTED). The head is therefore locked by a statement
-- that is alone: the checks behind it then see all that was committed by those who held the lock before.
--
-- The accounts of the batch are numbered from 1 by their place in the p_touch arrays; events and new accounts name
-- them by that number. p_touch_key is NULL for an account that is to be found by its id, and -1, -2… for the first,
-- second… account that the batch creates.
--
-- An array without anything is NULL, and so is a column of the events that is NULL in all of them: that costs nothing here.
CREATE FUNCTION bursar.append(
    -- Command ids that may be in the log already.
    p_repeat_id text[],
    -- The accounts that the batch rests on, and the versions that it expects.
    p_touch_key bigint[],
    p_touch_id text[],
    p_touch_version bigint[],
    -- The accounts that it creates.
    p_new_touch integer[],
    p_new_currency text[],
    p_new_owner text[],
    p_new_created_at bigint[],
    -- Its events, in order, and their Merkle root.
    p_root bytea,
    p_event_touch integer[],
    p_event_version bigint[],
    p_event_balance bigint[],
    p_event_held bigint[],
    p_event_overdraft_limit bigint[],
    p_event_spent bigint[],
    p_event_transactions bigint[],
    p_event_decided_at bigint[],
    p_event_reverses bigint[],
    p_event_unit_size integer[],
    p_event_status smallint[],
    p_event_kind text[],
    p_event_command_id text[],
    p_event_fingerprint bytea[],
    p_event_command text[],
    p_event_correlation text[],
    p_event_limits text[],
    p_event_body text[],
    -- The holds that it places and ends, by the numbers of their events, from 1.
    p_hold_event integer[],
    p_hold_id text[],
    p_hold_amount bigint[],
    p_hold_expires_at bigint[],
    p_hold_description text[],
    p_end_event integer[],
    p_end_hold text[],
    p_end_as smallint[],
    -- Its keyed refusals, in order.
    p_refusal_decided_at bigint[],
    p_refusal_command_id text[],
    p_refusal_fingerprint bytea[],
    p_refusal_command text[],
    p_refusal_facts text[],
    p_refusal_reason text[],
    p_refusal_from_account text[],
    p_refusal_to_account text[],
    -- Where a batch ends up to which the caller knows the log, and the chain there. The versions above are those of that
    -- place, but for those that are out of date there already, by their numbers.
    p_known_last bigint,
    p_known_chain bytea,
    p_touch_stale integer[],
    -- Whether it saw all kinds of these events noted for the runs that begin behind that place.
    p_kinds_known boolean,
    -- The last refusal that it knows of. None up to that is under an id of these events, but for those in p_repeat_id.
    p_known_refusal bigint
)
RETURNS bursar.appended
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    event_count constant integer := coalesce(cardinality(p_event_touch), 0);
    account_count constant integer := coalesce(cardinality(p_new_touch), 0);
    refusal_count constant integer := coalesce(cardinality(p_refusal_command_id), 0);
    result bursar.appended;
    head bursar.head;
    -- Where the head must be for what the caller knows to be all that is to be known.
    expected bigint := CASE
        WHEN p_touch_stale IS NULL AND p_repeat_id IS NULL AND account_count = 0 AND event_count + refusal_count > 0
            -- Whether an account is absent is not known but looked up.
            AND array_position(p_touch_key, NULL::bigint) IS NULL
            THEN p_known_last
    END;
    keys bigint[] := p_touch_key;
    now_micros bigint;
    ended_count bigint;
    new_refusals bigint;
BEGIN
    LOOP
        IF expected IS NULL THEN
            -- A batch that only asks whether its versions are current writes nothing, not even a lock.
            IF event_count + refusal_count = 0 THEN
                SELECT * INTO STRICT head FROM bursar.head;
            ELSE
                SELECT * INTO STRICT head FROM bursar.head FOR UPDATE;
                -- The nil id: an import is not finished, and whatever came between its parts would end it.
                IF head.log_id = '00000000-0000-0000-0000-000000000000' THEN
                    RAISE EXCEPTION 'the log holds an import that was not finished';
                END IF;
            END IF;

            -- A caller whose place is not in this log, or so far behind that to look through what others have appended since
            -- would take long under the lock, reads on first.
            result.is_lost := head.last_sequence - p_known_last NOT BETWEEN 0 AND 8192 OR NOT (
                p_known_last = 0 OR EXISTS (
                    SELECT
                    FROM bursar.batches AS batch
                    WHERE batch.last_sequence = p_known_last AND batch.chain = p_known_chain
                )
            );
            IF result.is_lost THEN
                RETURN result;
            END IF;
            IF head.last_sequence > p_known_last THEN
                SELECT
                    array_agg(event.account ORDER BY event.sequence),
                    array_agg(event.version ORDER BY event.sequence)
                INTO result.missed_accounts, result.missed_versions
                FROM bursar.events AS event
                WHERE event.sequence > p_known_last AND event.sequence <= head.last_sequence;
            END IF;

            SELECT
                array_agg(resolved.key ORDER BY resolved.place),
                array_agg(resolved.place) FILTER (WHERE
                    resolved.place = ANY (p_touch_stale)
                    OR resolved.key IN (SELECT unnest(result.missed_accounts))
                    -- One that the caller takes to be absent.
                    OR (resolved.found IS NOT NULL AND resolved.version = 0)
                )
            INTO keys, result.conflicts
            FROM (
                SELECT
                    touch.place,
                    touch.version,
                    touch.found,
                    CASE
                        WHEN touch.key > 0 THEN touch.key
                        -- Where there is none: of an account that is absent and stays so.
                        ELSE coalesce(touch.found, head.last_account - touch.key, 0)
                    END AS key
                FROM (
                    SELECT
                        given.place::integer AS place,
                        given.version,
                        given.key,
                        CASE WHEN given.key > 0 THEN NULL ELSE (
                            SELECT account.key FROM bursar.accounts AS account WHERE account.id = given.id
                        ) END AS found
                    FROM unnest(p_touch_key, p_touch_id, p_touch_version) WITH ORDINALITY
                        AS given (key, id, version, place)
                    OFFSET 0 -- Each account is looked up once, not wherever its key is used.
                ) AS touch
            ) AS resolved;

            IF p_repeat_id IS NOT NULL THEN
                SELECT array_agg(repeated.place::integer)
                INTO result.duplicates
                FROM unnest(p_repeat_id) WITH ORDINALITY AS repeated (id, place)
                WHERE EXISTS (SELECT FROM bursar.events AS event WHERE event.command_id = repeated.id)
                    OR EXISTS (
                        SELECT FROM bursar.rejections AS rejection WHERE rejection.command_id = repeated.id
                    );
            END IF;

            IF result.duplicates IS NOT NULL OR result.conflicts IS NOT NULL OR event_count + refusal_count = 0 THEN
                result.first_sequence := head.last_sequence + 1;
                result.last_sequence := head.last_sequence;
                result.chain := head.chain;
                result.committed_at := head.committed_at;
                result.last_account := head.last_account;
                result.last_refusal := head.last_refusal;
                RETURN result;
            END IF;
            expected := head.last_sequence;
        END IF;

        -- Times never run backwards along the log, whatever the clock does. The head's is that of the last batch in the
        -- chain; refusals are not in it.
        now_micros := extract(epoch FROM clock_timestamp()) * 1000000;
        UPDATE bursar.head AS current
        SET last_sequence = current.last_sequence + event_count,
            last_account = current.last_account + account_count,
            last_refusal = current.last_refusal + refusal_count,
            committed_at = CASE
                WHEN event_count > 0 THEN greatest(now_micros, current.committed_at)
                ELSE current.committed_at
            END,
            chain = CASE
                WHEN event_count > 0 THEN sha256(
                    current.chain || p_root || int8send(current.last_sequence + 1)
                    || int8send(current.last_sequence + event_count)
                    || int8send(greatest(now_micros, current.committed_at))
                )
                ELSE current.chain
            END
        WHERE current.last_sequence = expected AND (expected <> p_known_last OR current.chain = p_known_chain)
            AND current.log_id <> '00000000-0000-0000-0000-000000000000'
        RETURNING * INTO head;
        EXIT WHEN FOUND;
        -- Somebody else has appended meanwhile.
        expected := NULL;
    END LOOP;

    -- Nothing is refused from here on.
    result.first_sequence := head.last_sequence - event_count + 1;
    result.last_sequence := head.last_sequence;
    result.chain := head.chain;
    result.committed_at := head.committed_at;
    result.last_account := head.last_account - account_count;
    result.last_refusal := head.last_refusal;

    IF account_count > 0 THEN
        INSERT INTO bursar.accounts (key, created_at, currency, id, owner)
        SELECT keys[new.touch], new.created_at, new.currency, p_touch_id[new.touch], new.owner
        FROM unnest(p_new_touch, p_new_created_at, p_new_currency, p_new_owner)
            AS new (touch, created_at, currency, owner);
    END IF;

    -- What was long on its way here may have been given up, and its command refused under the same id meanwhile.
    -- Few are looked through by their numbers, many are looked for by their ids.
    new_refusals := head.last_refusal - refusal_count - p_known_refusal;
    IF new_refusals > 0 AND (CASE
        WHEN new_refusals <= 1024 THEN EXISTS (
            SELECT
            FROM (
                SELECT rejection.command_id
                FROM bursar.rejections AS rejection
                WHERE rejection.refusal > p_known_refusal
                OFFSET 0
            ) AS recent
            WHERE recent.command_id = ANY (p_event_command_id)
        )
        ELSE EXISTS (
            SELECT FROM bursar.rejections AS rejection WHERE rejection.command_id = ANY (p_event_command_id)
        )
    END) THEN
        RAISE unique_violation USING
            MESSAGE = 'a command id that was thought new was refused',
            CONSTRAINT = 'rejections_command_id';
    END IF;

    IF event_count > 0 THEN
        -- By subscripts, and not from unnest, which would copy each column into a store of its own first.
        INSERT INTO bursar.events (
            sequence, account, version, balance, held, overdraft_limit, spent, transactions, decided_at, reverses,
            unit_size, status, kind, command_id, fingerprint, command, correlation, limits, body
        )
        SELECT
            result.first_sequence - 1 + place, keys[p_event_touch[place]], p_event_version[place],
            p_event_balance[place], p_event_held[place], p_event_overdraft_limit[place], p_event_spent[place],
            p_event_transactions[place], p_event_decided_at[place], p_event_reverses[place], p_event_unit_size[place],
            p_event_status[place], p_event_kind[place], p_event_command_id[place], p_event_fingerprint[place],
            p_event_command[place], p_event_correlation[place], p_event_limits[place], p_event_body[place]
        FROM (SELECT generate_series(1, event_count) AS place) AS event;

        IF NOT p_kinds_known OR result.first_sequence - 1 <> p_known_last THEN
            INSERT INTO bursar.kinds (run, kind)
            SELECT DISTINCT (result.first_sequence - 1 + place) >> 10, p_event_kind[place]
            FROM (SELECT generate_series(1, event_count) AS place) AS event
            ON CONFLICT DO NOTHING;
        END IF;

        IF p_hold_id IS NOT NULL THEN
            INSERT INTO bursar.holds (
                account, amount, placed_at, expires_at, placed_sequence, hold_id, description
            )
            SELECT
                keys[p_event_touch[hold.event]], hold.amount, p_event_decided_at[hold.event], hold.expires_at,
                result.first_sequence - 1 + hold.event, hold.id, hold.description
            FROM unnest(p_hold_event, p_hold_id, p_hold_amount, p_hold_expires_at, p_hold_description)
                AS hold (event, id, amount, expires_at, description);
        END IF;

        IF p_end_hold IS NOT NULL THEN
            UPDATE bursar.holds AS hold
            SET ended_sequence = result.first_sequence - 1 + ended.event,
                ended_as = ended.ended_as
            FROM unnest(p_end_event, p_end_hold, p_end_as) AS ended (event, id, ended_as)
            WHERE hold.account = keys[p_event_touch[ended.event]] AND hold.hold_id = ended.id;
            GET DIAGNOSTICS ended_count = ROW_COUNT;
            IF ended_count <> cardinality(p_end_hold) THEN
                RAISE EXCEPTION 'a hold that ends is not there';
            END IF;
        END IF;

        INSERT INTO bursar.batches (last_sequence, first_sequence, committed_at, root, chain)
        VALUES (head.last_sequence, result.first_sequence, head.committed_at, p_root, head.chain);
    END IF;

    IF refusal_count > 0 THEN
        INSERT INTO bursar.rejections (
            refusal, sequence, decided_at, command_id, fingerprint, command, facts, reason, from_account, to_account
        )
        SELECT
            head.last_refusal - refusal_count + refusal.place, head.last_sequence, refusal.decided_at,
            refusal.command_id, refusal.fingerprint, refusal.command, refusal.facts, refusal.reason,
            refusal.from_account, refusal.to_account
        FROM unnest(
            p_refusal_decided_at, p_refusal_command_id, p_refusal_fingerprint, p_refusal_command, p_refusal_facts,
            p_refusal_reason, p_refusal_from_account, p_refusal_to_account
        ) WITH ORDINALITY AS refusal (
            decided_at, command_id, fingerprint, command, facts, reason, from_account, to_account, place
        );
    END IF;

    RETURN result;
END
$$;

-- The row of the streams that an account had come to at a place of the log: the first version of the last row that begins
-- at or before it, 0 for none. Versions and sequences rise together, so a search by halves finds it in a few index probes
-- at any length of the stream.
CREATE FUNCTION bursar.row_at(p_account bigint, p_sequence bigint) RETURNS bigint
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    low bigint := 0;
    high bigint;
    middle bigint;
    found bigint;
    begins bigint;
    result bigint := 0;
BEGIN
    SELECT stream.first_version, stream.sequences[1] INTO high, begins
    FROM bursar.streams AS stream
    WHERE stream.account = p_account
    ORDER BY stream.first_version DESC
    LIMIT 1;
    IF high IS NULL OR begins <= p_sequence THEN
        RETURN coalesce(high, 0);
    END IF;
    high := high - 1;
    -- Up to the version low rows begin early enough, from the one behind high on they do not.
    WHILE low < high LOOP
        middle := (low + high + 1) / 2;
        SELECT stream.first_version, stream.sequences[1] INTO STRICT found, begins
        FROM bursar.streams AS stream
        WHERE stream.account = p_account AND stream.first_version <= middle
        ORDER BY stream.first_version DESC
        LIMIT 1;
        IF begins <= p_sequence THEN
            low := middle;
            result := found;
        ELSE
            high := found - 1;
        END IF;
    END LOOP;
    RETURN result;
END
$$;

-- The last event of an account at or before a place of the log, as far as the streams reach; NULL for none.
CREATE FUNCTION bursar.event_at(p_account bigint, p_sequence bigint) RETURNS bigint
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT stream.sequences[width_bucket(p_sequence, stream.sequences)]
    FROM bursar.streams AS stream
    WHERE stream.account = p_account AND stream.first_version = bursar.row_at(p_account, p_sequence)
$$;

-- Indexes a part of the run behind a place: rows of the streams, each as its first version and its number of sequences,
-- which follow one another in p_sequence. With the last part p_end is where the run ends. The caller knows the log up to the
-- end of a batch. Answers up to where the streams are whole then, which is p_after between the parts, and another place where
-- another process was first; NULL where it is another log. What an attempt that was not finished left behind stays.
CREATE FUNCTION bursar.index_part(
    p_known_last bigint,
    p_known_chain bytea,
    p_after bigint,
    p_end bigint,
    p_account bigint[],
    p_first_version bigint[],
    p_count integer[],
    p_sequence bigint[]
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT
        FROM bursar.batches AS batch
        WHERE batch.last_sequence = p_known_last AND batch.chain = p_known_chain
    ) THEN
        RETURN NULL;
    END IF;
    INSERT INTO bursar.streams (account, first_version, sequences)
    SELECT part.account, part.first_version, p_sequence[part.ends - part.count + 1:part.ends]
    FROM (
        SELECT each.account, each.first_version, each.count, (sum(each.count) OVER (ORDER BY each.place))::integer AS ends
        FROM unnest(p_account, p_first_version, p_count) WITH ORDINALITY AS each (account, first_version, count, place)
    ) AS part
    WHERE EXISTS (SELECT FROM bursar.indexed WHERE indexed.last_sequence = p_after)
    ON CONFLICT DO NOTHING;
    IF p_end IS NOT NULL THEN
        UPDATE bursar.indexed SET last_sequence = p_end WHERE last_sequence = p_after;
    END IF;
    RETURN (SELECT last_sequence FROM bursar.indexed);
END
$$;

-- Lets a role append and read, and nothing else.
CREATE FUNCTION bursar.admit(p_role text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_role = current_user THEN
        RETURN;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA bursar TO %I', p_role);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA bursar TO %I', p_role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION bursar.append, bursar.row_at, bursar.event_at, bursar.index_part TO %I', p_role);
END
$$;

REVOKE ALL ON FUNCTION bursar.append, bursar.row_at, bursar.event_at, bursar.index_part, bursar.admit, bursar.refuse
FROM PUBLIC;
