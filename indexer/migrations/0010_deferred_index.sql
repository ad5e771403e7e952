-- What an import into empty tables leaves out while it fills them: to build an index at once costs a fraction of keeping
-- it up row by row. What is left out is written down in the same transaction, so that whoever writes next builds it.

create table deferred_index (
    place bigint generated always as identity,
    name text not null,
    statement text not null,
    reason text,
    constraint deferred_index_pkey primary key (place),
    constraint deferred_index_name_key unique (name)
);
comment on table deferred_index is 'Indexes and foreign keys that an import left out and that are still to be built. Empty, but for such an import.';
comment on column deferred_index.place is 'Order in which they are built.';
comment on column deferred_index.name is 'Name of the index or foreign key.';
comment on column deferred_index.statement is 'The statement that builds it.';
comment on column deferred_index.reason is 'Comment on the index.';

create function defer_indexes() returns bigint language plpgsql as $$
declare
    filled constant text[] :=
        array['contract_event', 'invoice', 'payer_ledger', 'payment', 'refund', 'refund_status_change'];
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
comment on function defer_indexes is 'Drops the foreign keys of the tables that grow with payments and refunds, and their indexes but for unique ones; remembers them in deferred_index and answers how many.';

-- `wanted`: none for the one whose turn it is.
create function build_deferred_index(wanted text default null) returns text language plpgsql as $$
declare
    item deferred_index;
begin
    select * into item from deferred_index where wanted is null or name = wanted order by place limit 1 for update;
    if not found then
        return null;
    end if;
    execute item.statement;
    if item.reason is not null then
        execute format('comment on index %I is %L', item.name, item.reason);
    end if;
    delete from deferred_index where place = item.place;
    return item.name;
end $$;
comment on function build_deferred_index is 'Builds an index or foreign key that was left out and answers its name; null when there is none.';
