-- A history of refunds made up of arithmetic alone: the same rows on every machine for the same `bench.refunds`.
--
-- Few merchants have most of it and a long tail has little; payers differ less. An invoice has two payers, each with four
-- refunds, but one that a crowd paid, and each fifth that nobody did. Each step is a transaction of its own.

-- step: sizes
create schema made;
create function made.draw(seed bigint, salt bigint) returns double precision language sql immutable parallel safe
    return (hashint8extended(seed, salt) & 9007199254740991)::double precision / 9007199254740992.0::double precision;
comment on function made.draw is 'A number from 0 to 1, without 1, as random as its hash.';
create function made.digest(kind text, number bigint) returns bytea language sql immutable parallel safe
    return sha256((kind || number::text)::bytea);
create table made.size as
select refunds, greatest(refunds / 20, 1000) as blocks, greatest(refunds / 1000, 20) as merchants,
       greatest(refunds / 4, 200) as payers, least(20000, refunds / 10) as crowd,
       (refunds - least(20000, refunds / 10)) * 5 / 32 + 10 as invoices,
       800000 as first_burn, 100 as first_height, timestamptz '2023-06-01' as first_time
  from (select current_setting('bench.refunds')::bigint as refunds) as wanted;
create function made.burn(block bigint) returns bigint language sql immutable parallel safe
    return 800000 + block * 3 / 10;
create table made.token (no integer, id text);
insert into made.token values
    (0, null), (1, 'SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token'),
    (2, 'SP3Y2ZSH8P7D50B0VBTSX11S7XSG24M1VB9YFQA4K.token-aeusdc'),
    (3, 'SP102V8P0F7JX67ARQ77WEA3D3CFB5XW39REDT0AM.token-alex'),
    (4, 'SP1AY6K3PQV5MRT6R4S671NWW2FRVPKM0BR162CT6.leo-token');
create table made.merchant (no bigint, name text);
create table made.payer (no bigint, name text);

-- step: bare tables
-- Rows go into tables without indexes, foreign keys and log: they are a history, not a test of these.
create table made.index (definition text);
create table made.key (place text, name text, definition text);
do $$
declare
    found record;
    mine constant text[] := array['burn_block', 'block', 'contract_event', 'invoice', 'payer_ledger', 'payment', 'refund',
        'running_total', 'subscription', 'subscription_change', 'reserve', 'reserve_delegate', 'reserve_movement',
        'operator_change'];
begin
    for found in select conrelid::regclass as place, conname from pg_constraint
                  where contype = 'f' and connamespace = 'public'::regnamespace loop
        execute format('alter table %s drop constraint %I', found.place, found.conname);
    end loop;
    for found in select conrelid::regclass as place, conname, pg_get_constraintdef(oid) as definition from pg_constraint
                  where contype in ('p', 'u') and conrelid = any (mine::regclass[]) loop
        insert into made.key values (found.place, found.conname, found.definition);
        execute format('alter table %s drop constraint %I', found.place, found.conname);
    end loop;
    for found in select indexrelid::regclass as name, pg_get_indexdef(indexrelid) as definition from pg_index
                  where indrelid = any (mine::regclass[]) loop
        insert into made.index values (found.definition);
        execute format('drop index %s', found.name);
    end loop;
    for found in select unnest(mine) as name loop
        execute format('alter table %I set unlogged', found.name);
        execute format('alter table %I set (autovacuum_enabled = off)', found.name);
    end loop;
end $$;

-- step: principals
-- Filled by the program: addresses have a checksum.

-- step: blocks
insert into burn_block (burn_block_hash, burn_height, parent_burn_block_hash, consensus_hash, inbox_id)
select made.digest('burn', height), height, made.digest('burn', height - 1),
       substring(made.digest('consensus', height) for 20), height
  from made.size, generate_series(first_burn, made.burn(blocks)) as height;
insert into block (
    index_block_hash, block_hash, parent_index_block_hash, stacks_height, election_burn_block_hash, election_burn_height,
    consensus_hash, is_nakamoto, burn_view_consensus_hash, burn_view_hash, burn_view_height, block_time, attached,
    canonical, inbox_id)
select made.digest(kind, no), made.digest(kind || ' header', no), made.digest('block', no - 1), first_height + no,
       made.digest('burn', made.burn(no)), made.burn(no), substring(made.digest('consensus', made.burn(no)) for 20), true,
       substring(made.digest('consensus', made.burn(no)) for 20), made.digest('burn', made.burn(no)), made.burn(no),
       first_time + no * interval '190 seconds', true, kind = 'block', no
  from made.size, generate_series(0, blocks) as no, (values ('block', 1), ('orphan', 500)) as kinds (kind, each)
 where no % each = 0;
