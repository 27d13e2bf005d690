//! One's own data tells no model before the vote either, while answers are written, failed or complete.

use super::Play;

impl Play<'_> {
    /// Looks at page and file of one's own data, in the first battle of a browser: of later ones the vote on
    /// the first has revealed something.
    pub(super) async fn look_at_own_data(&self, first: bool) {
        if first {
            self.browser.get("own page", Some(&self.id), "/me").await;
            self.browser.get("own data", Some(&self.id), "/me/data.json").await;
        }
    }
}
