//! Every route that changes something, tried by everybody who may not: from another site, with somebody else's
//! session, without one, and as a mere link. A new route without a line here fails the first test.

use std::collections::BTreeSet;

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::PASSWORD;
use crate::arena::{Reply, TestArena, Voter};
use crate::tidy::{files_below, read};

/// Whose things a route is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    /// Something with an id, which belongs to one voter.
    AnObject,
    /// The account that is signed in.
    TheAccount,
    /// Whoever asks: a browser may open battles, join and sign in without asking anybody.
    Anybody,
}

use About::{AnObject, Anybody, TheAccount};

struct Route {
    path: &'static str,
    about: About,
    form: &'static [(&'static str, &'static str)],
}

const fn route(
    path: &'static str,
    about: About,
    form: &'static [(&'static str, &'static str)],
) -> Route {
    Route { path, about, form }
}

const ROUTES: &[Route] = &[
    route("/battles", Anybody, &[("prompt", "What is a comet?")]),
    route("/battles/{id}/turns", AnObject, &[("prompt", "And its tail?")]),
    route("/battles/{id}/retry", AnObject, &[]),
    route("/battles/{id}/skip", AnObject, &[("reason", "other")]),
    route("/battles/{id}/vote", AnObject, &[("verdict", "left")]),
    route("/receipt", Anybody, &[("receipt", "none")]),
    route("/join", Anybody, &[("name", "mallory"), ("password", PASSWORD)]),
    route("/sign-in", Anybody, &[("name", "ada"), ("password", "a wrong guess")]),
    route("/sign-out", Anybody, &[]),
    route("/me/password", TheAccount, &[("present", PASSWORD), ("new", "a stolen password")]),
    route("/me/code", TheAccount, &[("code", "AAAAA-AAAAA-AAAAA-AAAAA")]),
    route("/me/sessions/end", TheAccount, &[]),
    route("/me/sessions/{id}/end", AnObject, &[]),
    route("/me/delete", TheAccount, &[("password", PASSWORD), ("sure", "yes")]),
];

/// Paths and methods of all routes that the stages register, with anything but GET; or those of the operator's page, which is
/// on a server of its own.
pub(crate) fn changing_routes_in_source(operator: bool) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let is_here =
        |file: &&String| file.ends_with(".rs") && file.starts_with("src/operator/") == operator;
    for file in files_below("src").iter().filter(is_here) {
        let text = read(file);
        for other in
            ["web::resource(", "web::scope(", "#[post(", "#[put(", "#[delete(", "web::method("]
        {
            assert!(
                !text.contains(other),
                "{file}: {other} registers routes that nobody finds here"
            );
        }
        for registered in text.split(".route(").skip(1) {
            let path = registered.trim_start().strip_prefix('"');
            let path = path.and_then(|path| path.split_once('"'));
            let (path, rest) =
                path.unwrap_or_else(|| panic!("{file}: a route without a literal path"));
            let method = rest.split("web::").nth(1).unwrap().split('(').next().unwrap();
            if method != "get" {
                found.insert((path.to_owned(), method.to_owned()));
            }
        }
    }
    found
}

#[test]
fn every_route_that_changes_something_is_tried_here() {
    let tried: BTreeSet<_> =
        ROUTES.iter().map(|route| (route.path.to_owned(), "post".to_owned())).collect();

    assert_eq!(changing_routes_in_source(false), tried);
}

/// All rows of all tables; when a session was last seen is left out.
async fn everything(arena: &TestArena) -> String {
    let tables = "select table_name::text from information_schema.tables
                  where table_schema = 'public' and table_name <> '_sqlx_migrations' order by 1";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&arena.db()).await.unwrap();
    assert!(tables.len() > 15, "{tables:?}");
    let mut all = String::new();
    for table in tables {
        let sql = format!(
            "select coalesce(string_agg(row, e'\\n' order by row), '')
             from (select (to_jsonb(t) - 'seen_at')::text as row from {table} t) as rows"
        );
        let rows: String =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&arena.db()).await.unwrap();
        all += &format!("{table}\n{rows}\n");
    }
    all
}

/// An owner with an account, two sessions, and battles in two states.
struct Scene {
    arena: TestArena,
    owner: Voter,
    battle: String,
    session: Uuid,
}

impl Scene {
    async fn set() -> Self {
        let arena = TestArena::of_two_instant().await;
        let (owner, train) = (arena.voter(), arena.voter());
        train.joins("ada", PASSWORD).await.location();
        let session = sqlx::query_scalar("select session_id from sessions");
        let session = session.fetch_one(&arena.db()).await.unwrap();
        owner.signs_in("ada", PASSWORD).await.location();
        let voted = arena.complete_battle(&owner).await;
        owner.votes(&voted, "tie").await.location();
        let battle = arena.complete_battle(&owner).await;
        Self { arena, owner, battle, session }
    }

    fn path(&self, route: &Route) -> String {
        let id = if route.path.starts_with("/me/") {
            self.session.to_string()
        } else {
            self.battle.clone()
        };
        route.path.replace("{id}", &id)
    }