update chain_tip
   set index_block_hash = made.digest('block', blocks), stacks_height = first_height + blocks,
       burn_block_hash = made.digest('burn', made.burn(blocks)), burn_height = made.burn(blocks),
       final_burn_height = made.burn(blocks) - 6, inbox_id = 1
  from made.size;

-- step: what is paid
create unlogged table made.invoice as
select no, case no when 1 then 0 else floor(power(made.draw(no, 1), 6) * merchants)::bigint end as merchant,
       case when made.draw(no, 2) < 0.6 then 0 when made.draw(no, 2) < 0.85 then 1 when made.draw(no, 2) < 0.95 then 2
            when made.draw(no, 2) < 0.999 then 3 else 4 end as token,
       1 + floor((no - 1) * blocks * 0.965 / invoices)::bigint as block,
       1000 * floor(exp(made.draw(no, 3) * 12))::bigint as amount,
       case when no = 1 then crowd when no % 5 = 0 then 0 else 2 end as parts
  from made.size, generate_series(1, invoices) as no;
create unlogged table made.part as
select part, invoice.no as invoice, merchant, token, amount,
       case invoice.no when 1 then slot
            else (floor(power(made.draw(invoice.no, 4), 2) * payers)::bigint + slot * 7919) % payers end as payer,
       invoice.block + 1 + floor(made.draw(part, 5) * 20)::bigint as block,
       case invoice.no when 1 then 1 else 4 end as refunds,
       case when made.draw(part, 6) < 0.1 then 0.25 else 0.05 + 0.19 * made.draw(part, 7) end as fraction
  from made.size, made.invoice, generate_series(0, parts - 1) as slot,
       lateral (values (case invoice.no when 1 then -slot else invoice.no * 2 + slot end)) as numbered (part);

-- step: what is refunded
create unlogged table made.refund as
select *, row_number() over (order by block, merchant, part, nth) as refund_id,
       dense_rank() over (partition by block order by merchant) as tx_index,
       2 * row_number() over (partition by block, merchant order by part, nth) - 1 as ordinal
  from (select part, invoice, merchant, token, payer, amount as paid, part.block as paid_block,
               least(blocks, part.block + 1 + floor(power(made.draw(part, 8), 2) * blocks * 0.02)::bigint
                   + case when nth > 2 then floor(power(made.draw(part, 9), 3) * blocks * 0.02)::bigint else 0 end) as block,
               floor(amount * nth * fraction)::bigint as refunded,
               floor(amount * nth * fraction)::bigint - floor(amount * (nth - 1) * fraction)::bigint as amount, nth
          from made.size, made.part, generate_series(1, part.refunds) as nth
         limit (select refunds from made.size)) as drawn;

-- step: refunds
insert into refund (
    index_block_hash, txid, ordinal, stacks_height, tx_index, refund_id, invoice_id, merchant, issuer, payer, token,
    amount, reason, reference, payer_paid, payer_refunded, deadline, burn_height, status)
select made.digest(fork, block), txid, ordinal, first_height + block, tx_index, refund_id, invoice, merchant.name,
       case when made.draw(refund_id, 10) < 0.03 then issuer.name else merchant.name end, payer.name, token.id, amount,
       case when made.draw(refund_id, 11) < 0.4
            then format('%s item, %s %s', (array['damaged', 'late', 'wrong', 'missing', 'returned', 'cold', 'broken', 'extra'])
                [1 + floor(power(made.draw(refund_id, 12), 2) * 8)::integer],
                (array['case', 'ticket', 'box'])[1 + floor(made.draw(refund_id, 13) * 3)::integer],
                floor(made.draw(refund_id, 14) * 5000)) end,
       case when made.draw(refund_id, 15) < 0.7 then 'R-' || refund_id end, paid, refunded,
       made.burn(paid_block) + 4320, made.burn(block),
       case when fork = 'orphan' then 'orphaned' when made.burn(block) > made.burn(blocks) - 6 then 'seen' else 'final' end
  from (select made.refund.*, 'block' as fork, made.digest('refund', block * 1000 + tx_index) as txid from made.refund
        union all
        select part, invoice, merchant, token, payer, paid, paid_block, block / 500 * 500, refunded, amount, nth, refund_id,
               tx_index, ordinal, 'orphan', made.digest('refund', block * 1000 + tx_index)
          from made.refund where refund_id % 1000 = 0) as placed
 cross join made.size
  join made.merchant on merchant.no = placed.merchant
  join made.merchant as issuer on issuer.no = (placed.merchant + 1) % merchants
  join made.payer on payer.no = placed.payer
  join made.token on token.no = placed.token;

