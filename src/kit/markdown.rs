//! Answers as HTML that cannot do anything: no raw HTML, no images, links inert until the vote.
//!
//! comrak renders, ammonia keeps an allow-list as a second wall.

use std::collections::HashSet;

use ammonia::Builder;
use comrak::arena_tree::NodeEdge;
use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, parse_document};

/// Longest answer that is rendered, in bytes; more is shown as plain text.
const MAX_BYTES: usize = 32 << 10;
const MAX_DEPTH: usize = 32;
/// Most HTML that is looked through; a small table can claim half a million cells.
const MAX_HTML_BYTES: usize = 256 << 10;

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
    if text.len() > MAX_BYTES {
        return plain(text);
    }
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.autolink = true;
    options.render.escape = true;
    options.render.hardbreaks = true;
    let arena = Arena::new();
    let root = parse_document(&arena, text, &options);
    if depth(root) > MAX_DEPTH {
        return plain(text);
    }
    // Collected first: taming detaches nodes, which the iterator does not survive.
    let nodes: Vec<_> = root.descendants().collect();
    for node in nodes {
        tame(&arena, node, links);
    }
    let mut html = String::new();
    if comrak::format_html(root, &options, &mut html).is_err() || html.len() > MAX_HTML_BYTES {
        return plain(text);
    }
    let clean = clean(&html, links);
    // Markdown can be all definitions and no text.
    if clean.trim().is_empty() { plain(text) } else { clean }
}

fn plain(text: &str) -> String {
    format!("<pre>{}</pre>", ammonia::clean_text(text))
}

/// How deep elements are nested: ammonia is quadratic in it.
fn depth<'a>(root: &'a AstNode<'a>) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for edge in root.traverse() {
        match edge {
            NodeEdge::Start(_) => depth += 1,
            NodeEdge::End(_) => depth -= 1,
        }
        deepest = deepest.max(depth);
    }
    deepest
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
    fn empty_images_and_links_and_definitions_are_shown_as_something() {
        for text in ["![](u)", "[](u)", "[![](img)](u)", "a [![](img)](u) b", "[1]: http://x"] {
            assert!(!render(text, Links::Inert).trim().is_empty(), "{text}");
            assert!(!render(text, Links::Live).contains("<img"), "{text}");
        }
    }

    #[test]
    fn deep_quotes_and_long_answers_are_shown_as_plain_text() {
        for start in ["", "- ", "1. "] {
            let quotes = format!("{start}{}x", ">".repeat(8_000));
            assert!(render(&quotes, Links::Inert).starts_with("<pre>"), "{start}");
        }
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
