-- What recoup-subscriptions and recoup-reserve say, and whom merchants appointed in core.
--
-- As in core, an event carries the state after it: the state of a plan, a subscription, a reserve, a delegate or an
-- operator is that of its last canonical event.

alter table indexed_chain add column subscriptions_contract text;
alter table indexed_chain add column reserve_contract text;
alter table indexed_chain add column satellites_from_height bigint;
alter table indexed_chain add constraint indexed_chain_satellites_are_both_known
    check ((subscriptions_contract is null) = (reserve_contract is null));
alter table indexed_chain add constraint indexed_chain_satellites_from_is_a_height check (satellites_from_height >= 0);
comment on column indexed_chain.subscriptions_contract is 'Full id of recoup-subscriptions; null until a version that follows it used this database.';
comment on column indexed_chain.reserve_contract is 'Full id of recoup-reserve; null until a version that follows it used this database.';
comment on column indexed_chain.satellites_from_height is 'Lowest Stacks height whose events of these two, and of operators, are here; null when none is missing. A database begun by an older version lacks what came before: a new one has all.';

create table satellite_event (
    index_block_hash bytea not null,
    txid bytea not null,
    ordinal integer not null,
    stacks_height bigint not null,
    tx_index integer not null,
    contract text not null,
    name text,
    raw_value bytea not null,
    transfer_found boolean not null,
    problem text,
    canonical boolean not null default false,
    constraint satellite_event_pkey primary key (index_block_hash, txid, ordinal),
    constraint satellite_event_block_fkey foreign key (index_block_hash) references block (index_block_hash),
    constraint satellite_event_txid_has_32_bytes check (octet_length(txid) = 32),
    constraint satellite_event_contract_is_known check (contract in ('recoup-subscriptions', 'recoup-reserve')),
    constraint satellite_event_is_named_or_a_problem check ((name is null) = (problem is not null))
);
comment on table satellite_event is 'Every print of subscriptions and reserve in a successful transaction, on every fork.';
comment on column satellite_event.index_block_hash is 'Block of the event.';
comment on column satellite_event.txid is 'Transaction of the event.';
comment on column satellite_event.ordinal is 'Place among all committed events of the transaction, from 0: also those of core.';
comment on column satellite_event.stacks_height is 'Stacks height of the block, for the order of events.';
comment on column satellite_event.tx_index is 'Place of the transaction in the block.';
comment on column satellite_event.contract is 'Released name of the contract that printed it.';
comment on column satellite_event.name is 'Name of the event; null when it could not be decoded.';
comment on column satellite_event.raw_value is 'Clarity value as serialised by the chain: the truth, byte for byte.';
comment on column satellite_event.transfer_found is 'Whether the transaction holds the token transfer that the event speaks of; true for events that move nothing by themselves.';
comment on column satellite_event.problem is 'Why it could not be decoded; null normally.';
comment on column satellite_event.canonical is 'Whether its block is on the chain that the node follows now.';
create index satellite_event_problem_idx on satellite_event (stacks_height) where problem is not null;
comment on index satellite_event_problem_idx is 'Health counts undecodable events.';

create table operator_change (
    index_block_hash bytea not null,
    txid bytea not null,
    ordinal integer not null,
    stacks_height bigint not null,
    tx_index integer not null,
    merchant text not null,
    operator text not null,
    may_refund boolean not null,
    may_invoice boolean not null,
    burn_height bigint not null,
    canonical boolean not null,
    constraint operator_change_pkey primary key (index_block_hash, txid, ordinal),
    constraint operator_change_event_fkey foreign key (index_block_hash, txid, ordinal) references contract_event (index_block_hash, txid, ordinal)
);
comment on table operator_change is 'Whom merchants let act for them: the operator-set events of core that are, or once were, canonical.';
comment on column operator_change.index_block_hash is 'Block of the event.';
comment on column operator_change.txid is 'Transaction of the event.';
comment on column operator_change.ordinal is 'Place of the event in its transaction.';
comment on column operator_change.stacks_height is 'Stacks height of the block, for the order.';
comment on column operator_change.tx_index is 'Place of the transaction in the block.';
comment on column operator_change.merchant is 'Who appointed.';
comment on column operator_change.operator is 'Who was appointed, or revoked when both rights are false.';
comment on column operator_change.may_refund is 'Whether it may refund from its own balance.';
comment on column operator_change.may_invoice is 'Whether it may make invoices that are paid in the same call.';
comment on column operator_change.burn_height is 'Burn height printed by the event.';
comment on column operator_change.canonical is 'Whether its block is on the chain that the node follows now.';
create index operator_change_merchant_idx
    on operator_change (merchant, operator, stacks_height desc, tx_index desc, ordinal desc) where canonical;