-- step: invoices, payments, ledgers
create unlogged table made.refunded as
select part, invoice, max(refunded) as refunded from made.refund group by part, invoice;
with drawn as (
    select made.digest('block', invoice.block), made.digest('invoice', invoice.no), 1, first_height + invoice.block,
           invoice.no, merchant.name, merchant.name, token.id,
           amount * greatest(parts, 1) + case when parts > 0 and made.draw(invoice.no, 20) < 0.05 then 1000 else 0 end,
           1000, 'order-' || invoice.no, 'two coffees', made.burn(invoice.block), amount * parts, coalesce(given.back, 0),
           case when parts = 0 then case when made.draw(invoice.no, 21) < 0.1 then 4 else 0 end
                when coalesce(given.back, 0) = amount * parts then 5
                when made.draw(invoice.no, 20) < 0.05 then 1 else 2 end as status,
           4320, made.burn(given.first_block),
           made.burn(invoice.block) + 144 + floor(made.draw(invoice.no, 22) * 50000)::bigint as expires_at
      from made.size, made.invoice
      join made.merchant on merchant.no = invoice.merchant
      join made.token on token.no = invoice.token
      left join (select part.invoice, sum(refunded) as back, min(block) as first_block
                   from made.part left join made.refunded using (part) group by part.invoice) as given
        on given.invoice = invoice.no)
insert into invoice (
    index_block_hash, txid, ordinal, stacks_height, invoice_id, merchant, issuer, token, amount, min_payment, reference,
    memo, created_burn_height, amount_paid, amount_refunded, status, refund_window, first_payment_at, expires_at,
    derived_status, canonical)
select drawn.*, case when status in (0, 1) and expires_at <= made.burn(blocks) then 3 else status end, true
  from drawn, made.size;
insert into payment (
    index_block_hash, txid, ordinal, stacks_height, tx_index, invoice_id, merchant, payer, token, amount, payer_paid,
    payer_refunded, deadline, burn_height, canonical)
select made.digest('block', block), made.digest('payment', part), 1, first_height + block,
       1000 + row_number() over (partition by block order by part), invoice, merchant.name, payer.name, token.id, amount,
       amount, 0, made.burn(block) + 4320, made.burn(block), true
  from made.size, made.part
  join made.merchant on merchant.no = part.merchant
  join made.payer on payer.no = part.payer
  join made.token on token.no = part.token;
insert into payer_ledger (invoice_id, payer, paid, refunded, first_paid_at, deadline)
select part.invoice, payer.name, amount, coalesce(refunded, 0), made.burn(block), made.burn(block) + 4320
  from made.part join made.payer on payer.no = part.payer left join made.refunded using (part);
insert into refundable_total (merchant, token, amount)
select merchant.name, coalesce(token.id, 'STX'), sum(amount - coalesce(refunded, 0))
  from made.size, made.part
  left join made.refunded using (part)
  join made.merchant on merchant.no = part.merchant
  join made.token on token.no = part.token
 where made.burn(block) + 4320 > made.burn(blocks)
 group by merchant.name, token.id;

-- step: running totals
create unlogged table made.moved as
select merchant, payer, token, block, amount as paid, 0::bigint as refunded, 1 as payments, 0 as refunds from made.part
union all
select merchant, payer, token, block, 0, sum(amount)::bigint, 0, count(*)::integer
  from made.refund group by merchant, payer, token, block;
insert into running_total (
    scope, subject, token, burn_height, stacks_height, index_block_hash, paid, refunded, payments, refunds)
select scope, coalesce(merchant.name, payer.name, ''), coalesce(token.id, 'STX'), made.burn(block), first_height + block,
       made.digest('block', block), so_far.paid, so_far.refunded, so_far.payments, so_far.refunds
  from (select scope, subject, token, block, sum(sum(paid)) over running as paid, sum(sum(refunded)) over running as refunded,
               sum(sum(payments)) over running as payments, sum(sum(refunds)) over running as refunds
          from made.moved cross join lateral (values ('all', -1), ('merchant', merchant), ('payer', payer))
                   as concerned (scope, subject)
         group by scope, subject, token, block
        window running as (partition by scope, subject, token order by block)) as so_far
 cross join made.size
  left join made.merchant on scope = 'merchant' and merchant.no = subject
  left join made.payer on scope = 'payer' and payer.no = subject
  join made.token on token.no = so_far.token;

