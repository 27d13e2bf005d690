//! The three formats.

use std::collections::HashMap;
use std::io::Write;

use arena_core::ranking::{BothBadRule, TieRule};

use crate::cli::Outcome;
use crate::ranking::line::{COLUMNS, Line};

use super::Format;
use super::document::{Choices, Document, Entry, Scale};

pub(super) fn print(document: &Document, format: Format) -> Outcome {
    let mut out = std::io::stdout().lock();
    match format {
        Format::Json => writeln!(out, "{}", serde_json::to_string_pretty(document)?)?,
        Format::Csv => {
            let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(out);
            writer.write_record(COLUMNS)?;
            for entry in &document.models {
                writer.serialize(&entry.line)?;
            }
            writer.flush()?;
        }
        Format::Table => write!(out, "{}", table(document))?,
    }
    Ok(())
}

fn table(document: &Document) -> String {
    let names = document.models.iter().map(|entry| entry.line.model.chars().count());
    let width = names.max().unwrap_or(5).max(5);
    let raw: Option<HashMap<&str, Option<f64>>> = document.raw_models.as_ref().map(|entries| {
        entries.iter().map(|entry| (entry.line.model.as_str(), entry.line.rating)).collect()
    });
    let mut text = format!("{:>4} {:>7}  {:<width$} {:>8}", "rank", "spread", "model", "rating");
    if raw.is_some() {
        text.push_str(&format!(" {:>8}", "raw"));
    }
    text.push_str(&format!(" {:>19} {:>8}  status\n", "95 % interval", "votes"));
    for Entry { line, .. } in &document.models {
        let raw = raw.as_ref().map(|raw| raw.get(line.model.as_str()).copied().flatten());
        text.push_str(&table_row(line, width, raw));
    }
    text.push_str(&format!("\n{}\n", note(document)));
    text
}

fn table_row(line: &Line, width: usize, raw: Option<Option<f64>>) -> String {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let number = |value: Option<f64>| or_dash(value.map(|value| format!("{value:.1}")));
    let spread = line.rank_low.zip(line.rank_high).map(|(low, high)| format!("{low}-{high}"));
    let interval =
        line.ci_low.zip(line.ci_high).map(|(low, high)| format!("{low:.1} .. {high:.1}"));
    let raw = raw.map_or(String::new(), |raw| format!(" {:>8}", number(raw)));
    format!(
        "{:>4} {:>7}  {:<width$} {:>8}{raw} {:>19} {:>8}  {}\n",
        or_dash(line.rank.map(|rank| rank.to_string())),
        or_dash(spread),
        line.model,
        number(line.rating),
        or_dash(interval),
        line.votes,
        line.status
    )
}

/// One line that says what the table shows.
fn note(document: &Document) -> String {
    let settings = &document.settings;
    let mut parts = vec![format!("{} votes, {} used", document.votes, document.used_votes)];
    if document.skipped_rows > 0 {
        parts.push(format!("{} rows left out", document.skipped_rows));
    }
    parts.push(method(settings));
    parts.push(worth(settings));
    parts.push(match &settings.scale {
        Scale::Mean(_) if settings.method == "elo" => "all start at 1000".to_owned(),
        Scale::Mean(mean) => format!("mean {mean}"),
        Scale::Reference { models, rating } => {
            format!("mean of {} models = {rating}", models.len())
        }
        Scale::Anchor { model, rating } => format!("{model} fixed at {rating}"),
    });
    if settings.style {
        parts.push("length and formatting taken out, raw beside it".to_owned());
    }
    if settings.reweight.is_some() {
        parts.push("all pairs weigh the same".to_owned());
    }
    if let Some(cap) = settings.voter_cap {
        parts.push(format!("a voter weighs at most {cap} votes"));
    }
    if settings.method == "elo" {
        parts.push("no interval: it depends on the order of the votes".to_owned());
    } else {
        parts.push(interval(settings));
        parts.push("spread: places possible for all models at once, 95 %".to_owned());
    }
    parts.join("; ")
}

fn method(settings: &Choices) -> String {
    match (settings.method, settings.elo_orders) {
        ("elo", Some(orders)) => format!("mean of Elo over {orders} random orders"),
        ("elo", None) => "Elo in the order of the file".to_owned(),
        ("davidson", _) => "Davidson".to_owned(),
        ("rao_kupper", _) => "Rao-Kupper".to_owned(),
        _ => "Bradley-Terry".to_owned(),
    }
}

fn worth(settings: &Choices) -> String {
    let own = ["davidson", "rao_kupper"].contains(&settings.method);
    let even = if own { "an outcome of its own" } else { "half a win each" };
    match (settings.coding.ties, settings.coding.both_bad) {
        (TieRule::Half, BothBadRule::Half) => format!("ties and both-bad votes are {even}"),
        (TieRule::Half, BothBadRule::Drop) => format!("ties are {even}, both-bad votes left out"),
        (TieRule::Drop, BothBadRule::Half) => format!("ties left out, both-bad votes are {even}"),
        (TieRule::Drop, BothBadRule::Drop) => "ties and both-bad votes left out".to_owned(),
    }
}

fn interval(settings: &Choices) -> String {
    let kept = match settings.cluster {
        "voter" => ", votes of one voter kept together",
        "prompt" => ", votes on one prompt kept together",
        "both" => ", votes of one voter and on one prompt kept together",
        _ => "",
    };
    match settings.resamples {
        Some(draws) => format!("interval: bootstrap, {draws} draws{kept}"),
        None if settings.interval == "none" => "no interval asked for".to_owned(),
        None => format!("interval: sandwich{kept}"),
    }
}
