//! Pages of the report: one on the site, one that works from a disk. Words and numbers are decided here.

use actix_web::HttpResponse;
use askama::Template;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::charts::plot;
use super::document::{Claim, Measured, Report, Section, Untested, Verdict};
use super::figure::{FigurePart, Place, count, data_link, figure_part, inert};
use super::files::FilesError;
use super::palette;
use crate::config::Site;
use crate::kit::assets;
use crate::kit::http::{HttpError, page};

/// The scripts that draw, in the order in which they need each other.
pub(super) const SCRIPTS: [&str; 4] =
    ["vendor/vega.min.js", "vendor/vega-lite.min.js", "vendor/vega-interpreter.js", "report.js"];

/// The whole report in the words of a page.
struct Body<'a> {
    title: &'a str,
    summary: &'a [String],
    claims: Vec<ClaimPart<'a>>,
    untested: Vec<UntestedPart<'a>>,
    sections: Vec<SectionPart<'a>>,
    themes: String,
    json: String,
}

struct ClaimPart<'a> {
    id: &'a str,
    anchor: String,
    words: &'a str,
    statistic: &'a str,
    estimate: String,
    interval: String,
    verdict: &'static str,
    verdict_class: &'static str,
    reason: &'a str,
    votes: String,
    needed: Option<String>,
    section: &'static str,
    section_title: &'a str,
    curve: Option<FigurePart<'a>>,
}

/// A claim without a number.
struct UntestedPart<'a> {
    id: &'a str,
    words: &'a str,
    verdict: &'static str,
    reason: &'a str,
    votes: String,
    section: &'static str,
    section_title: &'a str,
}

struct SectionPart<'a> {
    id: &'static str,
    title: &'a str,
    paragraphs: &'a [String],
    source: &'a str,
    figures: Vec<FigurePart<'a>>,
}

#[derive(Template)]
#[template(path = "report/report.html")]
struct SitePage<'a> {
    site: &'a Site,
    body: Body<'a>,
    scripts: [&'static str; 4],
}

#[derive(Template)]
#[template(path = "report/file.html")]
struct FilePage<'a> {
    body: Body<'a>,
    policy: String,
    style: String,
    scripts: Vec<String>,
    licences: String,
}

/// The report as a page of the site.
pub fn site(site: &Site, report: &Report) -> Result<HttpResponse, HttpError> {
    let body = body(report, Place::Site).map_err(HttpError::internal)?;
    page(&SitePage { site, body, scripts: SCRIPTS })
}

/// The report as one page that needs no other file and no network.
pub fn file(report: &Report) -> Result<String, FilesError> {
    let asset = |path: &'static str| assets::text(path).ok_or(FilesError::NoAsset(path));
    let scripts: Vec<String> = SCRIPTS.into_iter().map(asset).collect::<Result<_, _>>()?;
    let style = asset("site.css")?;
    // The page allows what it carries, by digest, and nothing else: text that became markup by a mistake stays inert.
    let digest =
        |text: &String| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
    let allowed: Vec<String> = scripts.iter().map(digest).collect();
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
        allowed.join(" "),
        digest(&style)
    );
    let body = body(report, Place::Inside)?;
    let licences = asset("vendor/LICENSES.txt")?;
    Ok(FilePage { body, policy, style, scripts, licences }.render()?)
}

fn body(report: &Report, place: Place) -> Result<Body<'_>, FilesError> {
    let json = match place {
        Place::Site => "/report.json".to_owned(),
        Place::Inside => data_link("application/json", &serde_json::to_vec(report)?),
    };
    Ok(Body {
        title: &report.title,
        summary: &report.summary,
        claims: report
            .claims
            .iter()
            .map(|claim| claim_part(report, claim, place))
            .collect::<Result<_, _>>()?,
        untested: report
            .untested
            .iter()
            .map(|claim| untested_part(report, claim))
            .collect::<Result<_, _>>()?,
        sections: report
            .sections
            .iter()
            .map(|section| section_part(section, place))
            .collect::<Result<_, _>>()?,
        themes: inert(&palette::themes()),
        json,
    })
}

/// The section that a claim belongs to.
fn section_of<'a>(
    report: &'a Report,
    claim: &str,
    id: &'static str,
) -> Result<&'a Section, FilesError> {
    let mut sections = report.sections.iter();
    let missing = || FilesError::NoSection(claim.to_owned(), id);
    sections.find(|section| section.id == id).ok_or_else(missing)
}

fn untested_part<'a>(
    report: &'a Report,
    claim: &'a Untested,
) -> Result<UntestedPart<'a>, FilesError> {
    let section = section_of(report, &claim.id, claim.section)?;
    Ok(UntestedPart {
        id: &claim.id,
        words: &claim.words,
        verdict: claim.verdict.as_str(),
        reason: &claim.reason,
        votes: count(claim.votes),
        section: section.id,
        section_title: &section.title,
    })
}