-- step: checkpoints
-- Roots of nothing: what is asked for is how they are found.
insert into checkpoint (burn_height, root, refunds, frontier)
select height, made.digest('root', height), sum(count(*)) over (order by height), made.digest('root', height)
  from (select (burn_height / 144 + 1) * 144 as height from refund where status <> 'orphaned') as placed
 group by height;
insert into checkpoint_total (token, burn_height, root, refunds, refunded)
select token, height, made.digest('root', height), max(so_far), max(refunded)
  from (select (burn_height / 144 + 1) * 144 as height, token, refunds as so_far, refunded
          from running_total where scope = 'all' and refunds > 0) as reached
  join checkpoint on checkpoint.burn_height = height
 group by token, height;

-- step: subscriptions, reserves, operators
insert into subscription (
    index_block_hash, txid, ordinal, stacks_height, subscription_id, plan_id, merchant, payer, token, amount,
    interval_blocks, refund_window, started_at, canonical)
select made.digest('block', invoice.block), made.digest('subscription', id), 1, first_height + invoice.block, id, 1 + id / 20,
       merchant.name, payer.name, null, 1000, 4320, 4320, made.burn(invoice.block), true
  from made.size, generate_series(1, refunds / 500) as subscribed (id)
  join made.invoice on invoice.no = id * 25 + 2
  join made.merchant on merchant.no = invoice.merchant
  join made.payer on payer.no = id % (select payers from made.size);
insert into subscription_change (
    index_block_hash, txid, ordinal, stacks_height, tx_index, subscription_id, invoice_id, payments, next_due, status,
    burn_height, canonical)
select made.digest('block', invoice.block), made.digest('change', invoice.no), 3, first_height + invoice.block, 0,
       subscription_id, invoice.no, nth, made.burn(invoice.block) + 4320, 0, made.burn(invoice.block), true
  from made.size, subscription, generate_series(1, 5) as nth
  join made.invoice on true
 where invoice.no = subscription_id * 25 + nth * 5 - 3;
insert into reserve (merchant, token, balance)
select name, id, 1000000 from made.merchant, made.token where token.no < 2 and merchant.no % 10 = 0;
insert into reserve_delegate (merchant, delegate, token, per_refund, per_period, period_blocks, period_start, spent, expires_at)
select merchant.name, payer.name, null, 1000, 10000, 144, made.burn(blocks), 0, made.burn(blocks) + 1000
  from made.size, made.merchant join made.payer on payer.no between merchant.no and merchant.no + 2
 where merchant.no % 10 = 0;
insert into reserve_movement (
    index_block_hash, txid, ordinal, stacks_height, tx_index, kind, merchant, token, amount, balance, delegate, refund_id,
    invoice_id, payer, burn_height, canonical)
select index_block_hash, txid, ordinal + 1, stacks_height, tx_index, 'refund', merchant, token, amount, 1000000, payer,
       refund_id, invoice_id, payer, burn_height, true
  from refund where status <> 'orphaned' and issuer <> merchant and refund_id % 3 = 0;
insert into operator_change (
    index_block_hash, txid, ordinal, stacks_height, tx_index, merchant, operator, may_refund, may_invoice, burn_height,
    canonical)
select made.digest('block', 1 + merchant.no % blocks), made.digest('operator', merchant.no * 3 + nth), nth,
       first_height + 1 + merchant.no % blocks, 2000, merchant.name, payer.name, nth <> 2, nth = 2,
       made.burn(1 + merchant.no % blocks), true
  from made.size, made.merchant, generate_series(0, 2) as nth
  join made.payer on true
 where payer.no = (merchant.no * 3 + nth) % (select payers from made.size);

-- step: events
-- Filled by the program: what the contract printed about each tenth invoice. All of it would be a third of the database,
-- for the timeline alone.

-- step: less
drop table made.part, made.refund, made.refunded, made.moved, made.invoice;

-- step: indexes
do $$
declare
    found record;
begin
    for found in select * from made.key loop
        execute format('alter table %s add constraint %I %s', found.place, found.name, found.definition);
    end loop;
    for found in select * from made.index loop
        execute found.definition;
    end loop;
end $$;