comment on index operator_change_merchant_idx is 'Operators of a merchant = the last canonical event of each.';

create table subscription_plan (
    index_block_hash bytea not null,
    txid bytea not null,
    ordinal integer not null,
    stacks_height bigint not null,
    tx_index integer not null,
    plan_id bigint not null,
    merchant text not null,
    token text,
    amount base_units not null,
    interval_blocks bigint not null,
    refund_window bigint not null,
    is_open boolean not null,
    burn_height bigint not null,
    canonical boolean not null,
    constraint subscription_plan_pkey primary key (index_block_hash, txid, ordinal),
    constraint subscription_plan_event_fkey foreign key (index_block_hash, txid, ordinal) references satellite_event (index_block_hash, txid, ordinal),
    constraint subscription_plan_id_is_positive check (plan_id > 0)
);
comment on table subscription_plan is 'Plans: the plan-created and plan-closed events that are, or once were, canonical.';
comment on column subscription_plan.index_block_hash is 'Block of the event.';
comment on column subscription_plan.txid is 'Transaction of the event.';
comment on column subscription_plan.ordinal is 'Place of the event in its transaction.';
comment on column subscription_plan.stacks_height is 'Stacks height of the block, for the order.';
comment on column subscription_plan.tx_index is 'Place of the transaction in the block.';
comment on column subscription_plan.plan_id is 'The contract''s id: provisional until final.';
comment on column subscription_plan.merchant is 'Who is paid.';
comment on column subscription_plan.token is 'Contract id of the token; null for STX.';
comment on column subscription_plan.amount is 'Of each period, in base units.';
comment on column subscription_plan.interval_blocks is 'Burn blocks that one payment pays for.';
comment on column subscription_plan.refund_window is 'Burn blocks in which each payment can be refunded.';
comment on column subscription_plan.is_open is 'Whether it takes new subscriptions after the event.';
comment on column subscription_plan.burn_height is 'Burn height printed by the event.';
comment on column subscription_plan.canonical is 'Whether its block is on the chain that the node follows now.';
create unique index subscription_plan_canonical_key on subscription_plan (plan_id, is_open) where canonical;
comment on index subscription_plan_canonical_key is 'A plan is created once and closed at most once on the canonical chain; look-up by id.';
create index subscription_plan_merchant_idx on subscription_plan (merchant, plan_id desc) where canonical;
comment on index subscription_plan_merchant_idx is 'Plans of a merchant, newest first.';

create table subscription (
    index_block_hash bytea not null,
    txid bytea not null,
    ordinal integer not null,
    stacks_height bigint not null,
    subscription_id bigint not null,
    plan_id bigint not null,
    merchant text not null,
    payer text not null,
    token text,
    amount base_units not null,
    interval_blocks bigint not null,
    refund_window bigint not null,
    started_at bigint not null,
    canonical boolean not null,
    constraint subscription_pkey primary key (index_block_hash, txid, ordinal),
    constraint subscription_event_fkey foreign key (index_block_hash, txid, ordinal) references satellite_event (index_block_hash, txid, ordinal),
    constraint subscription_id_is_positive check (subscription_id > 0)
);
comment on table subscription is 'Subscriptions on every fork: what never changes of them.';
comment on column subscription.index_block_hash is 'Block of the subscription-started event.';
comment on column subscription.txid is 'Transaction of the event.';
comment on column subscription.ordinal is 'Place of the event in its transaction.';
comment on column subscription.stacks_height is 'Stacks height of the block.';
comment on column subscription.subscription_id is 'The contract''s id: provisional until final.';
comment on column subscription.plan_id is 'Its plan.';
comment on column subscription.merchant is 'Who is paid.';
comment on column subscription.payer is 'Who pays.';
comment on column subscription.token is 'Contract id of the token; null for STX.';
comment on column subscription.amount is 'Of each period, in base units.';
comment on column subscription.interval_blocks is 'Burn blocks that one payment pays for.';
comment on column subscription.refund_window is 'Burn blocks in which each payment can be refunded.';
comment on column subscription.started_at is 'Burn height of the first payment.';
comment on column subscription.canonical is 'Whether its block is on the chain that the node follows now.';
create unique index subscription_canonical_id_key on subscription (subscription_id) where canonical;
comment on index subscription_canonical_id_key is 'One subscription of an id on the canonical chain; look-up by id.';
create index subscription_merchant_idx on subscription (merchant, subscription_id desc) where canonical;
comment on index subscription_merchant_idx is 'Subscriptions of a merchant''s plans, newest first.';
create index subscription_payer_idx on subscription (payer, subscription_id desc) where canonical;
comment on index subscription_payer_idx is 'Subscriptions of a payer, newest first.';

