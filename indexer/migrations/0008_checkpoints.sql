-- One hash over all refunds up to a burn height: docs/CHECKPOINTS.md says what it is of.

create table checkpoint (
    burn_height bigint not null,
    root bytea not null,
    refunds bigint not null,
    frontier bytea not null,
    superseded_at timestamptz,
    constraint checkpoint_pkey primary key (burn_height, root),
    constraint checkpoint_root_is_a_hash check (length(root) = 32),
    constraint checkpoint_frontier_is_of_hashes check (length(frontier) > 0 and length(frontier) % 32 = 0),
    constraint checkpoint_holds_refunds check (refunds > 0)
);
comment on table checkpoint is 'A Merkle root over the canonical refunds up to a burn height, made when that height is final.';
comment on column checkpoint.burn_height is 'Refunds with this burn height and all below are in it.';
comment on column checkpoint.root is 'Merkle root over their leaves, in the chain''s order.';
comment on column checkpoint.refunds is 'How many they are.';
comment on column checkpoint.frontier is 'Roots of the tree''s whole subtrees, the greatest first, 32 bytes each: the next checkpoint goes on from them.';
comment on column checkpoint.superseded_at is 'When a fork deeper than finality took it back; null while it stands.';
create unique index checkpoint_current_key on checkpoint (burn_height) where superseded_at is null;
comment on index checkpoint_current_key is 'One checkpoint of a height stands; the list, and the newest.';

create table checkpoint_total (
    token text not null,
    burn_height bigint not null,
    root bytea not null,
    refunds bigint not null,
    refunded numeric not null,
    constraint checkpoint_total_pkey primary key (token, burn_height, root),
    constraint checkpoint_total_checkpoint_fkey foreign key (burn_height, root) references checkpoint (burn_height, root),
    constraint checkpoint_total_is_a_total check (refunds > 0 and refunded >= 0)
);
comment on table checkpoint_total is 'Totals as of a checkpoint, of the tokens that were refunded since the one before: the newest at or below a height are the totals as of it.';
comment on column checkpoint_total.token is 'Contract id of the token, or STX.';
comment on column checkpoint_total.burn_height is 'The checkpoint''s.';
comment on column checkpoint_total.root is 'The checkpoint''s.';
comment on column checkpoint_total.refunds is 'Refunds in the token up to it.';
comment on column checkpoint_total.refunded is 'Sum of their amounts in base units; may exceed a uint.';
