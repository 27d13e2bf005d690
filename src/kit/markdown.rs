//! Answers as HTML that cannot do anything: no raw HTML, no images, links inert until the vote.
//!
//! comrak renders, ammonia keeps an allow-list as a second wall.

use std::collections::HashSet;

use ammonia::Builder;
use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, parse_document};

/// Longest answer that is rendered, in bytes; more is shown as plain text. ammonia is quadratic in
/// nesting, so length and quote depth are both limited.
const MAX_BYTES: usize = 32 << 10;
const MAX_QUOTE_DEPTH: usize = 16;

/// Whether links may be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// Before the vote: the text of a link and its address, nothing to click.
    Inert,
    /// After the vote: a link that tells the other site nothing.
    Live,
}

/// Renders one answer.
pub fn render(text: &str, links: Links) -> String {
    if text.len() > MAX_BYTES || quote_depth(text) > MAX_QUOTE_DEPTH {
        return format!("<pre>{}</pre>", ammonia::clean_text(text));
    }
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.autolink = true;
    options.render.escape = true;
    options.render.hardbreaks = true;
    let arena = Arena::new();
    let root = parse_document(&arena, text, &options);
    for node in root.descendants() {
        tame(&arena, node, links);
    }
    let mut html = String::new();
    if comrak::format_html(root, &options, &mut html).is_err() {
        return format!("<pre>{}</pre>", ammonia::clean_text(text));
    }
    clean(&html, links)
}

fn quote_depth(text: &str) -> usize {
    let marks = |line: &str| {
        line.chars().take_while(|c| matches!(c, '>' | ' ' | '\t')).filter(|c| *c == '>').count()
    };
    text.lines().map(marks).max().unwrap_or(0)
}

/// Turns images into their text, and links into text with the address behind it.
fn tame<'a>(arena: &'a Arena<'a>, node: &'a AstNode<'a>, links: Links) {
    let address = match &node.data.borrow().value {
        NodeValue::Image(image) => Some(image.url.clone()),
        NodeValue::Link(link) if links == Links::Inert || !is_web(&link.url) => {
            Some(link.url.clone())
        }
        NodeValue::Heading(_) => None,
        _ => return,
    };
    let Some(address) = address else {
        lower_heading(node);
        return;
    };
    let shown = text_of(node);
    let suffix = if shown == address { String::new() } else { format!(" ({address})") };
    let plain = arena.alloc(NodeValue::Text(suffix.into()).into());
    let children: Vec<_> = node.children().collect();
    for child in children {
        node.insert_before(child);
    }
    node.insert_before(plain);
    node.detach();
}

fn is_web(address: &str) -> bool {
    let address = address.to_ascii_lowercase();
    address.starts_with("https://") || address.starts_with("http://")
}

/// Answers start below the page's own headings.
fn lower_heading(node: &AstNode<'_>) {
    if let NodeValue::Heading(heading) = &mut node.data.borrow_mut().value {
        heading.level = (heading.level + 2).min(6);
    }
}

fn text_of<'a>(node: &'a AstNode<'a>) -> String {
    let mut text = String::new();
    for child in node.descendants() {
        if let NodeValue::Text(part) = &child.data.borrow().value {
            text.push_str(part);
        }
    }
    text
}

fn clean(html: &str, links: Links) -> String {
    let mut tags: HashSet<&str> = [
        "p",
        "em",
        "strong",
        "del",
        "code",
        "pre",
        "ul",
        "ol",
        "li",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "br",
        "hr",
    ]
    .into();
    let mut builder = Builder::empty();
    if links == Links::Live {
        tags.insert("a");
        builder.add_tag_attributes("a", ["href"]);
        builder.url_schemes(["http", "https"].into());
        builder.link_rel(Some("noopener noreferrer nofollow"));
    }
    builder.tags(tags).add_tag_attributes("ol", ["start"]);
    builder.clean(html).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn code_tables_and_lists_are_rendered() {
        let html =
            render("# T\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```rust\nlet x;\n```", Links::Inert);

        assert!(html.contains("<h3>T</h3>") && html.contains("<td>1</td>"), "{html}");
        assert!(html.contains("<pre><code>let x;\n</code></pre>"), "{html}");
    }

    #[test]
    fn raw_html_is_shown_as_text_and_never_as_an_element() {
        let html = render("<script>alert(1)</script> <img src=x onerror=y> <b>x</b>", Links::Live);

        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("<b>"));
        assert!(html.contains("&lt;b&gt;"), "{html}");
    }

    #[test]
    fn images_become_text_so_that_no_request_leaves() {
        let html = render("![a beacon](https://example.org/x.png)", Links::Live);

        assert_eq!(html.trim(), "<p>a beacon (https://example.org/x.png)</p>");
    }

    #[test]
    fn links_are_inert_before_the_vote_and_live_after_it() {
        let text = "[here](https://example.org) and https://example.com";

        let before = render(text, Links::Inert);
        let after = render(text, Links::Live);

        assert!(!before.contains("<a"), "{before}");
        assert!(before.contains("here (https://example.org)"), "{before}");
        assert!(after.contains("href=\"https://example.org\""), "{after}");
        assert!(after.contains("noreferrer"), "{after}");
    }

    #[test]
    fn a_script_address_is_no_link() {
        assert!(!render("[x](javascript:alert(1))", Links::Live).contains("href"));
    }

    #[test]
    fn deep_quotes_and_long_answers_are_shown_as_plain_text() {
        assert!(render(&format!("{}x", "> ".repeat(400)), Links::Inert).starts_with("<pre>"));
        assert!(render(&"x ".repeat(20_000), Links::Inert).starts_with("<pre>"));
    }

    proptest! {
        #[test]
        fn no_answer_yields_an_active_element(text in "[<>\\[\\]()!a-z\"'=/:.`*_#|\\- \n]{0,200}") {
            let html = render(&text, Links::Inert);

            for tag in ["<a", "<img", "<script", "<style", "<iframe", "<svg", "<form", "<input"] {
                prop_assert!(!html.contains(tag), "{}", html);
            }
        }
    }
}
