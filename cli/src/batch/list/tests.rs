//! Lists well and badly written.

use proptest::prelude::*;

use super::*;
use crate::refund::Asked;
use crate::token::TokenInfo;

const PAYER: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";

fn problems(text: &str) -> Vec<(u64, Option<Column>, String)> {
    let list = List::read(text.as_bytes());
    list.problems
        .into_iter()
        .map(|problem| (problem.line, problem.column, problem.what))
        .collect()
}

fn numbers(text: &str) -> Vec<u64> {
    let list = List::read(text.as_bytes());
    assert_eq!(list.problems, []);
    list.lines.iter().map(|line| line.number).collect()
}

#[test]
fn csv_and_json_lines_say_the_same() {
    let csv = format!(
        "payer, invoice,reference,amount,reason\n{PAYER},7,r-1, 1.50 ,\"late, \"\"very\"\"\"\n{PAYER},8,r-2,full,\n"
    );
    let json = format!(
        "{{\"invoice\":7,\"payer\":\"{PAYER}\",\"amount\":1.50,\"reference\":\"r-1\",\"reason\":\"late, \\\"very\\\"\"}}\n\
         {{\"invoice\":\"8\",\"payer\":\"{PAYER}\",\"amount\":\"full\",\"reference\":\"r-2\",\"reason\":null}}"
    );
    let (csv, json) = (List::read(csv.as_bytes()), List::read(json.as_bytes()));
    assert_eq!(
        (csv.problems.len(), json.problems.len()),
        (0, 0),
        "{:?} {:?}",
        csv.problems,
        json.problems
    );
    let without_number = |list: &List| -> Vec<Line> {
        list.lines
            .iter()
            .map(|line| Line {
                number: 0,
                ..line.clone()
            })
            .collect()
    };
    assert_eq!(without_number(&csv), without_number(&json));
    assert_eq!(csv.lines[0].reason.as_ref().unwrap().as_str(), "late, \"very\"");
    assert_eq!(
        csv.lines[0].wish(&TokenInfo::Stx).unwrap().asked.to_string(),
        "1500000"
    );
    assert_eq!(csv.lines[1].wish(&TokenInfo::Stx).unwrap().asked, Asked::Full);
    assert_ne!(csv.sha256, json.sha256);
}

#[test]
fn lines_are_counted_as_an_editor_does() {
    let line = |reference: &str| format!("7,{PAYER},1,{reference},");
    let heading = "invoice,payer,amount,reference,reason";
    let (one, two) = (line("1"), line("2"));
    assert_eq!(numbers(&format!("{heading}\n{one}\n{two}\n")), [2, 3]);
    assert_eq!(numbers(&format!("{heading}\r\n{one}\r\n{two}\r\n")), [2, 3]);
    assert_eq!(numbers(&format!("\u{feff}{heading}\n\n{one}\n\n\n{two}")), [3, 6]);
    assert_eq!(
        numbers(&format!("{heading}\r\n\r\n{one}\"a\r\nb\"\r\n{two}\r\n")),
        [3, 5]
    );
    let object = |reference| {
        format!("{{\"invoice\":7,\"payer\":\"{PAYER}\",\"amount\":\"1\",\"reference\":{reference}}}")
    };
    assert_eq!(numbers(&format!("\n{}\r\n\n{}", object(1), object(2))), [2, 4]);
}

#[test]
fn one_report_has_every_problem_of_every_line() {
    let text = format!(
        "invoice,payer,amount,reference,reason\n0,ST1,1.,,{long}\n7,{PAYER},1,same,\n7,{PAYER}\n7,{PAYER},101%,x,\n\
         7,{PAYER},2,same,\n",
        long = "x".repeat(257)
    );
    use Column::{Amount, Invoice, Payer, Reason, Reference};
    let found = problems(&text);
    let places: Vec<_> = found.iter().map(|(line, column, _)| (*line, *column)).collect();
    assert_eq!(
        places,
        [
            (2, Some(Invoice)),
            (2, Some(Payer)),
            (2, Some(Amount)),
            (2, Some(Reference)),
            (2, Some(Reason)),
            (4, None),
            (5, Some(Amount)),
            (6, Some(Reference)),
        ]
    );
    assert!(found[7].2.contains("line 3"), "{found:?}");
    assert!(
        List::read(text.as_bytes())
            .problems
            .iter()
            .all(|problem| !problem.hint.is_empty())
    );
}

#[test]
fn a_heading_that_is_not_understood_is_refused_as_a_whole() {
    assert_eq!(
        problems("invoice,payer,amount,ref\n1,2,3,4\n").len(),
        2,
        "unknown one, missing one"
    );
    assert_eq!(problems("invoice,payer,amount,reference,amount\n").len(), 1);
    assert_eq!(problems("").len(), 4, "no column is there");
    assert_eq!(
        problems("invoice,payer,amount,reference\n")[0].2,
        "the list is empty"
    );
}

#[test]
fn json_takes_known_fields_once_and_no_structures() {
    let object = |more: &str| format!("{{\"invoice\":7,\"payer\":\"{PAYER}\",\"reference\":\"r\",{more}}}");
    assert_eq!(problems(&object("\"amount\":\"1\"")), []);
    for more in [
        "\"amount\":[1]",
        "\"amount\":1,\"x\":1",
        "\"amount\":1,\"amount\":2",
        "\"amount\":1e2",
        "\"reason\":\"\"",
        "\"amount\":-1",
    ] {
        assert_eq!(problems(&object(more)).len(), 1, "{more}");
    }
    let text = problems("{not json}");
    assert!(!text[0].2.contains("at line"), "{text:?}");
}

#[test]
fn text_that_is_not_utf_8_is_a_problem_of_its_column() {
    let mut bytes = format!("invoice,payer,amount,reference,reason\n7,{PAYER},1,r,").into_bytes();
    bytes.extend([0xff, b'\n']);
    let list = List::read(&bytes);
    assert_eq!(
        (list.problems[0].line, list.problems[0].column),
        (2, Some(Column::Reason))
    );
}

proptest! {
    #[test]
    fn anything_at_all_is_read_without_panic_and_every_line_is_accounted_for(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let list = List::read(&bytes);
        prop_assert!(!list.lines.is_empty() || !list.problems.is_empty());
    }

    #[test]
    fn no_line_is_lost_and_their_order_is_kept(rows in proptest::collection::vec((1..9u64, 1..999u64, "[a-z \",\n]{0,9}"), 1..50)) {
        let mut text = "invoice,payer,amount,reference,reason\n".to_owned();
        for (index, (invoice, amount, reason)) in rows.iter().enumerate() {
            text += &format!("{invoice},{PAYER},{amount},r{index},\"{}\"\n", reason.replace('"', "\"\""));
        }
        let list = List::read(text.as_bytes());
        prop_assert_eq!(&list.problems, &Vec::new());
        let read: Vec<_> = list.lines.iter().map(|line| (line.invoice_id.0, line.amount.clone())).collect();
        let written: Vec<_> = rows.iter().map(|(invoice, amount, _)| (*invoice, amount.to_string())).collect();
        prop_assert_eq!(read, written);
        for (index, line) in list.lines.iter().enumerate() {
            prop_assert_eq!(line.reference.as_str(), format!("r{index}"));
            let written = text.lines().nth(usize::try_from(line.number).unwrap() - 1).unwrap();
            let reference = format!(",r{index},");
            prop_assert!(written.contains(&reference), "line {}: {written}", line.number);
        }
    }
}
