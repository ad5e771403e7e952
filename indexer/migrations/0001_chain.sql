-- The chain as the node announced it: what arrived, the tree it forms, and where its tip is.

create table indexed_chain (
    singleton boolean not null default true,
    network text not null,
    core_contract text not null,
    root_stacks_height bigint,
    created_at timestamptz not null default now(),
    constraint indexed_chain_pkey primary key (singleton),
    constraint indexed_chain_is_one_row check (singleton),
    constraint indexed_chain_network_is_known check (network in ('mainnet', 'testnet')),
    constraint indexed_chain_root_is_a_height check (root_stacks_height >= 0)
);
comment on table indexed_chain is 'What this database follows. One row: one database holds one network and one core contract.';
comment on column indexed_chain.singleton is 'Always true; makes a second row impossible.';
comment on column indexed_chain.network is 'Network of the node: mainnet or testnet (also devnet and regtest).';
comment on column indexed_chain.core_contract is 'Full id (ADDR.name) of the only contract whose prints count.';
comment on column indexed_chain.root_stacks_height is 'Lowest Stacks height followed; blocks below are not kept. Null until the block that deployed core is seen.';
comment on column indexed_chain.created_at is 'When this database was first used.';

create table inbox (
    inbox_id bigint generated always as identity,
    source text not null,
    path text not null,
    body bytea compression lz4 not null,
    body_sha256 bytea generated always as (sha256(body)) stored not null,
    received_at timestamptz not null default now(),
    processed_at timestamptz,
    constraint inbox_pkey primary key (inbox_id),
    constraint inbox_path_body_key unique (path, body_sha256),
    constraint inbox_source_is_known check (source in ('observer'))
);
comment on table inbox is 'Every message as it came, stored before it is read: what was acknowledged is never lost.';
comment on column inbox.inbox_id is 'Order of arrival.';
comment on column inbox.source is 'Where the message came from.';
comment on column inbox.path is 'Request path below the secret prefix, for example /new_block.';
comment on column inbox.body is 'Raw body. lz4: pglz costs 50 ms for a large block.';
comment on column inbox.body_sha256 is 'Hash of the body; the node repeats messages, and a repeated one is stored once.';
comment on column inbox.received_at is 'When the message was stored.';
comment on column inbox.processed_at is 'When ingest was done with it; null while it waits.';
create index inbox_waiting_idx on inbox (inbox_id) where processed_at is null;
comment on index inbox_waiting_idx is 'Ingest takes the oldest waiting messages, however long the history is.';

create table quarantine (
    inbox_id bigint not null,
    path text not null,
    reason text not null,
    quarantined_at timestamptz not null default now(),
    constraint quarantine_pkey primary key (inbox_id),
    constraint quarantine_inbox_id_fkey foreign key (inbox_id) references inbox (inbox_id)
);
comment on table quarantine is 'Messages that could not be decoded. Kept and shown, never in the way of others.';
comment on column quarantine.inbox_id is 'The message.';
comment on column quarantine.path is 'Its path, so that a lost block stands out from noise.';
comment on column quarantine.reason is 'Why it could not be decoded.';
comment on column quarantine.quarantined_at is 'When it was put aside.';

create table burn_block (
    burn_block_hash bytea not null,
    burn_height bigint not null,
    parent_burn_block_hash bytea,
    consensus_hash bytea,
    inbox_id bigint not null,
    constraint burn_block_pkey primary key (burn_block_hash),
    constraint burn_block_hash_has_32_bytes check (octet_length(burn_block_hash) = 32),
    constraint burn_block_parent_has_32_bytes check (octet_length(parent_burn_block_hash) = 32),
    constraint burn_block_consensus_hash_has_20_bytes check (octet_length(consensus_hash) = 20),
    constraint burn_block_height_is_a_height check (burn_height >= 0)
);
comment on table burn_block is 'Bitcoin blocks on every fork, as announced.';
comment on column burn_block.burn_block_hash is 'Hash of the Bitcoin block.';
comment on column burn_block.burn_height is 'Its height.';
comment on column burn_block.parent_burn_block_hash is 'Its parent; null in messages of nodes older than 3.1.';
comment on column burn_block.consensus_hash is 'Its sortition; null in messages of nodes older than 3.1.';
comment on column burn_block.inbox_id is 'The message that first announced it.';
create index burn_block_height_idx on burn_block (burn_height);
comment on index burn_block_height_idx is 'The part of the tree near the tip is loaded by height.';