create table subscription_change (
    index_block_hash bytea not null,
    txid bytea not null,
    ordinal integer not null,
    stacks_height bigint not null,
    tx_index integer not null,
    subscription_id bigint not null,
    invoice_id bigint,
    payments bigint not null,
    next_due bigint not null,
    status smallint not null,
    burn_height bigint not null,
    disagreement text,
    canonical boolean not null,
    constraint subscription_change_pkey primary key (index_block_hash, txid, ordinal),
    constraint subscription_change_event_fkey foreign key (index_block_hash, txid, ordinal) references satellite_event (index_block_hash, txid, ordinal),
    constraint subscription_change_status_is_stored check (status in (0, 2))
);
comment on table subscription_change is 'What changed of subscriptions: every event about one that is, or once was, canonical.';
comment on column subscription_change.index_block_hash is 'Block of the event.';
comment on column subscription_change.txid is 'Transaction of the event.';
comment on column subscription_change.ordinal is 'Place of the event in its transaction.';
comment on column subscription_change.stacks_height is 'Stacks height of the block, for the order.';
comment on column subscription_change.tx_index is 'Place of the transaction in the block.';
comment on column subscription_change.subscription_id is 'Which subscription.';
comment on column subscription_change.invoice_id is 'Invoice of core that pays the period; null when it was cancelled.';
comment on column subscription_change.payments is 'Periods paid after the event.';
comment on column subscription_change.next_due is 'First burn height that is not paid for after the event.';
comment on column subscription_change.status is 'Stored status after the event: 0 active, 2 cancelled (1 lapsed is derived).';
comment on column subscription_change.burn_height is 'Burn height printed by the event.';
comment on column subscription_change.disagreement is 'What does not agree among this event, core''s invoice in its transaction and what went before; null when proven.';
comment on column subscription_change.canonical is 'Whether its block is on the chain that the node follows now.';
create index subscription_change_subscription_idx
    on subscription_change (subscription_id, stacks_height desc, tx_index desc, ordinal desc) where canonical;
comment on index subscription_change_subscription_idx is 'State of a subscription = its last canonical event.';
create index subscription_change_payments_idx
    on subscription_change (subscription_id, payments desc) where canonical and invoice_id is not null;
comment on index subscription_change_payments_idx is 'Payments of a subscription, newest first, page by page.';
create unique index subscription_change_invoice_key on subscription_change (invoice_id) where canonical;
comment on index subscription_change_invoice_key is 'The subscription of an invoice; an invoice pays for one period.';
create index subscription_change_unproven_idx on subscription_change (stacks_height) where canonical and disagreement is not null;
comment on index subscription_change_unproven_idx is 'Health counts unproven events: none, normally.';

create table reserve_movement (
    index_block_hash bytea not null,
    txid bytea not null,
    ordinal integer not null,
    stacks_height bigint not null,
    tx_index integer not null,
    kind text not null,
    merchant text not null,
    token text,
    amount base_units not null,
    balance base_units not null,
    delegate text,
    refund_id bigint,
    invoice_id bigint,
    payer text,
    burn_height bigint not null,
    disagreement text,
    canonical boolean not null,
    constraint reserve_movement_pkey primary key (index_block_hash, txid, ordinal),
    constraint reserve_movement_event_fkey foreign key (index_block_hash, txid, ordinal) references satellite_event (index_block_hash, txid, ordinal),
    constraint reserve_movement_kind_is_known check (kind in ('deposit', 'withdrawal', 'refund')),
    constraint reserve_movement_refund_is_whole check (
        (kind = 'refund') = (delegate is not null) and (kind = 'refund') = (refund_id is not null)
        and (kind = 'refund') = (invoice_id is not null) and (kind = 'refund') = (payer is not null)
    )
);
comment on table reserve_movement is 'What came into merchants'' reserves and left them: events that are, or once were, canonical.';
comment on column reserve_movement.index_block_hash is 'Block of the event.';
comment on column reserve_movement.txid is 'Transaction of the event.';
comment on column reserve_movement.ordinal is 'Place of the event in its transaction.';
comment on column reserve_movement.stacks_height is 'Stacks height of the block, for the order.';
comment on column reserve_movement.tx_index is 'Place of the transaction in the block.';
comment on column reserve_movement.kind is 'deposit, withdrawal or refund.';
comment on column reserve_movement.merchant is 'Whose reserve.';
comment on column reserve_movement.token is 'Contract id of the token; null for STX.';
comment on column reserve_movement.amount is 'How much moved, in base units.';
comment on column reserve_movement.balance is 'What the reserve holds after the event, in base units.';
comment on column reserve_movement.delegate is 'Who refunded; null for deposits and withdrawals.';
comment on column reserve_movement.refund_id is 'Refund of core in the same transaction; null for deposits and withdrawals.';
comment on column reserve_movement.invoice_id is 'Invoice refunded; null for deposits and withdrawals.';
comment on column reserve_movement.payer is 'Who got the refund; null for deposits and withdrawals.';
comment on column reserve_movement.burn_height is 'Burn height printed by the event.';
comment on column reserve_movement.disagreement is 'What does not agree among this event, its transfer or core''s refund, and what went before; null when proven.';
comment on column reserve_movement.canonical is 'Whether its block is on the chain that the node follows now.';
create index reserve_movement_merchant_idx
    on reserve_movement (merchant, coalesce(token, 'STX'), stacks_height desc, tx_index desc, ordinal desc) where canonical;
