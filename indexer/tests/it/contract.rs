//! The OpenAPI document says what the API does: locked, compared with the parameters that are taken, and exercised.

use std::path::PathBuf;
use std::process::Command;

use recoup_indexer::api::{OPERATIONS, document};
use serde_json::json;

use crate::api::{followed, story};
use crate::synthetic::Transaction;

#[test]
fn the_document_is_locked() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&document()).unwrap());
}

#[test]
fn each_operation_takes_its_parameters_and_no_others() {
    let (chain, _) = story();
    let indexer = followed(&chain);
    let mut all: Vec<(&str, &str)> = OPERATIONS
        .iter()
        .flat_map(|operation| {
            operation
                .parameters
                .iter()
                .map(|parameter| (parameter.name, parameter.example()))
        })
        .collect();
    all.sort_unstable();
    all.dedup_by_key(|(name, _)| *name);
    for operation in OPERATIONS {
        let in_path = |name: &str| operation.path.contains(&format!("{{{name}}}"));
        let mut path = operation.path.to_owned();
        for parameter in operation
            .parameters
            .iter()
            .filter(|parameter| in_path(parameter.name))
        {
            path = path.replace(&format!("{{{}}}", parameter.name), parameter.example());
        }
        for (name, example) in &all {
            let bucket = if name.ends_with("burn_height") || *name == "size" {
                "&bucket=burn"
            } else {
                ""
            };
            let bucket = if operation.id == "get-stats" { bucket } else { "" };
            let (status, text) = indexer.get_text(&format!("{path}?{name}={example}{bucket}"));
            let is_unknown = text.contains("\"unknown-parameter\"");
            let is_documented = operation
                .parameters
                .iter()
                .any(|parameter| parameter.name == *name)
                && !in_path(name);
            assert_eq!(
                is_unknown, !is_documented,
                "{} {name}: {status} {text}",
                operation.id
            );
        }
        let (status, _) = indexer.get_text(&path);
        // The story has no subscription, and none of its heights is final.
        let expected = if ["get-subscription", "get-checkpoint"].contains(&operation.id) {
            404
        } else {
            200
        };
        assert_eq!(status, expected, "{path}");
    }
}

#[test]
fn the_page_of_the_documentation_needs_nothing_from_elsewhere() {
    let (chain, _) = story();
    let indexer = followed(&chain);
    for (path, kind) in [
        ("/docs", "text/html"),
        ("/docs/page.js", "text/javascript"),
        ("/docs/page.css", "text/css"),
    ] {
        let mut response = ureq::get(indexer.api_url(path)).call().unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-type").starts_with(kind), "{path}");
        let policy = header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe"),
            "{policy}"
        );
        let text = response.body_mut().read_to_string().unwrap();
        assert!(!text.contains("http://") && !text.contains("https://"), "{path}");
        assert!(
            !text.contains("innerHTML") && !text.contains("onclick") && !text.contains("style="),
            "{path}"
        );
    }
    assert_eq!(indexer.get_ok("/openapi.json"), document());
}

/// Requests made up from the document, right and wrong ones, against real data: orphans, tokens, hostile texts.
#[test]
fn schemathesis_finds_nothing() {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let program = root.join(".cache/schemathesis/bin/st");
    if !program.exists() {
        eprintln!(
            "skipped: {} is missing; scripts/schemathesis.sh installs it",
            program.display()
        );
        return;
    }
    let (mut chain, block) = story();
    let rival = chain.burn(&block.tenure);
    let mut shop = block.shop.clone();
    let refund = shop.refund(1, crate::synthetic::PAYER, 1, 102);
    chain.block(&block, &rival, vec![Transaction::new(77, vec![refund])], shop);
    let other = chain.burn(&block.tenure);
    chain.burn(&other);
    let indexer = followed(&chain);
    assert_eq!(
        indexer.get_ok("/refunds?status=orphaned")["items"][0]["amount"],
        json!("1")
    );
    let output = Command::new(program)
        .args([
            "run",
            &indexer.api_url("/openapi.json"),
            "--url",
            &indexer.api_url(""),
        ])
        .args([
            "--phases",
            "examples,coverage,fuzzing",
            "--max-examples",
            "12",
            "--seed",
            "1",
        ])
        // Which filters go together no schema can say: what is refused for that is right all the same.
        .args(["--exclude-checks", "positive_data_acceptance"])
        .args([
            "--generation-database",
            "none",
            "--request-timeout",
            "60",
            "--no-color",
            "--workers",
            "2",
        ])
        .current_dir(tempfile::tempdir().unwrap().path())
        .output()
        .unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{report}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let all = OPERATIONS.len();
    assert!(
        report.contains(&format!("{all} selected / {all} total")),
        "{report}"
    );
}