    /// That the owner has what they had, and can do what they could.
    async fn assert_owner_is_well(&self, what: &str) {
        let page = self.owner.sees("/me").await;
        assert!(page.contains("signed in as <strong>ada</strong>"), "{what}");
        assert!(page.contains("2 battles, 1 vote"), "{what}: {page}");
        assert!(page.contains(&self.session.to_string()), "{what}");
        assert_eq!(self.arena.battle(&self.battle).await.state, "complete", "{what}");
        let again = self.arena.voter().signs_in("ada", PASSWORD).await;
        assert_eq!(again.status, 303, "{what}");
    }
}

/// A path about something that never was.
fn nothing(route: &Route) -> String {
    route.path.replace("{id}", &Uuid::new_v4().to_string())
}

fn without_date(mut reply: Reply) -> Reply {
    reply.headers.remove("date");
    reply
}

#[tokio::test]
async fn a_form_from_another_site_is_refused_and_changes_nothing() {
    let scene = Scene::set().await;
    let before = everything(&scene.arena).await;

    for route in ROUTES {
        for header in [
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
            ("Origin", "https://elsewhere.example"),
            ("Origin", "http://127.0.0.1:1"),
            ("Origin", "null"),
        ] {
            let reply = scene.owner.posts_with(header, &scene.path(route), route.form).await;

            assert_eq!(reply.status, 403, "{} {header:?}", route.path);
            assert!(reply.body.contains("This form was sent from another site"), "{}", reply.body);
            assert!(!reply.headers.contains_key("set-cookie"), "{}", route.path);
        }
    }

    assert_eq!(everything(&scene.arena).await, before);
    let own = format!("http://{}", scene.arena.address());
    let vote = format!("/battles/{}/vote", scene.battle);
    let reply = scene.owner.posts_with(("Origin", &own), &vote, &[("verdict", "left")]).await;
    assert_eq!(reply.status, 303);
}

#[tokio::test]
async fn what_is_somebody_elses_is_as_if_it_had_never_been() {
    let scene = Scene::set().await;
    let (anonymous, other) = (scene.arena.voter(), scene.arena.voter());
    scene.arena.complete_battle(&anonymous).await;
    other.joins("grace", PASSWORD).await.location();
    let before = everything(&scene.arena).await;

    for route in ROUTES.iter().filter(|route| route.about == AnObject) {
        for (who, stranger) in
            [("anonymous", &anonymous), ("signed in", &other), ("new", &scene.arena.voter())]
        {
            let foreign = stranger.posts(&scene.path(route), route.form).await;
            let missing = stranger.posts(&nothing(route), route.form).await;

            assert_eq!(foreign.status, 404, "{} {who}: {}", route.path, foreign.body);
            assert_eq!(without_date(foreign), without_date(missing), "{} {who}", route.path);
        }
    }

    assert_eq!(everything(&scene.arena).await, before);
}

#[tokio::test]
async fn without_an_account_its_routes_are_not_there() {
    let scene = Scene::set().await;
    let before = everything(&scene.arena).await;

    for route in ROUTES.iter().filter(|route| route.about == TheAccount) {
        let stranger = scene.arena.voter();
        let reply = stranger.posts(route.path, route.form).await;

        assert_eq!(reply.status, 404, "{}: {}", route.path, reply.body);
        assert!(reply.body.contains("There is nothing at this address"), "{}", route.path);
        assert_eq!(stranger.cookie(), None, "{}", route.path);
    }

    assert_eq!(everything(&scene.arena).await, before);
}

#[tokio::test]
async fn nobody_reaches_an_owner_through_routes_that_all_may_use() {
    let scene = Scene::set().await;

    for route in ROUTES.iter().filter(|route| route.about != AnObject) {
        for joined in [true, false] {
            let stranger = scene.arena.voter();
            if joined {
                let name = format!("other{}", route.path.replace('/', "."));
                stranger.joins(&name, PASSWORD).await.location();
            }
            stranger.posts(route.path, route.form).await;
            scene.assert_owner_is_well(&format!("{} {joined}", route.path)).await;
        }
    }
}

#[tokio::test]
async fn a_mere_link_changes_nothing() {
    let scene = Scene::set().await;
    let stranger = scene.arena.voter();
    scene.arena.complete_battle(&stranger).await;
    let before = everything(&scene.arena).await;

    for route in ROUTES {
        let form: Vec<_> =
            route.form.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let link = format!("{}?{}", scene.path(route), form.join("&").replace(' ', "+"));
        for visitor in [&scene.owner, &stranger, &scene.arena.voter()] {
            let reply = visitor.gets(&link).await;

            let forms = ["/join", "/sign-in", "/receipt"].contains(&route.path);
            let expected: &[u16] = if forms { &[200, 303] } else { &[404] };
            assert!(expected.contains(&reply.status), "{link}: {}", reply.status);
        }
    }

    assert_eq!(everything(&scene.arena).await, before);
}
