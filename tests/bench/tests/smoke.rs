//! The benchmarks work: what they measure is followed and counted right. What they measure here says nothing.

use recoup_bench::{CommandLineScale, QueryScale, Scale, run, run_command_line, run_queries};
use recoup_indexer::api::COMBINATIONS;

#[test]
fn every_benchmark_measures_something() {
    let table = run(&Scale::SMOKE).unwrap();
    let shown = table.to_string();
    assert_eq!(table.lines.len(), 9, "{shown}");
    for line in &table.lines {
        assert!(line.ratio.is_none_or(|ratio| ratio > 0.0), "{shown}");
    }
}

/// How PostgreSQL answers every documented question, over enough rows that it has a choice.
#[test]
fn every_documented_question_reads_indexes_and_few_rows() {
    let report = run_queries(&QueryScale::SMOKE).unwrap();
    assert_eq!(report.bad_plans, Vec::<String>::new());
    let asked: Vec<&str> = report.table.lines.iter().map(|line| line.what.as_str()).collect();
    for combination in COMBINATIONS {
        let filters = combination.filters.join(" + ");
        for order in combination.orders {
            let question = asked.iter().find(|asked| {
                asked.starts_with("refunds")
                    && asked.contains(&filters)
                    && asked.ends_with(&format!(", {order}"))
            });
            assert!(question.is_some(), "{filters} {order} is not among {asked:?}");
        }
    }
}

#[test]
fn every_benchmark_of_the_command_line_measures_something() {
    let table = run_command_line(&CommandLineScale::SMOKE).unwrap();
    let shown = table.to_string();
    assert_eq!(table.lines.len(), 12, "{shown}");
    assert!(
        table.lines.iter().all(|line| !line.measured.is_empty()),
        "{shown}"
    );
    // A count is the same on any machine: all but the last of these meet their goal.
    let requests: Vec<_> = table
        .lines
        .iter()
        .filter(|line| line.what.starts_with("requests before"))
        .map(|line| line.measured.as_str())
        .collect();
    assert_eq!(requests, ["4", "5", "5", "6", "6", "7"], "{shown}");
}
