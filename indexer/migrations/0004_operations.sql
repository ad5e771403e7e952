-- Retention of the inbox by whole partitions, and a sign of life of the writer.

-- What was put aside is kept for ever, with its own copy of the message, so that old partitions can go.
alter table quarantine drop constraint quarantine_inbox_id_fkey;
alter table quarantine add column source text;
alter table quarantine add column body bytea compression lz4;
alter table quarantine add column received_at timestamptz;
update quarantine
   set source = inbox.source, body = inbox.body, received_at = inbox.received_at
  from inbox where inbox.inbox_id = quarantine.inbox_id;
alter table quarantine alter column source set not null;
alter table quarantine alter column body set not null;
alter table quarantine alter column received_at set not null;
alter table quarantine add column body_sha256 bytea generated always as (sha256(body)) stored not null;
alter table quarantine add constraint quarantine_path_body_key unique (path, body_sha256);
alter table quarantine add constraint quarantine_source_is_known check (source in ('observer', 'node', 'archive'));
comment on table quarantine is 'Messages that could not be decoded or stored. Kept whole and shown, never in the way of others.';
comment on column quarantine.source is 'Where the message came from.';
comment on column quarantine.body is 'Its raw body.';
comment on column quarantine.received_at is 'When it was received.';
comment on column quarantine.body_sha256 is 'Hash of the body: the same message is put aside once.';

create table inbox_digest (
    path_sha256 bytea not null,
    body_sha256 bytea not null,
    inbox_id bigint not null,
    constraint inbox_digest_pkey primary key (path_sha256, body_sha256)
);
comment on table inbox_digest is 'Which messages the inbox holds, in one piece: a partitioned table cannot refuse repeated messages itself.';
comment on column inbox_digest.path_sha256 is 'Hash of its request path, which may be longer than an index takes.';
comment on column inbox_digest.body_sha256 is 'Hash of its body.';
comment on column inbox_digest.inbox_id is 'The message.';
insert into inbox_digest (path_sha256, body_sha256, inbox_id)
select sha256(convert_to(path, 'UTF8')), body_sha256, inbox_id from inbox;

create sequence inbox_id_seq;
select setval('inbox_id_seq', nextval(pg_get_serial_sequence('inbox', 'inbox_id')), false);

alter table inbox rename to inbox_from_0;
alter table inbox_from_0 alter column inbox_id drop identity;
alter table inbox_from_0 alter column body_sha256 drop expression;
alter table inbox_from_0 alter column body_sha256 set not null;
alter table inbox_from_0 drop constraint inbox_path_body_key;
alter table inbox_from_0 rename constraint inbox_pkey to inbox_from_0_pkey;
alter index inbox_waiting_idx rename to inbox_from_0_waiting_idx;

create table inbox (
    inbox_id bigint not null,
    source text not null,
    path text not null,
    body bytea compression lz4 not null,
    body_sha256 bytea not null,
    received_at timestamptz not null default now(),
    processed_at timestamptz,
    constraint inbox_pkey primary key (inbox_id),
    constraint inbox_source_is_known check (source in ('observer', 'node', 'archive'))
) partition by range (inbox_id);
alter sequence inbox_id_seq owned by inbox.inbox_id;
comment on table inbox is 'Every message as it came, stored before it is read: what was acknowledged is never lost. Partitioned, so that old messages go all at once.';
comment on column inbox.inbox_id is 'Order of arrival.';
comment on column inbox.source is 'Where the message came from.';
comment on column inbox.path is 'Request path below the secret prefix, for example /new_block.';
comment on column inbox.body is 'Raw body. lz4: pglz costs 50 ms for a large block.';
comment on column inbox.body_sha256 is 'Hash of the body, as in inbox_digest.';
comment on column inbox.received_at is 'When the message was stored.';
comment on column inbox.processed_at is 'When ingest was done with it; null while it waits.';
create index inbox_waiting_idx on inbox (inbox_id) where processed_at is null;
comment on index inbox_waiting_idx is 'Ingest takes the oldest waiting messages, however long the history is.';

create table inbox_partition (
    from_id bigint not null,
    to_id bigint not null,
    created_at timestamptz not null default now(),
    constraint inbox_partition_pkey primary key (from_id),
    constraint inbox_partition_holds_something check (from_id < to_id)
);
comment on table inbox_partition is 'The partitions of the inbox, named inbox_from_ and their first id. They follow each other without a hole.';
comment on column inbox_partition.from_id is 'First id that belongs into it.';
comment on column inbox_partition.to_id is 'First id that does not.';
comment on column inbox_partition.created_at is 'When it was made.';

do $$
declare
    upper bigint := (select last_value + 10000 from inbox_id_seq);
begin
    execute format('alter table inbox attach partition inbox_from_0 for values from (0) to (%s)', upper);
    insert into inbox_partition (from_id, to_id) values (0, upper);
end $$;

-- Makes sure that a partition exists for the message `needed`; a new one reaches `size` messages further.
create function add_inbox_partition(needed bigint, size bigint) returns void language plpgsql as $$
declare
    lower bigint;
begin
    -- Spells "inbox": one at a time.
    perform pg_advisory_xact_lock(x'696e626f78'::bigint);
    select max(to_id) into lower from inbox_partition;
    if needed < lower then
        return;
    end if;
    -- Attaching waits for nobody who reads or writes the inbox; making it a partition at once would.
    execute format('create table inbox_from_%s (like inbox including all)', lower);
    execute format('alter table inbox attach partition inbox_from_%s for values from (%s) to (%s)',
        lower, lower, needed + size);
    insert into inbox_partition (from_id, to_id) values (lower, needed + size);
end $$;
comment on function add_inbox_partition is 'Makes sure that a partition of the inbox exists for a message.';

-- Drops a partition with its digests; false when it is not there, may still grow, or holds a message that waits.
create function drop_inbox_partition(partition_from bigint) returns boolean language plpgsql as $$
declare
    partition_to bigint;
    waits boolean;
begin
    -- Also waits for those who have an id and are about to store the message.
    lock table only inbox in access exclusive mode;
    select to_id into partition_to from inbox_partition where from_id = partition_from;
    if partition_to is null or partition_to > (select last_value from inbox_id_seq) then
        return false;
    end if;
    execute format('select exists (select from inbox_from_%s where processed_at is null)', partition_from) into waits;
    if waits then
        return false;
    end if;
    execute format(
        'delete from inbox_digest using inbox_from_%s as message
          where inbox_digest.path_sha256 = sha256(convert_to(message.path, ''UTF8''))
            and inbox_digest.body_sha256 = message.body_sha256',
        partition_from);
    execute format('drop table inbox_from_%s', partition_from);
    delete from inbox_partition where from_id = partition_from;
    return true;
end $$;
comment on function drop_inbox_partition is 'Drops a partition of the inbox whose messages are all processed.';

create table writer_heartbeat (
    singleton boolean not null default true,
    beaten_at timestamptz,
    constraint writer_heartbeat_pkey primary key (singleton),
    constraint writer_heartbeat_is_one_row check (singleton)
);
comment on table writer_heartbeat is 'A sign of life of the one process that writes; on a replica also a sign of life of the replication. One row.';
comment on column writer_heartbeat.singleton is 'Always true; makes a second row impossible.';
comment on column writer_heartbeat.beaten_at is 'When the writer last said that it lives; null before the first.';
insert into writer_heartbeat default values;
