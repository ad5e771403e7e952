-- What core's events say: invoices, payers' ledgers, payments and refunds, on every fork.
--
-- Rows are keyed by the identity of their event (index_block_hash, txid, ordinal): the contract's ids name a thing
-- on one fork only. A row of a block that left the chain stays, with its flag changed.

create domain base_units as numeric(39, 0)
    constraint base_units_is_a_u128 check (value between 0 and 340282366920938463463374607431768211455);
comment on domain base_units is 'An amount in a token''s smallest unit: the whole range of Clarity''s uint.';

create table contract_event (
    index_block_hash bytea not null,
    txid bytea not null,
    ordinal integer not null,
    stacks_height bigint not null,
    tx_index integer not null,
    name text,
    invoice_id bigint,
    payer text,
    raw_value bytea not null,
    transfer_found boolean not null,
    problem text,
    canonical boolean not null default false,
    constraint contract_event_pkey primary key (index_block_hash, txid, ordinal),
    constraint contract_event_block_fkey foreign key (index_block_hash) references block (index_block_hash),
    constraint contract_event_txid_has_32_bytes check (octet_length(txid) = 32),
    constraint contract_event_is_named_or_a_problem check ((name is null) = (problem is not null))
);
comment on table contract_event is 'Every print of core in a successful transaction, on every fork.';
comment on column contract_event.index_block_hash is 'Block of the event.';
comment on column contract_event.txid is 'Transaction of the event.';
comment on column contract_event.ordinal is 'Place among all committed events of the transaction, from 0: the node''s event_index is no identity.';
comment on column contract_event.stacks_height is 'Stacks height of the block, for the order of events.';
comment on column contract_event.tx_index is 'Place of the transaction in the block.';
comment on column contract_event.name is 'Name of the event; null when it could not be decoded.';
comment on column contract_event.invoice_id is 'Invoice it concerns; null for events of none.';
comment on column contract_event.payer is 'Payer whose ledger it changes; null for events that change none.';
comment on column contract_event.raw_value is 'Clarity value as serialised by the chain: the truth, byte for byte.';
comment on column contract_event.transfer_found is 'Whether the transaction holds the token transfer that the event speaks of; true for events that move nothing.';
comment on column contract_event.problem is 'Why it could not be decoded; null normally.';
comment on column contract_event.canonical is 'Whether its block is on the chain that the node follows now.';
create index contract_event_invoice_idx
    on contract_event (invoice_id, stacks_height desc, tx_index desc, ordinal desc) where canonical;
comment on index contract_event_invoice_idx is 'State of an invoice = its last canonical event; a timeline in order.';
create index contract_event_payer_idx
    on contract_event (invoice_id, payer, stacks_height desc, tx_index desc, ordinal desc)
    where canonical and payer is not null;
comment on index contract_event_payer_idx is 'Ledger of a payer = the last canonical event that names it.';
create index contract_event_problem_idx on contract_event (stacks_height) where problem is not null;
comment on index contract_event_problem_idx is 'Health counts undecodable events.';

