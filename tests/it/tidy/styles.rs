//! What is tested about the style sheet.

use std::collections::BTreeMap;

use crate::tidy::root;

/// A second rule of the same class changes a page that its writer did not look at.
#[test]
fn a_class_is_set_by_one_rule() {
    let sheet = std::fs::read_to_string(root().join("static/site.css")).unwrap();
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for line in sheet.lines() {
        let class = line.strip_prefix('.').and_then(|rest| rest.split_once(" {"));
        if let Some((class, _)) =
            class.filter(|(class, _)| !class.contains([' ', '.', ':', '>', ',', '[']))
        {
            *rules.entry(class).or_default() += 1;
        }
    }
    assert!(rules.len() > 20, "the rules are found: {}", rules.len());
    let twice: Vec<_> = rules.into_iter().filter(|&(_, times)| times > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}
