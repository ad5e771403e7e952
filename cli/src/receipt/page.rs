//! A receipt as one file of HTML that needs nothing from elsewhere and runs nothing.

use std::fmt::Write as _;

use super::document::Receipt;

/// Nothing is loaded, nothing runs; the style stands in the file.
const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Refund receipt</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { color: #555; }
dd { margin: 0; overflow-wrap: anywhere; unicode-bidi: isolate; }
.evidence dd { font-family: ui-monospace, monospace; font-size: .85rem; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee; } dt { color: #aaa; } a { color: #8cf; } }
</style>
</head>
<body>
<h1>Refund receipt</h1>
"#;

/// The whole file. Whatever comes from the chain is escaped, and its controls and bidirectional tricks are spelled out.
#[must_use]
pub fn to_html(receipt: &Receipt) -> String {
    let mut page = HEAD.to_owned();
    let list = |rows: Vec<(String, String)>, class: &str| {
        let mut list = format!("<dl class=\"{class}\">\n");
        for (label, value) in rows {
            let label = escaped(&label);
            let value = match &receipt.explorer {
                // Made here of a chain and a txid: no stranger's word is in it.
                Some(link) if *link == value => format!("<a href=\"{0}\">{0}</a>", escaped(link)),
                _ => escaped(&value),
            };
            let _ = writeln!(list, "<dt>{label}</dt><dd>{value}</dd>");
        }
        list.push_str("</dl>\n");
        list
    };
    page.push_str(&list(receipt.facts().into_rows(), "facts"));
    page.push_str("<h2>To check it without believing anybody</h2>\n");
    page.push_str(&list(receipt.evidence().into_rows(), "evidence"));
    page.push_str("</body>\n</html>\n");
    page
}

/// Text that is text in an element and in a quoted attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn markup_is_text() {
        assert_eq!(
            escaped("<a href=\"x\" o='y'>&amp;"),
            "&lt;a href=&quot;x&quot; o=&#39;y&#39;&gt;&amp;amp;"
        );
    }
}