create table invoice (
    index_block_hash bytea not null,
    txid bytea not null,
    ordinal integer not null,
    stacks_height bigint not null,
    invoice_id bigint not null,
    merchant text not null,
    issuer text not null,
    token text,
    amount base_units not null,
    min_payment base_units,
    only_payer text,
    reference text,
    memo text,
    subscription_id numeric(39, 0),
    created_burn_height bigint not null,
    amount_paid base_units not null,
    amount_refunded base_units not null,
    status smallint not null,
    refund_window bigint not null,
    first_payment_at bigint,
    expires_at bigint not null,
    canonical boolean not null,
    constraint invoice_pkey primary key (index_block_hash, txid, ordinal),
    constraint invoice_event_fkey foreign key (index_block_hash, txid, ordinal) references contract_event (index_block_hash, txid, ordinal),
    constraint invoice_id_is_positive check (invoice_id > 0),
    constraint invoice_subscription_id_is_a_uint check (subscription_id >= 0),
    constraint invoice_status_is_stored check (status in (0, 1, 2, 4, 5))
);
comment on table invoice is 'Invoices on every fork; the state columns are those of the last canonical event.';
comment on column invoice.index_block_hash is 'Block of the invoice-created event.';
comment on column invoice.txid is 'Transaction of the event.';
comment on column invoice.ordinal is 'Place of the event in its transaction.';
comment on column invoice.stacks_height is 'Stacks height of the block.';
comment on column invoice.invoice_id is 'The contract''s id: provisional until final.';
comment on column invoice.merchant is 'Who is to be paid.';
comment on column invoice.issuer is 'Who created it: the merchant or its operator.';
comment on column invoice.token is 'Contract id of the token; null for STX.';
comment on column invoice.amount is 'What is to be paid, in base units.';
comment on column invoice.min_payment is 'Least instalment in base units; null: one exact payment.';
comment on column invoice.only_payer is 'Who alone may pay; null: anybody.';
comment on column invoice.reference is 'The merchant''s own id.';
comment on column invoice.memo is 'Public text, hostile: U+0000 is written \u{0}, the exact text is in the event.';
comment on column invoice.subscription_id is 'Subscription it pays, if any; numbered by another contract, so any uint is possible.';
comment on column invoice.created_burn_height is 'Burn height printed by the event.';
comment on column invoice.amount_paid is 'Paid so far by all payers, in base units.';
comment on column invoice.amount_refunded is 'Refunded so far to all payers, in base units.';
comment on column invoice.status is 'Stored status: 0 open, 1 partially paid, 2 paid, 4 cancelled, 5 refunded (3 expired is derived).';
comment on column invoice.refund_window is 'Burn blocks after a payer''s first payment in which refunds may be issued.';
comment on column invoice.first_payment_at is 'Burn height of the first payment; null before it.';
comment on column invoice.expires_at is 'First burn height at which it cannot be paid.';
comment on column invoice.canonical is 'Whether its block is on the chain that the node follows now.';
create unique index invoice_canonical_id_key on invoice (invoice_id) where canonical;
comment on index invoice_canonical_id_key is 'One invoice of an id on the canonical chain; look-up by id.';

create table payer_ledger (
    invoice_id bigint not null,
    payer text not null,
    paid base_units not null,
    refunded base_units not null,
    first_paid_at bigint not null,
    constraint payer_ledger_pkey primary key (invoice_id, payer),
    constraint payer_ledger_heights_are_heights check (first_paid_at >= 0)
);
comment on table payer_ledger is 'What each payer paid and was refunded on each canonical invoice: rewritten for what a fork touches.';
comment on column payer_ledger.invoice_id is 'The canonical invoice of this id.';
comment on column payer_ledger.payer is 'Who paid.';
comment on column payer_ledger.paid is 'Paid so far, in base units.';
comment on column payer_ledger.refunded is 'Refunded so far, in base units.';
comment on column payer_ledger.first_paid_at is 'Burn height of the first payment: the deadline is this plus the invoice''s refund window, which may grow.';

create table payment (
    index_block_hash bytea not null,
    txid bytea not null,
    ordinal integer not null,
    stacks_height bigint not null,
    tx_index integer not null,
    invoice_id bigint not null,
    merchant text not null,
    payer text not null,
    token text,
    amount base_units not null,
    payer_paid base_units not null,
    payer_refunded base_units not null,
    deadline bigint not null,
    burn_height bigint not null,
    disagreement text,
    canonical boolean not null,
    constraint payment_pkey primary key (index_block_hash, txid, ordinal),
    constraint payment_event_fkey foreign key (index_block_hash, txid, ordinal) references contract_event (index_block_hash, txid, ordinal)
);
comment on table payment is 'Payments that are, or once were, on the canonical chain.';
comment on column payment.index_block_hash is 'Block of the payment-received event.';
comment on column payment.txid is 'Transaction of the event.';
comment on column payment.ordinal is 'Place of the event in its transaction.';
comment on column payment.stacks_height is 'Stacks height of the block, for the order.';
comment on column payment.tx_index is 'Place of the transaction in the block.';
comment on column payment.invoice_id is 'Invoice paid.';
comment on column payment.merchant is 'Who was paid.';
comment on column payment.payer is 'Who paid.';
comment on column payment.token is 'Contract id of the token; null for STX.';
comment on column payment.amount is 'Amount in base units.';
comment on column payment.payer_paid is 'All that this payer had paid on the invoice after the event, in base units.';
comment on column payment.payer_refunded is 'All that this payer had been refunded on the invoice after the event, in base units.';
comment on column payment.deadline is 'Burn height at which refunds to this payer end, as of the event.';
comment on column payment.burn_height is 'Burn height printed by the event.';
comment on column payment.disagreement is 'What does not agree among event, token transfer and accounting; null when proven.';
comment on column payment.canonical is 'Whether its block is on the chain that the node follows now.';
create index payment_invoice_idx
    on payment (invoice_id, stacks_height, tx_index, ordinal) where canonical;
