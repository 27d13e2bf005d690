//! One coarse word for a browser: enough to tell one's own sessions apart, too little to tell people apart.

/// The words, in the order in which they are looked for: every browser claims to be Safari too.
const WORDS: [(&str, &str); 6] = [
    ("Mobile", "phone"),
    ("Firefox/", "Firefox"),
    ("Edg/", "Edge"),
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chrome"),
    ("Safari/", "Safari"),
];

/// The word for what a browser calls itself.
pub fn device(user_agent: &str) -> &'static str {
    WORDS.iter().find(|(mark, _)| user_agent.contains(mark)).map_or("other", |(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_have_one_word_and_no_version() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                      Chrome/140.0.0.0 Safari/537.36";

        assert_eq!(device(chrome), "Chrome");
        assert_eq!(device(&format!("{chrome} Edg/140.0.0.0")), "Edge");
        assert_eq!(device("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Firefox/145.0"), "Firefox");
        assert_eq!(device("Mozilla/5.0 (iPhone) Version/19.0 Mobile/15E148 Safari/604.1"), "phone");
        assert_eq!(device("curl/8.5.0"), "other");
        assert_eq!(device(""), "other");
    }
}