create table block (
    index_block_hash bytea not null,
    block_hash bytea not null,
    parent_index_block_hash bytea not null,
    stacks_height bigint not null,
    election_burn_block_hash bytea not null,
    election_burn_height bigint not null,
    consensus_hash bytea,
    announced_view_consensus_hash bytea,
    is_nakamoto boolean not null,
    burn_view_consensus_hash bytea,
    burn_view_hash bytea,
    burn_view_height bigint,
    block_time timestamptz,
    attached boolean not null,
    canonical boolean not null default false,
    inbox_id bigint not null,
    constraint block_pkey primary key (index_block_hash),
    constraint block_canonical_is_attached check (attached or not canonical),
    constraint block_heights_are_heights check (stacks_height >= 0 and election_burn_height >= 0 and burn_view_height >= 0),
    constraint block_hashes_have_32_bytes check (
        octet_length(index_block_hash) = 32 and octet_length(block_hash) = 32
        and octet_length(parent_index_block_hash) = 32 and octet_length(election_burn_block_hash) = 32
        and octet_length(burn_view_hash) = 32
    ),
    constraint block_view_is_whole check ((burn_view_hash is null) = (burn_view_height is null))
);
comment on table block is 'Stacks blocks on every fork, from the root on.';
comment on column block.index_block_hash is 'Identity of the block on every fork.';
comment on column block.block_hash is 'Hash of its header.';
comment on column block.parent_index_block_hash is 'Identity of its parent.';
comment on column block.stacks_height is 'Stacks height.';
comment on column block.election_burn_block_hash is 'Bitcoin block that elected the tenure.';
comment on column block.election_burn_height is 'Height of that Bitcoin block; can be lower than the burn view.';
comment on column block.consensus_hash is 'Sortition of the tenure; null in payloads of old nodes.';
comment on column block.announced_view_consensus_hash is 'Burn view that the block''s own TenureChange transaction names; null without one.';
comment on column block.is_nakamoto is 'Whether burn views exist at all in this block''s epoch.';
comment on column block.burn_view_consensus_hash is 'Burn view: its own TenureChange''s, else its parent''s; null while detached, or before burn views existed.';
comment on column block.burn_view_hash is 'Bitcoin block of the burn view; null while that block is unknown.';
comment on column block.burn_view_height is 'Height of that Bitcoin block: depth and finality count from here.';
comment on column block.block_time is 'Time of the block, or of its Bitcoin block in epochs whose blocks carry none.';
comment on column block.attached is 'Whether an unbroken line of parents leads to the root.';
comment on column block.canonical is 'Whether it is on the chain that the node follows now.';
comment on column block.inbox_id is 'The message that first brought it: the first seen wins among equals of one tenure.';
create index block_election_burn_height_idx on block (election_burn_height);
comment on index block_election_burn_height_idx is 'The part of the tree near the tip is loaded by burn height.';
create index block_stacks_height_idx on block (stacks_height) where attached;
comment on index block_stacks_height_idx is 'The highest block below that part is looked up from the top down.';
create index block_detached_idx on block (stacks_height) where not attached;
comment on index block_detached_idx is 'Detached blocks are few, and all of them are loaded at start.';
create index block_unresolved_view_idx on block (burn_view_consensus_hash) where burn_view_hash is null;
comment on index block_unresolved_view_idx is 'A burn block that arrives late completes the views that waited for it.';
create index block_canonical_view_idx on block (burn_view_height) where canonical;
comment on index block_canonical_view_idx is 'Blocks that became final are found by the height of their burn view.';

create table chain_tip (
    singleton boolean not null default true,
    index_block_hash bytea,
    stacks_height bigint,
    burn_block_hash bytea,
    burn_height bigint,
    final_burn_height bigint,
    inbox_id bigint,
    updated_at timestamptz not null default now(),
    constraint chain_tip_pkey primary key (singleton),
    constraint chain_tip_is_one_row check (singleton),
    constraint chain_tip_index_block_hash_fkey foreign key (index_block_hash) references block (index_block_hash),
    constraint chain_tip_stacks_is_whole check ((index_block_hash is null) = (stacks_height is null)),
    constraint chain_tip_burn_is_whole check ((burn_block_hash is null) = (burn_height is null))
);
comment on table chain_tip is 'Where the canonical chain ends: every other table is true as of this block. One row.';
comment on column chain_tip.singleton is 'Always true; makes a second row impossible.';
comment on column chain_tip.index_block_hash is 'Stacks tip; null while no block is attached.';
comment on column chain_tip.stacks_height is 'Its Stacks height.';
comment on column chain_tip.burn_block_hash is 'Bitcoin tip; null before the first Bitcoin block.';
comment on column chain_tip.burn_height is 'Its height.';
comment on column chain_tip.final_burn_height is 'Canonical blocks whose burn view is at most this high are final; null while none can be.';
comment on column chain_tip.inbox_id is 'The message processed last. A writer whose memory ends at another one loads anew.';
comment on column chain_tip.updated_at is 'When either tip last moved.';
insert into chain_tip default values;

create table gap (
    kind text not null,
    missing_hash bytea not null,
    expected_height bigint not null,
    opened_at timestamptz not null default now(),
    closed_at timestamptz,
    constraint gap_pkey primary key (kind, missing_hash),
    constraint gap_kind_is_known check (kind in ('block', 'burn_block'))
);
comment on table gap is 'Parents that blocks name and that never came. An open gap is repaired from another source.';
comment on column gap.kind is 'block or burn_block.';
comment on column gap.missing_hash is 'Identity of the missing parent.';
comment on column gap.expected_height is 'Height it must have: Stacks height of a block, burn height of a burn block.';
comment on column gap.opened_at is 'When it was first missed.';
comment on column gap.closed_at is 'When it came; null while it is missing.';
create index gap_open_idx on gap (kind, expected_height) where closed_at is null;
comment on index gap_open_idx is 'Health and repair look at open gaps only.';

create table reorg (
    reorg_id bigint generated always as identity,
    old_tip bytea not null,
    new_tip bytea,
    fork_point bytea,
    orphaned_blocks integer not null,
    adopted_blocks integer not null,
    occurred_at timestamptz not null default now(),
    constraint reorg_pkey primary key (reorg_id),
    constraint reorg_orphans_something check (orphaned_blocks > 0 and adopted_blocks >= 0)
);
comment on table reorg is 'Every time canonical blocks left the chain.';
comment on column reorg.reorg_id is 'Order of the reorganisations.';
comment on column reorg.old_tip is 'Tip before.';
comment on column reorg.new_tip is 'Tip after; null when nothing alive was left.';
comment on column reorg.fork_point is 'Last block that both chains have; null when they share none.';
comment on column reorg.orphaned_blocks is 'How many blocks left the chain.';
comment on column reorg.adopted_blocks is 'How many took their place.';
comment on column reorg.occurred_at is 'When the indexer followed.';
