-- Other sources than the node's pushes: pulls from a node, and event archives.

alter table inbox drop constraint inbox_source_is_known;
alter table inbox add constraint inbox_source_is_known check (source in ('observer', 'node', 'archive'));

alter table gap add column off_chain boolean not null default false;
comment on column gap.off_chain is 'Whether the node has another Bitcoin block at this height: then nobody misses it, but it is looked at again.';

create table archive_import (
    first_row_sha256 bytea not null,
    row_count bigint not null,
    byte_count bigint not null,
    prefix_sha256 bytea not null,
    updated_at timestamptz not null default now(),
    constraint archive_import_pkey primary key (first_row_sha256),
    constraint archive_import_counts_are_counts check (row_count > 0 and byte_count > 0),
    constraint archive_import_hashes_have_32_bytes check (
        octet_length(first_row_sha256) = 32 and octet_length(prefix_sha256) = 32
    )
);
comment on table archive_import is 'How far each event archive was imported; written in the transaction of the rows that it counts.';
comment on column archive_import.first_row_sha256 is 'Hash of the archive''s first row: which archive it is.';
comment on column archive_import.row_count is 'Rows that are imported.';
comment on column archive_import.byte_count is 'Bytes of these rows, uncompressed.';
comment on column archive_import.prefix_sha256 is 'Hash of these bytes: only an archive that begins with exactly them is continued after them.';
comment on column archive_import.updated_at is 'When it was last written.';

create index burn_block_consensus_hash_idx on burn_block (consensus_hash);
comment on index burn_block_consensus_hash_idx is 'A block pulled from a node names the sortition of its tenure only.';
