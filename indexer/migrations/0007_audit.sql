-- What auditors ask: every documented pair of filter and order an index scan, and totals as of any height.

-- On the canonical chain a place names one refund: the block's hash is needed in the index of orphans only.
drop index refund_position_idx;
create index refund_position_idx on refund (stacks_height desc, tx_index desc, ordinal desc) where canonical;
comment on index refund_position_idx is 'All refunds by place.';
drop index refund_merchant_idx;
create index refund_merchant_idx on refund (merchant, stacks_height desc, tx_index desc, ordinal desc) where canonical;
comment on index refund_merchant_idx is 'Refunds of a merchant by place.';
drop index refund_payer_idx;
create index refund_payer_idx on refund (payer, stacks_height desc, tx_index desc, ordinal desc) where canonical;
comment on index refund_payer_idx is 'Refunds to a payer by place.';
drop index refund_invoice_idx;
create index refund_invoice_idx on refund (invoice_id, stacks_height desc, tx_index desc, ordinal desc) where canonical;
comment on index refund_invoice_idx is 'Refunds of an invoice by place.';
drop index refund_seen_idx;
create index refund_seen_idx on refund (stacks_height desc, tx_index desc, ordinal desc) where status = 'seen';
comment on index refund_seen_idx is 'Refunds that wait to become final: the few of the last hours.';

create index refund_merchant_payer_idx
    on refund (merchant, payer, stacks_height desc, tx_index desc, ordinal desc) where canonical;
comment on index refund_merchant_payer_idx is 'Refunds of a merchant to a payer by place, however many either has.';
create index refund_token_idx
    on refund ((coalesce(token, 'STX')), stacks_height desc, tx_index desc, ordinal desc) where canonical;
comment on index refund_token_idx is 'Refunds in a token by place.';
create index refund_merchant_token_idx
    on refund (merchant, (coalesce(token, 'STX')), stacks_height desc, tx_index desc, ordinal desc) where canonical;
comment on index refund_merchant_token_idx is 'Refunds of a merchant in a token by place.';
create index refund_token_amount_idx
    on refund ((coalesce(token, 'STX')), amount desc, stacks_height desc, tx_index desc, ordinal desc) where canonical;
comment on index refund_token_amount_idx is 'Refunds in a token by amount: amounts of two tokens do not compare.';
create index refund_merchant_token_amount_idx
    on refund (merchant, (coalesce(token, 'STX')), amount desc, stacks_height desc, tx_index desc, ordinal desc) where canonical;
comment on index refund_merchant_token_amount_idx is 'Refunds of a merchant in a token by amount.';
create index refund_reference_idx
    on refund (merchant, reference, stacks_height desc, tx_index desc, ordinal desc) where canonical and reference is not null;
comment on index refund_reference_idx is 'A refund by the merchant''s own id.';
create index refund_txid_idx on refund (txid);
comment on index refund_txid_idx is 'Refunds of a transaction, on any fork.';
create index refund_burn_height_idx on refund (burn_height, stacks_height) where canonical;
comment on index refund_burn_height_idx is 'Where a range of burn heights begins and ends among the places.';

create function refund_terms(merchant text, reason text) returns text[]
    language sql immutable parallel safe cost 1000
    return (select array_agg(distinct merchant || ' ' || word)
              from regexp_split_to_table(lower(reason), '[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+') as word
             where word <> '');
comment on function refund_terms is 'The words of a reason (what stands between ASCII punctuation and spaces, in lower case), each with its merchant: a word is looked up among one merchant''s refunds only. Null without words.';
create index refund_terms_idx on refund using gin (refund_terms(merchant, reason)) where canonical;
comment on index refund_terms_idx is 'Words in the reasons of a merchant''s refunds.';

create index block_time_idx on block (block_time, stacks_height) where canonical;
comment on index block_time_idx is 'Where a range of times begins and ends among the Stacks heights.';

create index invoice_merchant_idx on invoice (merchant, invoice_id) where canonical;
comment on index invoice_merchant_idx is 'Invoices of a merchant by id, which is their order on the canonical chain.';
create index invoice_merchant_status_idx on invoice (merchant, status, invoice_id) where canonical;
comment on index invoice_merchant_status_idx is 'Invoices of a merchant in a status by id.';
create index invoice_reference_idx on invoice (merchant, reference, invoice_id) where canonical and reference is not null;
comment on index invoice_reference_idx is 'An invoice by the merchant''s own id.';
create index payer_ledger_payer_idx on payer_ledger (payer, invoice_id);
comment on index payer_ledger_payer_idx is 'Invoices that a payer paid.';

create table running_total (
    scope text not null,
    subject text not null,
    token text not null,
    burn_height bigint not null,
    stacks_height bigint not null,
    index_block_hash bytea not null,
    paid numeric not null,
    refunded numeric not null,
    payments bigint not null,
    refunds bigint not null,
    constraint running_total_pkey primary key (scope, subject, token, burn_height, stacks_height, index_block_hash),
    constraint running_total_scope_is_known check (scope in ('all', 'merchant', 'payer')),
    constraint running_total_is_a_total check (
        paid >= 0 and refunded >= 0 and payments >= 0 and refunds >= 0 and payments + refunds > 0
    )
);
comment on table running_total is 'Totals after each block that moved them: the newest at or below a height are the totals as of it. A row follows from its block and the blocks below it alone, so it never changes; those of blocks off the chain are passed over.';
comment on column running_total.scope is 'Whose totals: all, or of one merchant or payer.';
comment on column running_total.subject is 'The merchant or payer; empty for all.';
comment on column running_total.token is 'Contract id of the token, or STX.';
comment on column running_total.burn_height is 'Burn height printed by the block''s events.';
comment on column running_total.stacks_height is 'Stacks height of the block.';
comment on column running_total.index_block_hash is 'The block.';
comment on column running_total.paid is 'Sum of the payments up to this block, in base units; may exceed a uint.';
comment on column running_total.refunded is 'Sum of the refunds up to this block, in base units.';
comment on column running_total.payments is 'Payments up to this block.';
comment on column running_total.refunds is 'Refunds up to this block.';

insert into running_total
    (scope, subject, token, burn_height, stacks_height, index_block_hash, paid, refunded, payments, refunds)
with movement as (
    select index_block_hash, stacks_height, burn_height, merchant, payer, coalesce(token, 'STX') as token,
           amount::numeric as paid, 0::numeric as refunded, 1 as payments, 0 as refunds
      from payment where canonical
    union all
    select index_block_hash, stacks_height, burn_height, merchant, payer, coalesce(token, 'STX'),
           0, amount::numeric, 0, 1
      from refund where canonical),
of_block as (
    select scope, subject, token, stacks_height, index_block_hash, max(burn_height) as burn_height,
           sum(paid) as paid, sum(refunded) as refunded, sum(payments) as payments, sum(refunds) as refunds
      from movement
     cross join lateral (values ('all', ''), ('merchant', merchant), ('payer', payer)) as concerned (scope, subject)
     group by scope, subject, token, stacks_height, index_block_hash)
select scope, subject, token, burn_height, stacks_height, index_block_hash,
       sum(paid) over so_far, sum(refunded) over so_far, sum(payments) over so_far, sum(refunds) over so_far
  from of_block
window so_far as (partition by scope, subject, token order by stacks_height);
