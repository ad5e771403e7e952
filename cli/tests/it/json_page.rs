//! docs/JSON.md: what the command line prints with `--json`, compared with the page field by field. The end-to-end tests
//! compare what needs an indexer with it, too.

use std::fs;
use std::sync::OnceLock;

use chrono::DateTime;
use recoup_protocol::token::Token;
use recoup_stacks::address::{Address, ContractId, Principal};
use recoup_test_support::repository;
use serde_json::{Map, Value};

/// Longer texts are the program's own pages and scripts.
const LONG: usize = 400;

/// A field of an object; one in an object without a name of its own has the path of both.
struct Row {
    path: String,
    is_optional: bool,
    sort: String,
}

/// An object of the page: of commands, or shared.
struct Object {
    names: Vec<String>,
    rows: Vec<Row>,
}

struct Page {
    objects: Vec<Object>,
}

/// The commands that the page has an object for, as they are typed after the program's name.
pub(crate) fn commands() -> impl Iterator<Item = &'static str> {
    let names = page().objects.iter().flat_map(|object| &object.names);
    names.filter_map(|name| name.strip_prefix("recoup "))
}

/// Ends the test when a command printed anything else than the page says. Gives the document with everything replaced that
/// differs from run to run.
pub(crate) fn check(arguments: &[&str], document: &Value) -> Value {
    let mut objections = Vec::new();
    let object = match document.as_object() {
        Some(fields) if fields.len() == 1 && fields.contains_key("error") => page().shared("error"),
        // Known to the contract alone.
        Some(fields) if arguments.contains(&"status") && fields.contains_key("refund_id") => {
            page().of_command(&["refund", "show"])
        }
        _ => page().of_command(arguments),
    };
    let object = object.unwrap_or_else(|| panic!("docs/JSON.md says nothing of {arguments:?}: {document:#}"));
    let redacted = page().object(object, "", document, "", &mut objections);
    assert!(
        objections.is_empty(),
        "docs/JSON.md differs from {arguments:?}:\n{}\n{document:#}",
        objections.join("\n")
    );
    redacted
}

fn page() -> &'static Page {
    static PAGE: OnceLock<Page> = OnceLock::new();
    PAGE.get_or_init(|| Page::parse(&fs::read_to_string(repository().join("docs/JSON.md")).unwrap()))
}

impl Page {
    fn parse(text: &str) -> Self {
        let mut objects: Vec<Object> = Vec::new();
        for line in text.lines() {
            if let Some(heading) = line.strip_prefix("### ") {
                let names = heading.split('`').skip(1).step_by(2).map(str::to_owned);
                objects.push(Object {
                    names: names.collect(),
                    rows: Vec::new(),
                });
            } else if let (Some(row), Some(object)) = (line.strip_prefix("| `"), objects.last_mut()) {
                let mut cells = row.split(" | ");
                let (path, mark) = cells.next().unwrap().split_once('`').unwrap();
                object.rows.push(Row {
                    path: path.to_owned(),
                    is_optional: mark == " (optional)",
                    sort: cells.next().unwrap().to_owned(),
                });
            }
        }
        Self { objects }
    }

    fn shared(&self, name: &str) -> Option<&Object> {
        let is_meant = |object: &&Object| object.names.iter().any(|other| other == name);
        self.objects.iter().find(is_meant)
    }

    /// The object whose command has the most words in common with what was typed.
    fn of_command(&self, arguments: &[&str]) -> Option<&Object> {
        let typed = match arguments {
            // What it builds is what it prints.
            ["tx", "build", "--unsigned", _, rest @ ..] => rest,
            all => all,
        };
        let words_in_common = |name: &str| {
            let mut typed = typed.iter();
            let mut words = name.strip_prefix("recoup ")?.split(' ');
            let count = words.clone().count();
            words
                .all(|word| typed.any(|other| *other == word))
                .then_some(count)
        };
        let common = |object: &&Object| object.names.iter().filter_map(|name| words_in_common(name)).max();
        self.objects
            .iter()
            .filter(|object| common(object).is_some())
            .max_by_key(common)
    }

