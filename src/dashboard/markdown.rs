//! Markdown of text panels as a small tree, which the server writes as HTML and the page's script
//! as elements. The tree can hold nothing but what stands in [`Node`]: what a text has of HTML is a
//! text, an image is its words, and an address that is none of the known kinds leads nowhere.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd};
use serde_json::{Value, json};

/// Elements are inside each other up to this depth; what is deeper belongs to the last of them.
const DEPTH_MAX: usize = 16;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Letters.
    Text(String),
    /// An element of HTML.
    Element {
        /// Its name, one of a dozen.
        name: &'static str,
        /// Where a link leads.
        href: Option<String>,
        /// What is inside.
        children: Vec<Node>,
    },
}

/// Reads Markdown: headings, paragraphs, lists, emphasis, code, links, tables, quotes and rules.
pub fn parse(text: &str) -> Vec<Node> {
    let mut tree = Tree { open: vec![(None, Vec::new())], head: false };
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(tag) => tree.begin(&tag),
            Event::End(tag) => tree.end(tag == TagEnd::TableHead),
            Event::Code(text) => tree.leaf("code", vec![Node::Text(text.into_string())]),
            Event::Rule => tree.leaf("hr", Vec::new()),
            Event::HardBreak => tree.leaf("br", Vec::new()),
            Event::SoftBreak => tree.text(" "),
            Event::Text(text)
            | Event::Html(text)
            | Event::InlineHtml(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text)
            | Event::FootnoteReference(text) => tree.text(&text),
            Event::TaskListMarker(_) => {}
        }
    }
    tree.finish()
}

/// The tree for the page's script: letters as a text, an element as its name, where it leads, and
/// what is inside.
pub fn document(nodes: &[Node]) -> Value {
    let one = |node: &Node| match node {
        Node::Text(text) => json!(text),
        Node::Element { name, href, children } => json!([name, href, document(children)]),
    };
    nodes.iter().map(one).collect()
}

/// Whether an address is one that a page may link: `http`, `https`, one of this service, and where
/// that is allowed a mail address.
pub fn leads_somewhere(url: &str, mail: bool) -> bool {
    // Browsers pass over such letters, and read a backslash as a slash.
    let odd = |letter: char| letter.is_control() || letter.is_whitespace() || letter == '\\';
    if url.is_empty() || url.chars().any(odd) {
        return false;
    }
    match url.split_once(':') {
        Some((scheme, rest)) if !scheme.contains(['/', '?', '#']) => {
            let scheme = scheme.to_ascii_lowercase();
            let web = matches!(scheme.as_str(), "http" | "https") && rest.starts_with("//");
            web || (mail && scheme == "mailto")
        }
        _ => !url.starts_with("//"),
    }
}

/// An element's name, and where it leads.
type Named = (&'static str, Option<String>);

/// What is open while a text is read: an element's name and where it leads, and what it holds so
/// far. One without a name gives what it holds to the one around it.
struct Tree {
    open: Vec<(Option<Named>, Vec<Node>)>,
    /// Whether the head of a table is open.
    head: bool,
}

impl Tree {
    fn begin(&mut self, tag: &Tag<'_>) {
        let named = self.open.iter().filter(|(name, _)| name.is_some()).count();
        self.head |= *tag == Tag::TableHead;
        let element = element(tag, self.head).filter(|_| named < DEPTH_MAX);
        self.open.push((element, Vec::new()));
        if let Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) = tag {
            self.open.push((Some(("code", None)), Vec::new()));
        }
    }

    fn end(&mut self, head: bool) {
        self.head &= !head;
        // The root stays open.
        if self.open.len() < 2 {
            return;
        }
        let Some((element, children)) = self.open.pop() else { return };
        match element {
            Some(("code", None)) => {
                self.leaf("code", children);
                self.end(false);
            }
            Some((name, href)) => self.add([Node::Element { name, href, children }]),
            None => self.add(children),
        }
    }

    fn leaf(&mut self, name: &'static str, children: Vec<Node>) {
        self.add([Node::Element { name, href: None, children }]);
    }

    fn text(&mut self, more: &str) {
        let Some((_, children)) = self.open.last_mut() else { return };
        match children.last_mut() {
            Some(Node::Text(text)) => text.push_str(more),
            _ => children.push(Node::Text(more.to_owned())),
        }
    }

    fn add(&mut self, nodes: impl IntoIterator<Item = Node>) {
        for node in nodes {
            match node {
                Node::Text(text) => self.text(&text),
                element @ Node::Element { .. } => {
                    if let Some((_, children)) = self.open.last_mut() {
                        children.push(element);
                    }
                }
            }
        }
    }

    fn finish(mut self) -> Vec<Node> {
        while self.open.len() > 1 {
            self.end(false);
        }
        self.open.pop().map(|(_, nodes)| nodes).unwrap_or_default()
    }
}

