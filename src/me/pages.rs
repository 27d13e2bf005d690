//! The page of one's own data.

use actix_session::Session;
use arena_core::ids::{BattleId, VoterId};
use arena_core::tier::Tier;
use askama::Template;
use sqlx::PgPool;
use uuid::Uuid;

use super::queries::{self, Battle};
use crate::account::credentials::MIN_PASSWORD_CHARS;
use crate::account::{self, Gate};
use crate::config::Site;
use crate::kit::session::{self, browser};
use crate::kit::wording;

/// Battles on the page; the file has all.
const SHOWN: i64 = 50;
/// Characters of a question on the page.
const EXCERPT: usize = 160;

/// The field that something was wrong with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Present,
    New,
    Code,
    Removal,
    Sure,
}

/// What was wrong in a form of the page.
pub(super) struct Wrong {
    field: Field,
    words: String,
    code: String,
}

impl Wrong {
    pub(super) fn new(field: Field, error: &dyn std::error::Error) -> Self {
        Self { field, words: wording::sentence(&error.to_string()), code: String::new() }
    }

    /// What was typed stays.
    pub(super) fn with_code(self, code: &str) -> Self {
        Self { code: code.to_owned(), ..self }
    }

    pub(super) fn unsure() -> Self {
        let words = "Nothing was removed: tick the box if you want it removed.".to_owned();
        Self { field: Field::Sure, words, code: String::new() }
    }
}

/// One battle as a line.
struct BattleLine {
    id: BattleId,
    day: String,
    question: String,
    set: Option<String>,
    outcome: String,
    models: Option<[String; 2]>,
}

impl From<Battle> for BattleLine {
    fn from(battle: Battle) -> Self {
        let question = battle.first_question.unwrap_or_default();
        let mut shown: String = question.chars().take(EXCERPT).collect();
        if shown.len() < question.len() {
            shown.push('…');
        }
        let verdict = battle.vote.as_ref().map(|vote| vote.verdict.as_str());
        Self {
            id: battle.battle_id,
            day: wording::day(battle.opened_at),
            question: shown,
            set: battle.set,
            outcome: outcome(&battle.state, verdict).to_owned(),
            models: battle.models,
        }
    }
}

fn outcome(state: &str, verdict: Option<&str>) -> &'static str {
    match (state, verdict) {
        (_, Some("left")) => "A is better",
        (_, Some("right")) => "B is better",
        (_, Some("tie")) => "a tie",
        (_, Some("both_good")) => "both good",
        (_, Some("both_bad")) => "both bad",
        ("running", _) => "open: being answered",
        ("complete", _) => "open: waiting for your vote",
        ("failed", _) => "open: the pair was not completed",
        ("skipped", _) => "skipped",
        _ => "ended without a vote",
    }
}

/// One session as a line.
struct SessionLine {
    id: Uuid,
    device: &'static str,
    made: String,
    seen: String,
    own: bool,
}

/// The account of whoever looks.
struct AccountView {
    name: String,
    created: String,
    invited: bool,
    sessions: Vec<SessionLine>,
}

/// What the page shows.
pub(super) struct Found {
    tier: Tier,
    /// The voter of the session, if there is one.
    voter: Option<VoterId>,
    account: Option<AccountView>,
    battles: i64,
    votes: i64,
    lines: Vec<BattleLine>,
    day: u32,
    minute: u32,
    more: Option<u32>,
}

/// Reads what the page shows.
pub(super) async fn find(db: &PgPool, gate: &Gate, session: &Session) -> sqlx::Result<Found> {
    let allowed = gate.allowances();
    let mut found = Found {
        tier: Tier::Anonymous,
        voter: browser::voter(session),
        account: None,
        battles: 0,
        votes: 0,
        lines: Vec::new(),
        day: 0,
        minute: 0,
        more: None,
    };
    let mut db = db.acquire().await?;
    if let Some(voter) = found.voter {
        let voters = account::voters_of(&mut db, voter).await?;
        found.tier = account::tier_of(&mut db, voter).await?;
        (found.battles, found.votes) = queries::count(&mut db, &voters).await?;
        let battles = queries::list_battles(&mut db, &voters, SHOWN).await?;
        found.lines = battles.into_iter().map(BattleLine::from).collect();
        found.account = account_view(&mut db, session).await?;
    }
    found.day = allowed.battles_a_day.of(found.tier);
    found.minute = allowed.battles_a_minute.of(found.tier);
    found.more = match found.tier {
        Tier::Anonymous => Some(allowed.battles_a_day.registered),
        Tier::Registered => Some(allowed.battles_a_day.invited),
        Tier::Invited => None,
    };
    Ok(found)
}

async fn account_view(
    db: &mut sqlx::PgConnection,
    session: &Session,
) -> sqlx::Result<Option<AccountView>> {
    let Some(owner) = browser::owner(session) else { return Ok(None) };
    let Some(account) = account::queries::find(db, owner.account).await? else { return Ok(None) };
    let line = |listed: session::queries::Listed| SessionLine {
        id: listed.session,
        device: in_words(&listed.device),
        made: wording::day(listed.made_at),
        seen: wording::minute(listed.seen_at),
        own: listed.session == owner.session,
    };
    let sessions = session::queries::list(db, owner.account).await?;
    Ok(Some(AccountView {
        name: account.name,
        created: wording::day(account.created_at),
        invited: account.tier == Tier::Invited,
        sessions: sessions.into_iter().map(line).collect(),
    }))
}

fn in_words(device: &str) -> &'static str {
    match device {
        "Firefox" => "Firefox",
        "Chrome" => "Chrome or Chromium",
        "Edge" => "Edge",
        "Safari" => "Safari",
        "phone" => "a phone",
        _ => "another program",
    }
}

#[derive(Template)]
#[template(path = "me/me.html")]
pub(super) struct MePage<'a> {
    site: &'a Site,
    voter: Option<VoterId>,
    account: Option<AccountView>,
    tier: &'static str,
    counts: String,
    allowance: String,
    lines: Vec<BattleLine>,
    left_out: i64,
    shortest: usize,
    present_problem: Option<String>,
    new_problem: Option<String>,
    code_problem: Option<String>,
    code: String,
    removal_problem: Option<String>,
    sure_problem: Option<String>,
}

/// The page with ready wording.
pub(super) fn show(site: &Site, found: Found, wrong: Option<Wrong>) -> MePage<'_> {
    let problem = |field: Field| {
        let wrong = wrong.as_ref().filter(|wrong| wrong.field == field);
        wrong.map(|wrong| wrong.words.clone())
    };
    let more = match (found.tier, found.more) {
        (Tier::Anonymous, Some(more)) => format!(" Registered voters may open {more}."),
        (_, Some(more)) => format!(" Invited voters may open {more}."),
        (_, None) => String::new(),
    };
    MePage {
        site,
        voter: found.voter,
        tier: found.tier.as_str(),
        counts: format!(
            "{}, {}",
            wording::counted(found.battles, "battle"),
            wording::counted(found.votes, "vote")
        ),
        allowance: format!(
            "You may open {} battles a day and {} a minute.{more}",
            found.day, found.minute
        ),
        left_out: (found.battles - SHOWN).max(0),
        lines: found.lines,
        account: found.account,
        shortest: MIN_PASSWORD_CHARS,
        present_problem: problem(Field::Present),
        new_problem: problem(Field::New),
        code_problem: problem(Field::Code),
        removal_problem: problem(Field::Removal),
        sure_problem: problem(Field::Sure),
        code: wrong.map(|wrong| wrong.code).unwrap_or_default(),
    }
}