fn claim_part<'a>(
    report: &'a Report,
    claim: &'a Claim,
    place: Place,
) -> Result<ClaimPart<'a>, FilesError> {
    let section = section_of(report, &claim.id, claim.section)?;
    let Measured { value, low, high } = claim.estimate;
    let decimals = decimals(high - low);
    let number = |number| plot::decimal(number, decimals);
    Ok(ClaimPart {
        id: &claim.id,
        anchor: format!("claim-{}", claim.id.to_lowercase()),
        words: &claim.words,
        statistic: &claim.statistic,
        estimate: number(value),
        interval: format!("{} to {}", number(low), number(high)),
        verdict: claim.verdict.as_str(),
        verdict_class: match claim.verdict {
            Verdict::Supported => "supported",
            Verdict::NotSupported => "refuted",
            Verdict::NotEnoughVotes => "open",
        },
        reason: &claim.reason,
        votes: count(claim.votes),
        needed: claim.votes_needed.map(count),
        section: section.id,
        section_title: &section.title,
        curve: claim.curve.as_ref().map(|figure| figure_part(figure, place)).transpose()?,
    })
}

fn section_part(section: &Section, place: Place) -> Result<SectionPart<'_>, FilesError> {
    let figures = section.figures.iter().map(|figure| figure_part(figure, place));
    Ok(SectionPart {
        id: section.id,
        title: &section.title,
        paragraphs: &section.paragraphs,
        source: &section.source,
        figures: figures.collect::<Result<_, _>>()?,
    })
}

/// Digits that an interval of this width leaves meaningful: its width has at least two.
fn decimals(width: f64) -> usize {
    match width {
        width if width >= 10.0 => 1,
        width if width >= 1.0 => 2,
        width if width >= 0.1 => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::whereabouts::Whereabouts;
    use crate::report::sample;

    fn site_page() -> String {
        let site = Site {
            name: "Test".to_owned(),
            assets: "0".to_owned(),
            whereabouts: Whereabouts::default(),
        };
        let report = sample::report();
        let body = body(&report, Place::Site).unwrap();
        SitePage { site: &site, body, scripts: SCRIPTS }.render().unwrap()
    }

    #[test]
    fn hostile_names_stay_text_on_both_pages() {
        for page in [site_page(), file(&sample::report()).unwrap()] {
            assert!(!page.contains("alert(1)</script>"));
            assert!(!page.contains("<script>alert"));
            assert!(page.contains("&#60;script&#62;alert(1)"), "it is shown");
            assert!(page.contains("\\u003c/script>\\u003cscript>alert(1)"), "it is drawn");
        }
    }

    #[test]
    fn every_table_stands_on_the_page_whole_and_without_scripts() {
        let report = sample::report();
        let page = file(&report).unwrap();

        let rows: usize = report.figures().map(|figure| figure.table.rows.len() + 1).sum();
        assert_eq!(page.matches("<tr>").count(), rows);
        assert_eq!(page.matches("<table").count(), report.figures().count());
        assert_eq!(page.matches("data-chart=").count(), report.figures().count() - 1);
    }

    #[test]
    fn the_page_for_a_disk_names_no_other_address() {
        let page = file(&sample::report()).unwrap();
        let (start, rest) = page.split_once("<style>").unwrap();
        let (_, rest) = rest.split_once("</style>").unwrap();
        let (body, _) = rest.split_once("<script>").unwrap();

        for part in [start, body] {
            for word in [" src=", "<link", "href=\"/", "href=\"http", "url("] {
                assert!(!part.contains(word), "{word}");
            }
        }
        assert!(start.contains("Content-Security-Policy"));
        assert_eq!(start.matches("sha256-").count(), SCRIPTS.len() + 1);
    }

    #[test]
    fn what_is_inlined_cannot_end_its_element() {
        for path in SCRIPTS.into_iter().chain(["site.css"]) {
            let text = assets::text(path).unwrap().to_lowercase();
            for word in ["</script", "<!--", "</style"] {
                assert!(!text.contains(word), "{path}: {word}");
            }
        }
    }

    #[test]
    fn a_claim_says_its_verdict_its_interval_and_the_votes_needed_in_words() {
        let page = site_page();

        for words in [
            "not enough votes",
            "59.0",
            "41.2 to 76.9",
            "−0.0123",
            "1\u{202F}670\u{202F}250",
            "12\u{202F}345",
        ] {
            assert!(page.contains(words), "{words}");
        }
        assert!(page.contains("href=\"#public-record\""));
        assert!(page.contains("No sea has a rating yet."), "claims without a number are shown too");
    }

    #[test]
    fn the_site_links_to_an_address_for_every_file() {
        let page = site_page();

        for figure in sample::report().figures() {
            assert!(page.contains(&format!("href=\"/report/{}.csv\"", figure.id)));
            let spec = page.contains(&format!("href=\"/report/{}.vl.json\"", figure.id));
            assert_eq!(spec, figure.chart.is_some(), "{}", figure.id);
        }
    }

    #[test]
    fn numbers_have_the_digits_of_their_column_and_a_true_minus() {
        let page = site_page();

        assert!(page.contains(">0.661<"), "0.6607 at three digits");
        assert!(page.contains(">0.000<"), "no minus before zero");
        assert!(page.contains(">−2.0<") || page.contains(">−10.0<"));
    }

    #[test]
    fn a_claim_about_a_section_that_is_not_there_is_an_error() {
        let mut report = sample::report();
        report.claims[0].section = "nowhere";

        assert!(matches!(file(&report), Err(FilesError::NoSection(_, "nowhere"))));
    }
}
