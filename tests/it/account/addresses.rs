//! That no address is stored or logged, in no form that could be turned back.

use std::io::Write;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, OnceLock};

use sha2::{Digest, Sha256};
use sqlx::AssertSqlSafe;
use tracing_subscriber::fmt::MakeWriter;

use super::PASSWORD;
use crate::arena::{TestArena, eventually};

/// No other test uses this one.
const CLIENT: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 77);

/// Everything that this process logs from now on.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

/// The log at its most talkative.
fn log() -> Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    let log = LOG.get_or_init(|| {
        let log = Log::default();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .with_writer(log.clone())
            .init();
        log
    });
    log.clone()
}

/// The address, and what a slip would make of it or of its network.
fn forms() -> Vec<String> {
    let octets = CLIENT.octets();
    let network = [&octets[..3], &[0]].concat();
    let mut forms = vec![CLIENT.to_string(), "203.0.113.0".to_owned(), hex::encode(octets)];
    for text in
        [CLIENT.to_string().into_bytes(), octets.to_vec(), network.clone(), octets[..3].to_vec()]
    {
        // A hash without a key is found by trying all addresses.
        forms.push(hex::encode(&Sha256::digest(&text)[..16]));
    }
    forms.push(u32::from(CLIENT).to_string());
    forms
}

async fn stored(arena: &TestArena) -> String {
    let tables = "select table_name::text from information_schema.tables
                  where table_schema = 'public' order by 1";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&arena.db()).await.unwrap();
    let mut all = String::new();
    for table in tables {
        let sql =
            format!("select coalesce(string_agg(to_jsonb(t)::text, e'\\n'), '') from {table} t");
        let rows: String =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&arena.db()).await.unwrap();
        all += &rows;
    }
    all
}

#[tokio::test]
async fn after_battles_votes_and_sign_ins_the_address_is_nowhere() {
    let log = log();
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let from = ("X-Forwarded-For", CLIENT.to_string());
    let from = (from.0, from.1.as_str());
    let credentials = [("name", "ada"), ("password", PASSWORD)];

    let opened = voter.posts_with(from, "/battles", &[("prompt", "What is a comet?")]).await;
    let path = opened.location().to_owned();
    arena.when(path.strip_prefix("/battles/").unwrap(), "complete").await;
    voter.posts_with(from, "/join", &credentials).await.location();
    voter.posts_with(from, &format!("{path}/turns"), &[("prompt", "And its tail?")]).await;
    arena.when(path.strip_prefix("/battles/").unwrap(), "complete").await;
    let vote = format!("{path}/vote");
    voter.posts_with(from, &vote, &[("verdict", "left")]).await.location();
    voter.posts_with(from, "/sign-in", &credentials).await.location();
    voter.posts_with(from, &vote, &[("verdict", "right")]).await;
    voter.posts_with(("Sec-Fetch-Site", "cross-site"), "/battles", &[]).await;

    let stored = stored(&arena).await;
    assert!(stored.contains("What is a comet?") && stored.contains("argon2id"), "{stored}");
    assert_eq!(arena.number("select count(*) from battles where network is not null").await, 1);
    // That the log is caught at all.
    tracing::info!("the log is being looked at");
    let logged = eventually("the log has its line", async || {
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        text.contains("the log is being looked at").then_some(text)
    })
    .await;
    for form in forms() {
        assert!(!stored.contains(&form), "{form} is stored");
        assert!(!logged.contains(&form), "{form} is logged");
    }
    assert!(!logged.contains(PASSWORD) && !logged.contains("What is a comet?"));
}