comment on index payment_invoice_idx is 'Payments of an invoice in order.';

create table refund (
    index_block_hash bytea not null,
    txid bytea not null,
    ordinal integer not null,
    stacks_height bigint not null,
    tx_index integer not null,
    refund_id bigint not null,
    invoice_id bigint not null,
    merchant text not null,
    issuer text not null,
    payer text not null,
    token text,
    amount base_units not null,
    reason text,
    reference text,
    payer_paid base_units not null,
    payer_refunded base_units not null,
    deadline bigint not null,
    burn_height bigint not null,
    disagreement text,
    status text not null,
    canonical boolean generated always as (status <> 'orphaned') stored not null,
    constraint refund_pkey primary key (index_block_hash, txid, ordinal),
    constraint refund_event_fkey foreign key (index_block_hash, txid, ordinal) references contract_event (index_block_hash, txid, ordinal),
    constraint refund_id_is_positive check (refund_id > 0),
    constraint refund_status_is_known check (status in ('seen', 'final', 'orphaned'))
);
comment on table refund is 'Refunds that are, or once were, on the canonical chain.';
comment on column refund.index_block_hash is 'Block of the refund-processed event.';
comment on column refund.txid is 'Transaction of the event.';
comment on column refund.ordinal is 'Place of the event in its transaction.';
comment on column refund.stacks_height is 'Stacks height of the block, for the order.';
comment on column refund.tx_index is 'Place of the transaction in the block.';
comment on column refund.refund_id is 'The contract''s id: provisional until final.';
comment on column refund.invoice_id is 'Invoice refunded.';
comment on column refund.merchant is 'Merchant of the invoice.';
comment on column refund.issuer is 'Who sent the refund, and whose balance paid it.';
comment on column refund.payer is 'Who got it.';
comment on column refund.token is 'Contract id of the token; null for STX.';
comment on column refund.amount is 'Amount in base units.';
comment on column refund.reason is 'Public text, hostile: U+0000 is written \u{0}, the exact text is in the event.';
comment on column refund.reference is 'The merchant''s own id.';
comment on column refund.payer_paid is 'All that this payer had paid on the invoice after the event, in base units.';
comment on column refund.payer_refunded is 'All that this payer had been refunded on the invoice after the event, in base units.';
comment on column refund.deadline is 'Burn height at which refunds to this payer end, as of the event.';
comment on column refund.burn_height is 'Burn height printed by the event.';
comment on column refund.disagreement is 'What does not agree among event, token transfer and accounting; null when proven.';
comment on column refund.status is 'seen: canonical; final: canonical and deep enough; orphaned: its block left the chain.';
comment on column refund.canonical is 'Whether its block is on the chain that the node follows now.';
create unique index refund_canonical_id_key on refund (refund_id) where canonical;
comment on index refund_canonical_id_key is 'One refund of an id on the canonical chain; look-up by id.';
create index refund_position_idx
    on refund (stacks_height desc, tx_index desc, ordinal desc, index_block_hash desc) where canonical;
comment on index refund_position_idx is 'All refunds, newest first.';
create index refund_merchant_idx
    on refund (merchant, stacks_height desc, tx_index desc, ordinal desc, index_block_hash desc) where canonical;
comment on index refund_merchant_idx is 'Refunds of a merchant, newest first.';
create index refund_payer_idx
    on refund (payer, stacks_height desc, tx_index desc, ordinal desc, index_block_hash desc) where canonical;
comment on index refund_payer_idx is 'Refunds to a payer, newest first.';
create index refund_invoice_idx
    on refund (invoice_id, stacks_height desc, tx_index desc, ordinal desc, index_block_hash desc) where canonical;