comment on index reserve_movement_merchant_idx is 'A merchant''s reserve = its last canonical movement in each token.';
create unique index reserve_movement_refund_key on reserve_movement (refund_id) where canonical;
comment on index reserve_movement_refund_key is 'Who issued a refund from a reserve; a refund is paid once.';
create index reserve_movement_unproven_idx on reserve_movement (stacks_height) where canonical and disagreement is not null;
comment on index reserve_movement_unproven_idx is 'Health counts unproven movements: none, normally.';

create table reserve_delegate_change (
    index_block_hash bytea not null,
    txid bytea not null,
    ordinal integer not null,
    stacks_height bigint not null,
    tx_index integer not null,
    merchant text not null,
    delegate text not null,
    token text,
    per_refund base_units,
    per_period base_units,
    period_blocks bigint,
    period_start bigint,
    spent base_units,
    expires_at bigint,
    burn_height bigint not null,
    canonical boolean not null,
    constraint reserve_delegate_change_pkey primary key (index_block_hash, txid, ordinal),
    constraint reserve_delegate_change_event_fkey foreign key (index_block_hash, txid, ordinal) references satellite_event (index_block_hash, txid, ordinal),
    constraint reserve_delegate_change_budget_is_whole check (
        num_nulls(per_refund, per_period, period_blocks, period_start, spent, expires_at) in (0, 6)
    )
);
comment on table reserve_delegate_change is 'What delegates may refund and did: every event about one that is, or once was, canonical.';
comment on column reserve_delegate_change.index_block_hash is 'Block of the event.';
comment on column reserve_delegate_change.txid is 'Transaction of the event.';
comment on column reserve_delegate_change.ordinal is 'Place of the event in its transaction.';
comment on column reserve_delegate_change.stacks_height is 'Stacks height of the block, for the order.';
comment on column reserve_delegate_change.tx_index is 'Place of the transaction in the block.';
comment on column reserve_delegate_change.merchant is 'Whose reserve.';
comment on column reserve_delegate_change.delegate is 'Who may refund.';
comment on column reserve_delegate_change.token is 'Contract id of the token; null for STX.';
comment on column reserve_delegate_change.per_refund is 'At most so much at once, in base units; this and the following are null when the delegation was revoked.';
comment on column reserve_delegate_change.per_period is 'At most so much in a period, in base units.';
comment on column reserve_delegate_change.period_blocks is 'Length of a period in burn blocks.';
comment on column reserve_delegate_change.period_start is 'Burn height at which the period began.';
comment on column reserve_delegate_change.spent is 'Refunded since then, in base units.';
comment on column reserve_delegate_change.expires_at is 'First burn height at which the delegate cannot refund.';
comment on column reserve_delegate_change.burn_height is 'Burn height printed by the event.';
comment on column reserve_delegate_change.canonical is 'Whether its block is on the chain that the node follows now.';
create index reserve_delegate_change_merchant_idx
    on reserve_delegate_change (merchant, delegate, coalesce(token, 'STX'), stacks_height desc, tx_index desc, ordinal desc)
    where canonical;
comment on index reserve_delegate_change_merchant_idx is 'Delegates of a merchant = the last canonical event of each.';

