//! The tree of a text as HTML.

use std::fmt::Write;

use super::still::escaped;
use crate::dashboard::markdown::Node;

/// The markup of a text. Links open beside the page: a board goes on.
pub fn markup(nodes: &[Node]) -> String {
    let mut out = String::new();
    write_all(&mut out, nodes);
    out
}

fn write_all(out: &mut String, nodes: &[Node]) {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(&escaped(text)),
            Node::Element { name, href, children } => {
                let _ = write!(out, "<{name}");
                if let Some(href) = href {
                    let href = escaped(href);
                    let _ = write!(out, r#" href="{href}" target="_blank" rel="noopener""#);
                }
                out.push('>');
                if !matches!(*name, "hr" | "br") {
                    write_all(out, children);
                    let _ = write!(out, "</{name}>");
                }
            }
        }
    }
}