/// The element of a tag, and where it leads; none for what only groups. `head` is whether it stands
/// in the head of a table.
fn element(tag: &Tag<'_>, head: bool) -> Option<Named> {
    let name = match tag {
        Tag::Paragraph | Tag::HtmlBlock => "p",
        // The panel's title is the heading above.
        Tag::Heading { level, .. } => match level {
            HeadingLevel::H1 => "h3",
            HeadingLevel::H2 => "h4",
            HeadingLevel::H3 => "h5",
            HeadingLevel::H4 | HeadingLevel::H5 | HeadingLevel::H6 => "h6",
        },
        Tag::BlockQuote(_) => "blockquote",
        Tag::CodeBlock(_) => "pre",
        Tag::List(None) => "ul",
        Tag::List(Some(_)) => "ol",
        Tag::Item => "li",
        Tag::Table(_) => "table",
        Tag::TableHead | Tag::TableRow => "tr",
        Tag::TableCell => {
            if head {
                "th"
            } else {
                "td"
            }
        }
        Tag::Emphasis => "em",
        Tag::Strong => "strong",
        Tag::Strikethrough => "del",
        Tag::Link { link_type, dest_url, .. } => {
            let mail = if *link_type == LinkType::Email { "mailto:" } else { "" };
            let url = format!("{mail}{dest_url}");
            return leads_somewhere(&url, true).then_some(("a", Some(url)));
        }
        _ => return None,
    };
    Some((name, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &Value) {
        assert_eq!(&document(&parse(text)), expected, "{text}");
    }

    #[test]
    fn each_form_becomes_its_element() {
        check(
            "# A *b* **c**\n\n## D\n\n- e\n- `f`",
            &json!([
                ["h3", null, ["A ", ["em", null, ["b"]], " ", ["strong", null, ["c"]]]],
                ["h4", null, ["D"]],
                ["ul", null, [["li", null, ["e"]], ["li", null, [["code", null, ["f"]]]]]],
            ]),
        );
        check(
            "1. a\n\n> b\n> c\n\n***\n\n```sh\nd <e>\n```\n\nf  \n~~g~~",
            &json!([
                ["ol", null, [["li", null, ["a"]]]],
                ["blockquote", null, [["p", null, ["b c"]]]],
                ["hr", null, []],
                ["pre", null, [["code", null, ["d <e>\n"]]]],
                ["p", null, ["f", ["br", null, []], ["del", null, ["g"]]]],
            ]),
        );
        check(
            "| a | b |\n|---|---|\n| c | d |",
            &json!([[
                "table",
                null,
                [
                    ["tr", null, [["th", null, ["a"]], ["th", null, ["b"]]]],
                    ["tr", null, [["td", null, ["c"]], ["td", null, ["d"]]]],
                ]
            ]]),
        );
    }

    #[test]
    fn only_known_addresses_are_links() {
        let link = |url: &str| json!([["p", null, [["a", url, ["x"]]]]]);
        for url in ["https://a.b/c?d=e:f#g", "HTTP://a", "/d/shop", "?range=1h", "d/e:f", "#x"] {
            check(&format!("[x]({url})"), &link(url));
        }
        check("[x](mailto:a@b.c)", &link("mailto:a@b.c"));
        check("<a@b.c>", &json!([["p", null, [["a", "mailto:a@b.c", ["a@b.c"]]]]]));
        let hostile = [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "&#106;avascript:alert(1)",
            "java&#10;script:alert(1)",
            "&#9;javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "//evil.example",
            "/\\\\evil.example",
            "https:evil.example",
        ];
        for url in hostile {
            check(&format!("[x](<{url}>)"), &json!([["p", null, ["x"]]]));
        }
    }

    #[test]
    fn html_and_images_are_words() {
        check(
            "a <b onclick='x'>c</b> ![d](https://e/f.png)",
            &json!([["p", null, ["a <b onclick='x'>c</b> d"]]]),
        );
        check(
            "<script>\nalert(1)\n</script>",
            &json!([["p", null, ["<script>\nalert(1)\n</script>"]]]),
        );
        check("<!-- a -->", &json!([["p", null, ["<!-- a -->"]]]));
    }

    #[test]
    fn nothing_is_deeper_than_the_bound() {
        fn depth(nodes: &[Node]) -> usize {
            let of = |node: &Node| match node {
                Node::Text(_) => 0,
                Node::Element { children, .. } => 1 + depth(children),
            };
            nodes.iter().map(of).max().unwrap_or(0)
        }
        let deep = parse(&("> ".repeat(2000) + "end"));
        assert_eq!(depth(&deep), DEPTH_MAX);
        assert!(format!("{deep:?}").contains("end"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_becomes_known_elements(text in "[\\PC\n`*_#>|\\-\\[\\]()<!]{0,200}") {
            const KNOWN: [&str; 21] = [
                "p", "h3", "h4", "h5", "h6", "blockquote", "pre", "code", "ul", "ol", "li", "table",
                "tr", "th", "td", "em", "strong", "del", "a", "hr", "br",
            ];
            let mut waiting = parse(&text);
            while let Some(node) = waiting.pop() {
                let Node::Element { name, href, children } = node else { continue };
                proptest::prop_assert!(KNOWN.contains(&name));
                proptest::prop_assert!(href.iter().all(|url| leads_somewhere(url, true)));
                waiting.extend(children);
            }
        }
    }
}
