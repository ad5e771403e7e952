-- What time alone changes is kept as of the Bitcoin tip, so that no question has to read all that it may have changed:
-- which invoices expired, and what can still be refunded.

alter table invoice add column derived_status smallint;
update invoice
   set derived_status = case when status in (0, 1) and expires_at <= burn_height then 3 else status end
  from chain_tip;
alter table invoice
    alter column derived_status set not null,
    add constraint invoice_derived_status_is_derived check (derived_status = status or (derived_status = 3 and status in (0, 1)));
comment on column invoice.derived_status is 'Status at the burn height of chain_tip, while canonical: that stored, or 3 expired.';

-- The last of them kept every refund from updating its invoice in place.
drop index invoice_merchant_status_idx, invoice_payable_idx, invoice_refundable_idx;
create index invoice_merchant_status_idx on invoice (merchant, derived_status, invoice_id) where canonical;
comment on index invoice_merchant_status_idx is 'Invoices of a merchant in a derived status by id.';
create index invoice_expiry_idx on invoice (expires_at) where canonical and status in (0, 1);
comment on index invoice_expiry_idx is 'Invoices that expire when the Bitcoin tip passes a height.';

alter table payer_ledger add column deadline bigint;
update payer_ledger
   set deadline = least(first_paid_at::numeric + refund_window, 9223372036854775807)::bigint
  from invoice
 where invoice.invoice_id = payer_ledger.invoice_id and invoice.canonical;
comment on column payer_ledger.deadline is 'First burn height at which nothing can be refunded: first_paid_at + the invoice''s refund window; null when the invoice is not known.';
create index payer_ledger_deadline_idx on payer_ledger (deadline);
comment on index payer_ledger_deadline_idx is 'Ledgers whose refund window closes when the Bitcoin tip passes a height.';

create table refundable_total (
    merchant text not null,
    token text not null,
    amount numeric not null,
    constraint refundable_total_pkey primary key (merchant, token)
);
comment on table refundable_total is 'What the payers of a merchant''s canonical invoices can still get back, at the burn height of chain_tip. Moved by what payments, refunds, forks and the tip change.';
comment on column refundable_total.merchant is 'Who may refund.';
comment on column refundable_total.token is 'Contract id of the token, or STX.';
comment on column refundable_total.amount is 'Sum of paid - refunded of the ledgers whose deadline is above the burn height, in base units. Not bounded: anybody can make tokens.';
insert into refundable_total (merchant, token, amount)
select merchant, coalesce(token, 'STX'), sum(paid::numeric - refunded::numeric)
  from payer_ledger
  join invoice on invoice.invoice_id = payer_ledger.invoice_id and invoice.canonical
 cross join chain_tip
 where refunded < paid and deadline > coalesce(chain_tip.burn_height, 0)
 group by merchant, coalesce(token, 'STX');

create or replace view canonical_dump as
    select kind, key, content from core_dump
    union all
    select kind, key, content from satellite_dump
    union all
    select 'refundable_total', format('%s/%s', merchant, token), jsonb_build_object('amount', amount)
      from refundable_total where amount <> 0;

-- As before, but for the two indexes by height: while an import runs, the tip passes heights after every block.
create or replace function defer_indexes() returns bigint language plpgsql as $$
declare
    filled constant text[] :=
        array['contract_event', 'invoice', 'payer_ledger', 'payment', 'refund', 'refund_status_change'];
    kept constant text[] := array['invoice_expiry_idx', 'payer_ledger_deadline_idx'];
    item record;
    deferred bigint := 0;
begin
    for item in
        select entry.relname as table_name, pg_class.relname as name, true as is_index,
               pg_get_indexdef(indexrelid) as statement, obj_description(indexrelid, 'pg_class') as reason
          from pg_index
          join pg_class on pg_class.oid = indexrelid
          join pg_class as entry on entry.oid = indrelid
         where entry.relnamespace = current_schema()::regnamespace and entry.relname = any(filled) and not indisunique
           and not pg_class.relname = any(kept)
        union all
        select entry.relname, conname, false,
               format('alter table %I add constraint %I %s', entry.relname, conname, pg_get_constraintdef(pg_constraint.oid)),
               null
          from pg_constraint
          join pg_class as entry on entry.oid = conrelid
         where entry.relnamespace = current_schema()::regnamespace and entry.relname = any(filled) and contype = 'f'
         order by is_index desc, table_name, name
    loop
        insert into deferred_index (name, statement, reason) values (item.name, item.statement, item.reason);
        if item.is_index then
            execute format('drop index %I', item.name);
        else
            execute format('alter table %I drop constraint %I', item.table_name, item.name);
        end if;
        deferred := deferred + 1;
    end loop;
    return deferred;
end $$;
comment on function defer_indexes is 'Drops the foreign keys of the tables that grow with payments and refunds, and their indexes but for unique ones and those that every block needs; remembers them in deferred_index and answers how many.';