comment on index refund_invoice_idx is 'Refunds of an invoice, newest first.';
create index refund_seen_idx
    on refund (stacks_height desc, tx_index desc, ordinal desc, index_block_hash desc) where status = 'seen';
comment on index refund_seen_idx is 'Refunds that wait to become final: the few of the last hours.';
create index refund_orphaned_idx
    on refund (stacks_height desc, tx_index desc, ordinal desc, index_block_hash desc) where status = 'orphaned';
comment on index refund_orphaned_idx is 'Refunds that left the chain: few.';

create index refund_unproven_idx on refund (stacks_height) where canonical and disagreement is not null;
comment on index refund_unproven_idx is 'Health counts unproven refunds: none, normally.';

create table refund_status_change (
    refund_status_change_id bigint generated always as identity,
    index_block_hash bytea not null,
    txid bytea not null,
    ordinal integer not null,
    status text not null,
    burn_height bigint,
    changed_at timestamptz not null default now(),
    constraint refund_status_change_pkey primary key (refund_status_change_id),
    constraint refund_status_change_refund_fkey foreign key (index_block_hash, txid, ordinal) references refund (index_block_hash, txid, ordinal),
    constraint refund_status_change_status_is_known check (status in ('seen', 'final', 'orphaned'))
);
comment on table refund_status_change is 'History of each refund: seen, final, orphaned, seen again.';
comment on column refund_status_change.refund_status_change_id is 'Order of the changes.';
comment on column refund_status_change.index_block_hash is 'Block of the refund''s event.';
comment on column refund_status_change.txid is 'Transaction of the event.';
comment on column refund_status_change.ordinal is 'Place of the event in its transaction.';
comment on column refund_status_change.status is 'Status from then on.';
comment on column refund_status_change.burn_height is 'Height of the Bitcoin tip at the change.';
comment on column refund_status_change.changed_at is 'When the indexer followed.';
create index refund_status_change_refund_idx on refund_status_change (index_block_hash, txid, ordinal);
comment on index refund_status_change_refund_idx is 'History of one refund.';

create view canonical_dump as
    select 'event' as kind,
           format('%s/%s/%s', stacks_height, tx_index, ordinal) as key,
           jsonb_build_object(
               'index_block_hash', encode(index_block_hash, 'hex'), 'txid', encode(txid, 'hex'), 'name', name,
               'raw_value', encode(raw_value, 'hex'), 'transfer_found', transfer_found, 'problem', problem) as content
      from contract_event where canonical
    union all
    select 'invoice', invoice_id::text, to_jsonb(invoice) - 'canonical' from invoice where canonical
    union all
    select 'payer_ledger', format('%s/%s', invoice_id, payer), to_jsonb(payer_ledger) from payer_ledger
    union all
    select 'payment', format('%s/%s/%s', stacks_height, tx_index, ordinal), to_jsonb(payment) - 'canonical'
      from payment where canonical
    union all
    select 'refund', refund_id::text, to_jsonb(refund) - 'canonical' from refund where canonical
    union all
    select 'merchant_total', format('%s/%s', merchant, coalesce(token, 'STX')),
           jsonb_build_object(
               'paid', sum(paid), 'refunded', sum(refunded), 'payments', sum(payments), 'refunds', sum(refunds))
      from (select merchant, token, amount::numeric as paid, 0::numeric as refunded, 1 as payments, 0 as refunds
              from payment where canonical
            union all
            select merchant, token, 0, amount::numeric, 0, 1 from refund where canonical) as movement
     group by merchant, token
    union all
    select 'payer_total', format('%s/%s', payer, coalesce(token, 'STX')),
           jsonb_build_object('paid', sum(paid), 'refunded', sum(refunded))
      from (select payer, token, amount::numeric as paid, 0::numeric as refunded from payment where canonical
            union all
            select payer, token, 0, amount::numeric from refund where canonical) as movement
     group by payer, token;
comment on view canonical_dump is 'All that the canonical chain says and nothing else: equal chains give equal dumps, however they arrived.';
comment on column canonical_dump.kind is 'Table, or total, of the row.';
comment on column canonical_dump.key is 'Its key within the kind.';
comment on column canonical_dump.content is 'Its content.';
