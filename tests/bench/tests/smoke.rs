//! The benchmarks work: what they measure is followed and counted right. What they measure here says nothing.

use recoup_bench::{Scale, run};

#[test]
fn every_benchmark_measures_something() {
    let table = run(&Scale::SMOKE).unwrap();
    let shown = table.to_string();
    assert_eq!(table.lines.len(), 8, "{shown}");
    for line in &table.lines {
        assert!(line.ratio.is_none_or(|ratio| ratio > 0.0), "{shown}");
    }
}
