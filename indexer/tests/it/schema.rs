//! The rules that every table keeps.

use recoup_indexer::ingest::RootRule;

use crate::harness::TestIndexer;

#[test]
fn everything_is_commented_and_named() {
    let indexer = TestIndexer::start(RootRule::DeployOfCore);
    let uncommented_columns = indexer.lines(
        "select c.relname || '.' || a.attname
           from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
           join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
          where c.relkind in ('r', 'v') and c.relname <> '_sqlx_migrations'
            and col_description(c.oid, a.attnum) is null",
    );
    assert_eq!(uncommented_columns, Vec::<String>::new());
    // The indexes that stand for a constraint say their reason by it.
    let uncommented_indexes = indexer.lines(
        "select i.relname::text
           from pg_index x join pg_class i on i.oid = x.indexrelid
           join pg_namespace n on n.oid = i.relnamespace and n.nspname = 'public'
          where not exists (select from pg_constraint k where k.conindid = i.oid)
            and i.relname !~ '^_sqlx' and obj_description(i.oid) is null",
    );
    assert_eq!(uncommented_indexes, Vec::<String>::new());
}

#[test]
fn amounts_of_the_whole_range_fit_and_none_beyond() {
    let indexer = TestIndexer::start(RootRule::DeployOfCore);
    let largest = indexer.lines("select 340282366920938463463374607431768211455::numeric::base_units::text");
    assert_eq!(largest, [u128::MAX.to_string()]);
    let beyond = "do $$ begin perform 340282366920938463463374607431768211456::base_units; raise 'it fits';
        exception when check_violation then null; end $$";
    indexer.execute(beyond);
}
