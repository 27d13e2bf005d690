//! The operator's page over HTTP: who may come in, what it shows, and that nothing but a form excludes anything.
#![cfg(test)]

use std::net::TcpListener;
use std::path::PathBuf;

use arena_core::ids::ModelId;
use arena_core::journal::leaf::Leaf;
use doubleblind::config::Site;
use doubleblind::kit::http::{Door, DoorError};
use doubleblind::kit::whereabouts::Whereabouts;
use doubleblind::operator::{Desk, handlers};
use doubleblind::snapshot::Reader;

use crate::account::routes::changing_routes_in_source;
use crate::arena::{Reply, Scripted, TestArena, Voter, client, model};

/// The page beside an arena; it ends with its test.
struct Page {
    address: String,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Drop for Page {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn page(arena: &TestArena, token_file: Option<PathBuf>) -> Page {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let site = Site {
        name: "Test arena".to_owned(),
        assets: "0".to_owned(),
        whereabouts: Whereabouts::default(),
    };
    let door = Door::of(address, token_file.as_deref()).unwrap();
    let desk = Desk::new(arena.db(), arena.journal(), Reader::default());
    let server = handlers::serve(desk, site, door, listener).unwrap();
    Page { address: address.to_string(), server: tokio::spawn(server) }
}

/// Two models, votes of the past, and a voter who always finds Aster better.
async fn arena_with_a_fan() -> (TestArena, ModelId) {
    let arena = TestArena::open().await;
    let aster = arena.join(model("Aster"), &Scripted::saying("one")).await;
    let birch = arena.join(model("Birch"), &Scripted::saying("two")).await;
    for (verdict, votes) in [("left", 60), ("right", 90), ("tie", 40)] {
        arena.has_had_by(votes, (aster, birch), verdict, votes).await;
        arena.has_had_by(votes, (birch, aster), verdict, votes).await;
    }
    let fan = arena.voter();
    for _ in 0..25 {
        let id = arena.complete_battle(&fan).await;
        let left = arena.battle(&id).await.left_model_id == aster.0;
        fan.votes(&id, if left { "left" } else { "right" }).await.location();
    }
    (arena, aster)
}

async fn decisions(arena: &TestArena) -> Vec<Leaf> {
    let bodies: Vec<Vec<u8>> =
        sqlx::query_scalar("select body from log_leaves order by leaf_index")
            .fetch_all(&arena.db())
            .await
            .unwrap();
    let leaves = bodies.iter().map(|body| Leaf::parse(body).unwrap());
    leaves.filter(|leaf| matches!(leaf, Leaf::Exclude(_) | Leaf::Include(_))).collect()
}

/// The name of the first flagged account's votes in forms.
fn group_of_voter(body: &str) -> String {
    let from = body.find("value=\"voter/").expect("an account is shown") + "value=\"".len();
    body[from..].split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn findings_have_evidence_and_a_form_excludes_with_a_public_leaf() {
    let (arena, _) = arena_with_a_fan().await;
    let page = page(&arena, None);
    let operator = Voter::with_cookie(page.address.clone(), "none=0");
    // The fan is over the cap, so that not all of these votes weigh in full.
    arena.board_when(|board| board.board.votes == 405).await;

    let body = operator.sees("/").await;

    assert!(body.contains("flagged among 405\u{202f}votes") || body.contains("among 405 votes"));
    for words in ["z = ", "expected", "e = 10^", "|z| &#62; "] {
        assert!(body.contains(words), "{words}: {body}");
    }
    assert!(decisions(&arena).await.is_empty(), "looking excludes nothing");
    let pseudonym: String =
        sqlx::query_scalar("select encode(pseudonym, 'hex') from pseudonyms limit 1")
            .fetch_one(&arena.db())
            .await
            .unwrap();
    assert!(body.contains(&format!("voter {pseudonym}")), "{body}");

    let group = group_of_voter(&body);
    let unsure = [("group", group.as_str()), ("rule", "a fan")];
    let unsure = operator.posts("/exclude", &unsure).await;
    let no_rule = [("group", group.as_str()), ("rule", " "), ("sure", "yes")];
    let no_rule = operator.posts("/exclude", &no_rule).await;
    assert_eq!((unsure.status, no_rule.status), (422, 422));
    assert!(unsure.body.contains("nothing was changed"), "{}", unsure.body);
    assert!(decisions(&arena).await.is_empty());

    let form = [("group", group.as_str()), ("rule", "always for one model"), ("sure", "yes")];
    let done = operator.posts("/exclude", &form).await;

    assert_eq!(done.location(), "/?excluded=25");
    arena.whole_board(380).await;
    let made = decisions(&arena).await;
    assert_eq!(made.len(), 25);
    assert!(made.iter().all(
        |leaf| matches!(leaf, Leaf::Exclude(ruling) if ruling.rule == "always for one model")
    ));
    let body = operator.sees("/?excluded=25").await;
    assert!(body.contains("25 votes are excluded; each has a public entry"), "{body}");
    assert!(body.contains("All of them are excluded") && body.contains("always for one model"));
    let published = operator.posts("/snapshot", &[]).await;
    assert_eq!(published.location(), "/?published=2", "with and without exclusions");
    let again = operator.posts("/exclude", &form).await;
    assert_eq!(again.status, 422, "{}", again.body);

    let form = [("excluded_by", "always for one model"), ("rule", "we were wrong")];
    assert_eq!(operator.posts("/include", &form).await.location(), "/?included=25");
    arena.board_when(|board| board.board.votes == 405).await;
    assert_eq!(decisions(&arena).await.len(), 50);
}

#[tokio::test]
async fn leaves_that_a_finding_names_are_served_beside_it_and_no_name_of_an_account_is() {
    let (arena, _) = arena_with_a_fan().await;
    let named = arena.voter();
    named.joins("ada-lovelace", "a long enough password").await.location();
    let id = arena.complete_battle(&named).await;
    named.votes(&id, "left").await.location();
    let page = page(&arena, None);
    let operator = Voter::with_cookie(page.address.clone(), "none=0");

    let body = operator.sees("/").await;

    assert!(!body.contains("ada-lovelace"));
    let from = body.find("/log/leaf/").unwrap();
    let path = body[from..].split('"').next().unwrap();
    assert!(operator.sees(path).await.starts_with("{\"k\":\"vote\""));
    assert_eq!(named.gets("/exclude").await.status, 404, "the arena itself has no such page");
}

async fn as_host(page: &Page, host: &str) -> u16 {
    let request = client().build().unwrap().get(format!("http://{}/", page.address));
    request.header("Host", host).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_name_that_is_not_local_and_a_form_of_another_site_are_refused() {
    let arena = TestArena::of_two_instant().await;
    let page = page(&arena, None);
    let port = page.address.rsplit(':').next().unwrap().to_owned();
    let operator = Voter::with_cookie(page.address.clone(), "none=0");
    let form = [("group", "voter/0"), ("rule", "rule"), ("sure", "yes")];

    for host in ["evil.example", &format!("evil.example:{port}"), "localhost", "127.0.0.1:1"] {
        assert_eq!(as_host(&page, host).await, 403, "{host}");
    }
    for host in [format!("localhost:{port}"), format!("[::1]:{port}")] {
        assert_eq!(as_host(&page, &host).await, 200, "{host}");
    }
    let routes = changing_routes_in_source(true);
    assert!(routes.len() >= 3, "{routes:?}");
    for header in [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")] {
        for (path, method) in &routes {
            assert_eq!(method, "post");
            let reply: Reply = operator.posts_with(header, path, &form).await;
            assert_eq!(reply.status, 403, "{path} {header:?}: {}", reply.body);
        }
    }
    let headers = operator.gets("/").await.headers;
    assert!(
        headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'")
    );
}

#[tokio::test]
async fn other_machines_need_a_token_and_no_door_is_open_without_one() {
    let arena = TestArena::of_two_instant().await;
    let file = std::env::temp_dir().join(format!("token-{}", uuid::Uuid::new_v4()));
    std::fs::write(&file, "correct horse battery\n").unwrap();
    let page = page(&arena, Some(file.clone()));
    let everywhere = "0.0.0.0:1".parse().unwrap();

    let open = Door::of(everywhere, None);
    let closed = Door::of(everywhere, Some(&file));
    std::fs::write(&file, "short").unwrap();
    let short = Door::of(everywhere, Some(&file));
    let _ = std::fs::remove_file(&file);

    assert!(matches!(open, Err(DoorError::Open(_))) && closed.is_ok());
    assert!(matches!(short, Err(DoorError::Short(_))));
    assert!(matches!(Door::of(everywhere, Some(&file)), Err(DoorError::Unreadable(..))));
    for (password, status) in
        [(None, 401), (Some("wrong"), 401), (Some("correct horse battery"), 200)]
    {
        let mut request = client().build().unwrap().get(format!("http://{}/", page.address));
        if let Some(password) = password {
            request = request.basic_auth("anybody", Some(password));
        }
        let reply = request.send().await.unwrap();
        assert_eq!(reply.status().as_u16(), status, "{password:?}");
        assert!(status == 200 || reply.headers().contains_key("www-authenticate"));
    }
}
