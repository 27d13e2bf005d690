//! Forms for joining and signing in; what was typed stays, passwords excepted.

use askama::Template;

use super::credentials::MIN_PASSWORD_CHARS;
use crate::config::Site;

#[derive(Template)]
#[template(path = "account/join.html")]
pub(super) struct JoinPage<'a> {
    pub(super) site: &'a Site,
    pub(super) name: &'a str,
    pub(super) code: &'a str,
    pub(super) name_problem: Option<String>,
    pub(super) password_problem: Option<String>,
    pub(super) code_problem: Option<String>,
    pub(super) shortest: usize,
}

impl<'a> JoinPage<'a> {
    /// A form with what was typed and no problem yet.
    pub(super) fn with(site: &'a Site, name: &'a str, code: &'a str) -> Self {
        Self {
            site,
            name,
            code,
            name_problem: None,
            password_problem: None,
            code_problem: None,
            shortest: MIN_PASSWORD_CHARS,
        }
    }
}

#[derive(Template)]
#[template(path = "account/sign-in.html")]
pub(super) struct SignInPage<'a> {
    pub(super) site: &'a Site,
    pub(super) name: &'a str,
    pub(super) problem: Option<String>,
}
