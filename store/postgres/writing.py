"""The function in the database that writes a batch, and how it is called.

A batch is one message to the server: before all of it is there, nothing of it happens, and no lock
waits for a client that froze or was cut off midway (decision 0044).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from eventsourcing.persistence import StoredEvent

from store.backend import Sealed, Write

FENCED = "OF001"
STALE = "OF002"

# Every batch touches the tables in this order and the rows of each in the order of their keys, so
# that two of them wait for each other in one direction only. The lease's row is held to the end:
# whoever takes the lease waits for this batch, or fences it. The lock of the log comes last:
# positions follow commits.
FUNCTION = f"""
CREATE FUNCTION onefold.write(
    lease_name text, lease_epoch bigint,
    new_links text[], new_books bytea[],
    known_links text[], known_books bytea[], known_versions bigint[],
    born_kinds text[], born_values text[], born_ids uuid[],
    key_ids uuid[], key_boxes bytea[],
    folded_uids text[], folded_owners text[],
    snapshot_ids uuid[], snapshot_versions bigint[], snapshot_states bytea[],
    tally_names text[], tally_counts bigint[],
    event_ids uuid[], event_versions bigint[], event_topics text[], event_states bytea[]
) RETURNS bigint[] LANGUAGE plpgsql AS $function$
DECLARE
    found bigint;
    positions bigint[];
BEGIN
    IF lease_name IS NOT NULL THEN
        SELECT epoch INTO found FROM onefold.leases WHERE name = lease_name FOR SHARE;
        IF found IS DISTINCT FROM lease_epoch THEN
            RAISE EXCEPTION USING ERRCODE = '{FENCED}', MESSAGE = coalesce(found, 0);
        END IF;
    END IF;
    IF new_links IS NOT NULL THEN
        INSERT INTO onefold.books
        SELECT link, 1, book FROM unnest(new_links, new_books) AS new(link, book);
    END IF;
    IF known_links IS NOT NULL THEN
        UPDATE onefold.books SET version = books.version + 1, book = new.book
        FROM unnest(known_links, known_books, known_versions) AS new(link, book, version)
        WHERE books.link = new.link AND books.version = new.version;
        GET DIAGNOSTICS found = ROW_COUNT;
        IF found <> cardinality(known_links) THEN
            RAISE EXCEPTION USING ERRCODE = '{STALE}', MESSAGE = format(
                '%s of %s link books are not at the version that was read',
                cardinality(known_links) - found, cardinality(known_links));
        END IF;
    END IF;
    IF born_ids IS NOT NULL THEN
        INSERT INTO onefold.directory SELECT * FROM unnest(born_kinds, born_values, born_ids);
    END IF;
    IF key_ids IS NOT NULL THEN
        INSERT INTO onefold.keys SELECT * FROM unnest(key_ids, key_boxes);
    END IF;
    IF folded_uids IS NOT NULL THEN
        UPDATE onefold.directory SET owner = new.owner
        FROM unnest(folded_uids, folded_owners) AS new(uid, owner)
        WHERE kind = 'uid' AND value = new.uid;
    END IF;
    IF snapshot_ids IS NOT NULL THEN
        INSERT INTO onefold.snapshots
        SELECT * FROM unnest(snapshot_ids, snapshot_versions, snapshot_states)
        ON CONFLICT (profile_id) DO UPDATE SET version = excluded.version, state = excluded.state;
    END IF;
    IF tally_names IS NOT NULL THEN
        INSERT INTO onefold.tallies AS t
        SELECT lease_name, * FROM unnest(tally_names, tally_counts)
        ON CONFLICT (host, name) DO UPDATE SET count = t.count + excluded.count;
    END IF;
    IF event_ids IS NOT NULL THEN
        LOCK TABLE onefold.events IN EXCLUSIVE MODE;
        WITH inserted AS (
            INSERT INTO onefold.events (originator_id, originator_version, topic, state)
            SELECT * FROM unnest(event_ids, event_versions, event_topics, event_states)
            RETURNING notification_id)
        SELECT array_agg(notification_id ORDER BY notification_id) INTO positions FROM inserted;
        NOTIFY events; -- what the library listens to
    END IF;
    RETURN positions;
END $function$
"""

CALL = b"""
SELECT onefold.write(%b::text, %b::bigint, %b::text[], %b::bytea[],
    %b::text[], %b::bytea[], %b::bigint[], %b::text[], %b::text[], %b::uuid[],
    %b::uuid[], %b::bytea[], %b::text[], %b::text[], %b::uuid[], %b::bigint[], %b::bytea[],
    %b::text[], %b::bigint[], %b::uuid[], %b::bigint[], %b::text[], %b::bytea[])
"""


def arguments(events: Sequence[StoredEvent | Sealed], write: Write | None) -> list[Any]:
    """Give the arguments of a call: rows travel as one array a column, none of them as NULL."""
    stored = _columns(
        ((e.originator_id, e.originator_version, e.topic, e.state) for e in events), 4
    )
    if write is None:
        return [*[None] * (CALL.count(b"%b") - len(stored)), *stored]
    books = sorted(write.books)
    return [
        write.lease.name,
        write.lease.epoch,
        *_columns(((link, book) for link, version, book in books if not version), 2),
        *_columns(((link, book, version) for link, version, book in books if version), 3),
        *_columns(sorted(write.born), 3),
        *_columns(sorted(write.keys), 2),
        *_columns(sorted(write.owners), 2),
        *_columns(sorted((of, taken.version, taken.state) for of, taken in write.snapshots), 3),
        *_columns(sorted((name, count) for name, count in write.tallies.items() if count), 2),
        *stored,
    ]


def _columns(rows: Iterable[tuple[Any, ...]], width: int) -> list[Any]:
    columns: list[Any] = list(map(list, zip(*rows, strict=True)))
    return columns or [None] * width