    fn object(
        &self,
        object: &Object,
        prefix: &str,
        value: &Value,
        place: &str,
        objections: &mut Vec<String>,
    ) -> Value {
        let Some(fields) = value.as_object() else {
            objections.push(format!("{place} is no object"));
            return Value::Null;
        };
        let rows: Vec<(&str, &Row)> = object
            .rows
            .iter()
            .filter_map(|row| Some((row.path.strip_prefix(prefix)?, row)))
            .filter(|(name, _)| !name.contains('.'))
            .collect();
        if rows.is_empty() {
            return Value::String("[elsewhere]".to_owned());
        }
        for (name, row) in &rows {
            if !row.is_optional && !fields.contains_key(*name) {
                objections.push(format!("{place}.{name} is missing"));
            }
        }
        let mut redacted = Map::new();
        for (name, value) in fields {
            let place = format!("{place}.{name}");
            let Some((_, row)) = rows.iter().find(|(other, _)| other == name) else {
                objections.push(format!("{place} is not on the page"));
                continue;
            };
            let shown = self.value(object, row, &row.sort, value, &place, objections);
            redacted.insert(name.clone(), shown);
        }
        Value::Object(redacted)
    }

    fn value(
        &self,
        object: &Object,
        row: &Row,
        sort: &str,
        value: &Value,
        place: &str,
        objections: &mut Vec<String>,
    ) -> Value {
        if let Some(sort) = sort.strip_suffix(" or null") {
            return match value {
                Value::Null => Value::Null,
                value => self.value(object, row, sort, value, place, objections),
            };
        }
        if let Some(sort) = sort.strip_prefix("list of ") {
            let Some(items) = value.as_array() else {
                objections.push(format!("{place} is no list"));
                return Value::Null;
            };
            let items = items.iter().enumerate().map(|(index, item)| {
                let place = format!("{place}[{index}]");
                self.value(object, row, sort, item, &place, objections)
            });
            return Value::Array(items.collect());
        }
        if let Some((name, _)) = sort.strip_prefix('[').and_then(|sort| sort.split_once(']')) {
            let shared = self.shared(name);
            let shared = shared.unwrap_or_else(|| panic!("docs/JSON.md has no object {name}"));
            return self.object(shared, "", value, place, objections);
        }
        if sort == "object" {
            return self.object(object, &format!("{}.", row.path), value, place, objections);
        }
        if sort.starts_with('`') {
            let mut words = sort.split('`').skip(1).step_by(2);
            if words.all(|word| value != word) {
                objections.push(format!("{place} is none of {sort}"));
            }
            return value.clone();
        }
        if !is_of_sort(sort, value) {
            objections.push(format!("{place} is no {sort}"));
        }
        redacted(sort, value)
    }
}

fn is_of_sort(sort: &str, value: &Value) -> bool {
    let text = value.as_str();
    let is_hexadecimal =
        |text: &str| text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match sort {
        "text" | "path" => text.is_some(),
        "boolean" => value.is_boolean(),
        "count" | "id" | "entry" | "nonce" | "confirmations" | "burn height" | "height" => value.is_u64(),
        "amount" | "micro-STX" => text.is_some_and(|text| text.parse::<u128>().is_ok()),
        "token" => text.is_some_and(|text| text.parse::<Token>().is_ok()),
        "address" => text.is_some_and(|text| text.parse::<Address>().is_ok()),
        "principal" => text.is_some_and(|text| text.parse::<Principal>().is_ok()),
        "contract" => text.is_some_and(|text| text.parse::<ContractId>().is_ok()),
        "txid" => text.is_some_and(|text| {
            let digits = text.strip_prefix("0x");
            digits.is_some_and(|digits| digits.len() == 64 && is_hexadecimal(digits))
        }),
        "hex" => text.is_some_and(|text| is_hexadecimal(text.strip_prefix("0x").unwrap_or(text))),
        "time" => text.is_some_and(|text| text.ends_with('Z') && DateTime::parse_from_rfc3339(text).is_ok()),
        "url" => text.is_some_and(|text| text.starts_with("http://") || text.starts_with("https://")),
        other => panic!("docs/JSON.md speaks of a type {other:?} that it does not explain"),
    }
}

fn redacted(sort: &str, value: &Value) -> Value {
    let shown = match (sort, value.as_str()) {
        ("boolean" | "count" | "amount" | "token" | "principal" | "contract", _) => return value.clone(),
        ("text", Some(text)) if text.len() < LONG => without_numbers(text),
        _ => format!("[{sort}]"),
    };
    Value::String(shown)
}

/// Ids and heights in a sentence.
fn without_numbers(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let digits = word.trim_matches(|letter: char| !letter.is_ascii_digit());
        let is_number = !digits.is_empty()
            && digits
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b".-:".contains(&byte));
        if is_number {
            word.replace(digits, "#")
        } else {
            word.to_owned()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}
