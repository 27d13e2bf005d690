//! A report as files: one page, one JSON, a CSV and a specification a figure, and a list of them with their digests.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::charts::{self, ChartError};
use super::document::{Cell, Figure, Report};
use super::pages;

/// The list of the files, in the form that `sha256sum -c` reads.
pub const INDEX: &str = "SHA256SUMS";

/// Why a report could not be put into files.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// A figure cannot be drawn.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// A claim points to nothing.
    #[error("the claim {0} belongs to the section {1}, which the report does not have")]
    NoSection(String, &'static str),
    /// Two figures, or two sections, would have one address.
    #[error("the report has {0:?} twice, or it is not lower case with hyphens")]
    Name(&'static str),
    /// A static file is not in the binary.
    #[error("the file {0} is not in this program")]
    NoAsset(&'static str),
    /// The page could not be put together.
    #[error("the page could not be written")]
    Page(#[from] askama::Error),
    /// A table could not be put together.
    #[error("a table could not be written")]
    Csv(#[from] csv::Error),
    /// A document could not be put together.
    #[error("a document could not be written")]
    Json(#[from] serde_json::Error),
    /// The folder or a file in it cannot be written.
    #[error("{path} could not be written", path = path.display())]
    Disk {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// One file of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name, without a folder.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// A table as CSV: the keys of its columns, then its rows; numbers with all their digits, empty where nothing is known.
pub fn csv(figure: &Figure) -> Result<Vec<u8>, FilesError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(figure.table.columns.iter().map(|column| column.key))?;
    for row in &figure.table.rows {
        writer.write_record(row.iter().map(|cell| match cell {
            Cell::Text(text) => text.clone(),
            Cell::Number(number) => number.to_string(),
            Cell::Count(count) => count.to_string(),
            Cell::Missing => String::new(),
        }))?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()).into())
}

/// The Vega-Lite specification of a figure, with its data; `None` where it is a table alone.
pub fn spec(figure: &Figure) -> Result<Option<Vec<u8>>, FilesError> {
    charts::draw(figure)?.map(|drawing| pretty(&drawing.alone())).transpose()
}

/// The whole report.
pub fn json(report: &Report) -> Result<Vec<u8>, FilesError> {
    pretty(report)
}

pub(super) fn pretty(value: &impl serde::Serialize) -> Result<Vec<u8>, FilesError> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// All files of a report but their list, the page first.
pub fn all(report: &Report) -> Result<Vec<File>, FilesError> {
    check_names(report)?;
    let mut files = vec![
        File { name: "report.html".to_owned(), bytes: pages::file(report)?.into_bytes() },
        File { name: "report.json".to_owned(), bytes: json(report)? },
    ];
    for figure in report.figures() {
        files.push(File { name: format!("{}.csv", figure.id), bytes: csv(figure)? });
        if let Some(bytes) = spec(figure)? {
            files.push(File { name: format!("{}.vl.json", figure.id), bytes });
        }
    }
    Ok(files)
}

/// Names become files and addresses, so they must be plain and different.
fn check_names(report: &Report) -> Result<(), FilesError> {
    let plain = |name: &str| {
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !name.is_empty() && name.bytes().all(letter)
    };
    // Figures and sections are places on one page.
    let ids = report
        .figures()
        .map(|figure| figure.id)
        .chain(report.sections.iter().map(|section| section.id));
    let mut seen = HashSet::from(["main", "claims"]);
    for id in ids {
        if !plain(id) || !seen.insert(id) {
            return Err(FilesError::Name(id));
        }
    }
    Ok(())
}

/// Writes a report into a folder, and returns the names of its files, the list included.
///
/// Everything is put together before the first file is written, each file is replaced as a whole, and the list comes
/// last. Files of an earlier report that this one no longer has are removed if they are as they were written; whatever
/// else is in the folder stays.
pub fn write(report: &Report, folder: &Path) -> Result<Vec<String>, FilesError> {
    let files = all(report)?;
    let disk = |path: &Path, source| FilesError::Disk { path: path.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(|source| disk(folder, source))?;
    let earlier = std::fs::read_to_string(folder.join(INDEX)).unwrap_or_default();
    let mut list = String::new();
    for file in &files {
        replace(folder, &file.name, &file.bytes)
            .map_err(|source| disk(&folder.join(&file.name), source))?;
        list.push_str(&format!("{}  {}\n", digest(&file.bytes), file.name));
    }
    replace(folder, INDEX, list.as_bytes()).map_err(|source| disk(&folder.join(INDEX), source))?;
    for (sum, name) in earlier.lines().filter_map(|line| line.split_once("  ")) {
        let path = folder.join(name);
        let kept = files.iter().any(|file| file.name == name);
        // A list that somebody else wrote must not reach beyond the folder.
        let ours = !kept && !name.contains(['/', '\\']) && name != ".." && name != INDEX;
        if ours && std::fs::read(&path).is_ok_and(|bytes| digest(&bytes) == sum) {
            std::fs::remove_file(&path).map_err(|source| disk(&path, source))?;
        }
    }
    Ok(files.into_iter().map(|file| file.name).chain([INDEX.to_owned()]).collect())
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A reader sees the old file or the new one, never a part.
fn replace(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let partial = folder.join(format!(".{name}.partial"));
    let mut file = std::fs::File::create(&partial)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    let done = written.and_then(|()| std::fs::rename(&partial, folder.join(name)));
    if done.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    done
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::document::Chart;
    use crate::report::sample;

    /// A folder that is gone when the test is.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            let name = format!("doubleblind-report-{}", uuid::Uuid::new_v4());
            Self(std::env::temp_dir().join(name))
        }

        fn names(&self) -> HashSet<String> {
            let entries = std::fs::read_dir(&self.0).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    /// Equal but for the last digit, which the parser of serde_json may miss.
    fn assert_same(a: &Value, b: &Value) {
        match (a, b) {
            (Value::Object(a), Value::Object(b)) => {
                assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
                a.values().zip(b.values()).for_each(|(a, b)| assert_same(a, b));
            }
            (Value::Array(a), Value::Array(b)) => {
                assert_eq!(a.len(), b.len());
                a.iter().zip(b).for_each(|(a, b)| assert_same(a, b));
            }
            (Value::Number(a), Value::Number(b)) => {
                let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
                assert!((a - b).abs() <= 1e-15 * b.abs(), "{a} {b}");
            }
            _ => assert_eq!(a, b),
        }
    }

    #[test]
    fn a_csv_has_the_numbers_of_its_table() {
        for figure in sample::report().figures() {
            let bytes = csv(figure).unwrap();
            let mut reader = csv::Reader::from_reader(bytes.as_slice());
            let keys: Vec<_> = figure.table.columns.iter().map(|column| column.key).collect();
            assert_eq!(reader.headers().unwrap(), keys);
            let records: Vec<_> = reader.records().collect::<Result<_, _>>().unwrap();
            assert_eq!(records.len(), figure.table.rows.len());
            for (record, row) in records.iter().zip(&figure.table.rows) {
                for (field, cell) in record.iter().zip(row) {
                    match cell {
                        Cell::Number(number) => assert_eq!(field.parse(), Ok(*number)),
                        Cell::Count(count) => assert_eq!(field.parse(), Ok(*count)),
                        Cell::Text(text) => assert_eq!(field, text),
                        Cell::Missing => assert_eq!(field, ""),
                    }
                }
            }
        }
    }

    #[test]
    fn the_json_is_the_report() {
        let report = sample::report();

        let read: serde_json::Value = serde_json::from_slice(&json(&report).unwrap()).unwrap();

        assert_same(&read, &serde_json::to_value(&report).unwrap());
        assert_eq!(read["claims"][0]["verdict"], "supported");
        assert_eq!(read["claims"][2]["votes_needed"], 12_345);
        assert_eq!(
            read["sections"][0]["figures"][0]["table"]["rows"][0][1],
            "Qwen3-235B-A22B-Instruct"
        );
    }

    #[test]
    fn a_folder_holds_what_its_list_names_and_what_was_there_before() {
        let folder = Folder::new();
        std::fs::create_dir_all(&folder.0).unwrap();
        std::fs::write(folder.0.join("notes.txt"), "mine").unwrap();
        let report = sample::report();

        let written = write(&report, &folder.0).unwrap();

        let list = std::fs::read_to_string(folder.0.join(INDEX)).unwrap();
        let mut named: HashSet<String> = HashSet::from([INDEX.to_owned()]);
        for line in list.lines() {
            let (sum, name) = line.split_once("  ").unwrap();
            assert_eq!(digest(&std::fs::read(folder.0.join(name)).unwrap()), sum, "{name}");
            named.insert(name.to_owned());
        }
        assert_eq!(written.iter().cloned().collect::<HashSet<_>>(), named);
        let figures = report.figures().count();
        assert_eq!(named.len(), 3 + figures + (figures - 1));
        named.insert("notes.txt".to_owned());
        assert_eq!(folder.names(), named);
    }

    #[test]
    fn a_second_report_removes_what_only_the_first_had_unless_it_was_changed() {
        let folder = Folder::new();
        let mut report = sample::report();
        write(&report, &folder.0).unwrap();
        std::fs::write(folder.0.join("agreement.csv"), "changed by hand").unwrap();
        std::fs::write(folder.0.join("battles.csv"), "changed by hand").unwrap();

        report.sections[1].figures.retain(|figure| !["agreement", "wins"].contains(&figure.id));
        write(&report, &folder.0).unwrap();

        let names = folder.names();
        assert!(!names.contains("wins.csv") && !names.contains("wins.vl.json"));
        assert!(names.contains("agreement.csv"), "somebody changed it");
        let battles = std::fs::read_to_string(folder.0.join("battles.csv")).unwrap();
        assert!(battles.starts_with("model,"), "it belongs to this report and is written again");
    }

    #[test]
    fn a_list_cannot_remove_files_outside_the_folder() {
        let folder = Folder::new();
        let inner = folder.0.join("inner");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(folder.0.join("precious"), "x").unwrap();
        std::fs::write(inner.join(INDEX), format!("{}  ../precious\n", digest(b"x"))).unwrap();

        write(&sample::report(), &inner).unwrap();

        assert!(folder.0.join("precious").exists());
    }

    #[test]
    fn a_report_that_cannot_be_drawn_writes_nothing() {
        let folder = Folder::new();
        let mut report = sample::report();
        report.sections[1].figures[0].chart =
            Some(Chart::Bars { category: "no_such", value: "models", group: None });

        assert!(matches!(write(&report, &folder.0), Err(FilesError::Chart(_))));
        assert!(!folder.0.exists());
    }

    #[test]
    fn two_figures_of_one_name_are_refused() {
        let mut report = sample::report();
        report.sections[0].figures[0].id = "wins";
        assert!(matches!(all(&report), Err(FilesError::Name("wins"))));

        report.sections[0].figures[0].id = "../up";
        assert!(matches!(all(&report), Err(FilesError::Name("../up"))));
    }
}
