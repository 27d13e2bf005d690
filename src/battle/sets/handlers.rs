//! HTTP of evaluation sets.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, web};
use askama::Template;
use sqlx::PgPool;

use super::queries::{self, Listed, ListedQuestion};
use crate::battle::{Ring, stored};
use crate::config::Site;
use crate::kit::http::{HttpError, page};
use crate::kit::wording;

#[derive(Template)]
#[template(path = "battle/sets.html")]
struct SetsPage<'a> {
    site: &'a Site,
    sets: Vec<SetLine>,
}

/// One set as a line of a list.
pub struct SetLine {
    /// Folder name.
    pub id: String,
    /// Name on pages.
    pub title: String,
    /// BCP 47 code.
    pub language: String,
    /// One sentence.
    pub description: String,
    /// Licence and source in words.
    pub origin: String,
    /// Counts in words.
    pub size: String,
}

impl From<Listed> for SetLine {
    fn from(set: Listed) -> Self {
        Self {
            origin: format!("{}, version {}, {}", set.source, set.version, set.licence),
            size: format!(
                "{}, {}",
                wording::counted(set.questions, "question"),
                wording::counted(set.votes, "vote")
            ),
            id: set.id,
            title: set.title,
            language: set.language,
            description: set.description,
        }
    }
}

async fn sets(site: Data<Site>, db: Data<PgPool>) -> Result<HttpResponse, HttpError> {
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    let sets = queries::list(&mut db).await.map_err(HttpError::internal)?;
    page(&SetsPage { site: &site, sets: sets.into_iter().map(SetLine::from).collect() })
}

#[derive(Template)]
#[template(path = "battle/set.html")]
struct SetPage<'a> {
    site: &'a Site,
    set: SetLine,
    questions: Vec<ListedQuestion>,
}

async fn set(
    site: Data<Site>,
    db: Data<PgPool>,
    id: Path<String>,
) -> Result<HttpResponse, HttpError> {
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    let sets = queries::list(&mut db).await.map_err(HttpError::internal)?;
    let listed = sets.into_iter().find(|set| set.id == *id).ok_or_else(HttpError::not_found)?;
    let questions = queries::list_questions(&mut db, &listed.id, listed.version)
        .await
        .map_err(HttpError::internal)?;
    page(&SetPage { site: &site, set: SetLine::from(listed), questions })
}

#[derive(Template)]
#[template(path = "battle/coverage.html")]
struct CoveragePage<'a> {
    site: &'a Site,
    lines: Vec<CoverageLine>,
}

struct CoverageLine {
    set: String,
    model: String,
    questions: String,
    complete: String,
    part: String,
    failed: String,
}

async fn coverage(site: Data<Site>, ring: Data<Ring>) -> Result<HttpResponse, HttpError> {
    let mut db = ring.db.acquire().await.map_err(HttpError::internal)?;
    let conditions = stored::conditions(&ring.answering);
    let found = stored::queries::list_coverage(&mut db, &conditions).await;
    let line = |found: stored::queries::Coverage| CoverageLine {
        questions: wording::count(found.questions),
        complete: wording::count(found.complete),
        part: format!("{:.0} %", 100.0 * found.complete as f64 / found.questions as f64),
        failed: wording::count(found.failed),
        set: found.set,
        model: found.model,
    };
    let lines = found.map_err(HttpError::internal)?.into_iter().map(line).collect();
    page(&CoveragePage { site: &site, lines })
}

/// `GET /sets`, `GET /sets/coverage` and `GET /sets/{id}`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/sets", web::get().to(sets))
        .route("/sets/coverage", web::get().to(coverage))
        .route("/sets/{id}", web::get().to(set));
}