create table reserve (
    merchant text not null,
    token text,
    balance base_units not null,
    constraint reserve_key unique nulls not distinct (merchant, token)
);
comment on table reserve is 'What merchants hold in reserve now: rewritten for what a block or a fork touches.';
comment on column reserve.merchant is 'Whose.';
comment on column reserve.token is 'Contract id of the token; null for STX.';
comment on column reserve.balance is 'Balance after the last canonical movement, in base units.';

create table reserve_delegate (
    merchant text not null,
    delegate text not null,
    token text,
    per_refund base_units not null,
    per_period base_units not null,
    period_blocks bigint not null,
    period_start bigint not null,
    spent base_units not null,
    expires_at bigint not null,
    constraint reserve_delegate_key unique nulls not distinct (merchant, delegate, token)
);
comment on table reserve_delegate is 'Who may refund from merchants'' reserves now: rewritten for what a block or a fork touches.';
comment on column reserve_delegate.merchant is 'Whose reserve.';
comment on column reserve_delegate.delegate is 'Who may refund.';
comment on column reserve_delegate.token is 'Contract id of the token; null for STX.';
comment on column reserve_delegate.per_refund is 'At most so much at once, in base units.';
comment on column reserve_delegate.per_period is 'At most so much in a period, in base units.';
comment on column reserve_delegate.period_blocks is 'Length of a period in burn blocks.';
comment on column reserve_delegate.period_start is 'Burn height at which the period began; the next one begins with the first refund after it ended.';
comment on column reserve_delegate.spent is 'Refunded since then, in base units.';
comment on column reserve_delegate.expires_at is 'First burn height at which the delegate cannot refund.';

create index invoice_refundable_idx on invoice (merchant, token, (expires_at + refund_window))
    where canonical and amount_refunded < amount_paid;
comment on index invoice_refundable_idx is 'What a merchant may still have to refund: no payer''s deadline is later than expires_at + refund_window.';

alter view canonical_dump rename to core_dump;
comment on view core_dump is 'The part of canonical_dump that core says.';

create view satellite_dump as
    select 'satellite_event' as kind,
           format('%s/%s/%s', stacks_height, tx_index, ordinal) as key,
           jsonb_build_object(
               'index_block_hash', encode(index_block_hash, 'hex'), 'txid', encode(txid, 'hex'), 'contract', contract,
               'name', name, 'raw_value', encode(raw_value, 'hex'), 'transfer_found', transfer_found,
               'problem', problem) as content
      from satellite_event where canonical
    union all
    select 'operator_change', format('%s/%s/%s', stacks_height, tx_index, ordinal), to_jsonb(operator_change) - 'canonical'
      from operator_change where canonical
    union all
    select 'subscription_plan', format('%s/%s', plan_id, is_open), to_jsonb(subscription_plan) - 'canonical'
      from subscription_plan where canonical
    union all
    select 'subscription', subscription_id::text, to_jsonb(subscription) - 'canonical' from subscription where canonical
    union all
    select 'subscription_change', format('%s/%s/%s', stacks_height, tx_index, ordinal), to_jsonb(subscription_change) - 'canonical'
      from subscription_change where canonical
    union all
    select 'reserve_movement', format('%s/%s/%s', stacks_height, tx_index, ordinal), to_jsonb(reserve_movement) - 'canonical'
      from reserve_movement where canonical
    union all
    select 'reserve_delegate_change', format('%s/%s/%s', stacks_height, tx_index, ordinal),
           to_jsonb(reserve_delegate_change) - 'canonical'
      from reserve_delegate_change where canonical
    union all
    select 'reserve', format('%s/%s', merchant, coalesce(token, 'STX')), to_jsonb(reserve) from reserve
    union all
    select 'reserve_delegate', format('%s/%s/%s', merchant, delegate, coalesce(token, 'STX')), to_jsonb(reserve_delegate)
      from reserve_delegate;
comment on view satellite_dump is 'The part of canonical_dump that subscriptions, reserve and operators are.';
comment on column satellite_dump.kind is 'Table of the row.';
comment on column satellite_dump.key is 'Its key within the kind.';
comment on column satellite_dump.content is 'Its content.';

create view canonical_dump as
    select kind, key, content from core_dump
    union all
    select kind, key, content from satellite_dump;
comment on view canonical_dump is 'All that the canonical chain says and nothing else: equal chains give equal dumps, however they arrived.';
comment on column canonical_dump.kind is 'Table, or total, of the row.';
comment on column canonical_dump.key is 'Its key within the kind.';
comment on column canonical_dump.content is 'Its content.';
