//! The rules of the project that can be checked on its text. A rule that had to be explained twice
//! belongs here. What clippy checks (lengths of functions, `unwrap`) is not repeated.
#![cfg(test)]

mod styles;

use std::path::Path;

use sha2::{Digest, Sha256};

/// The stages in the order in which data flows.
const STAGES: &str = "journal account pool inference battle vote me ranking tracks snapshot \
                      leaderboard export report operator";
const MAX_LINES: usize = 400;
/// This file names what it forbids.
const SELF: &str = "tests/it/tidy/mod.rs";

/// The text of a file of the checkout.
pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files below a folder of the checkout, as paths from its root; what tools make is left out.
pub(crate) fn files_below(folder: &str) -> Vec<String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = if folder == "." { name.clone() } else { format!("{folder}/{name}") };
        let made = [".git", "target", "data", "node_modules"].contains(&name.as_str());
        if entry.file_type().unwrap().is_file() {
            files.push(path);
        } else if !made {
            files.extend(files_below(&path));
        }
    }
    files.sort();
    files
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &str) -> Vec<String> {
    let mut files = files_below(folder);
    files.retain(|file| file.ends_with(".rs"));
    assert!(files.len() > 3, "{folder} has hardly any Rust");
    files
}

/// Files of the root package; the other two packages have rules of their own.
fn app_files() -> Vec<String> {
    let mut files = rust_files("src");
    files.retain(|file| !file.starts_with("src/arena-"));
    files
}

fn extension(file: &str) -> &str {
    file.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// The names behind `crate::`, also those in braces.
fn imports(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => names.extend(first_names(list)),
            None => names.push(identifier(rest)),
        }
    }
    names
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

/// First names of a list in braces, up to its closing brace.
fn first_names(list: &str) -> Vec<String> {
    let (mut depth, mut names, mut start) = (0, Vec::new(), true);
    for (at, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            letter if start && !letter.is_whitespace() => {
                names.push(identifier(&list[at..]));
                start = false;
            }
            _ => {}
        }
    }
    names
}

/// What code of a folder or file directly below `src` may import; none for those that see all.
fn allowed(part: &str) -> Option<Vec<&str>> {
    let (at_hand, stages) = (["kit", "config"], STAGES.split(' ').collect::<Vec<_>>());
    if let Some(place) = stages.iter().position(|stage| *stage == part) {
        return Some([&stages[..=place], &at_hand].concat());
    }
    match part {
        "validation" => Some([&["journal", "pool", "inference", part][..], &at_hand].concat()),
        "kit" | "config" => Some(vec!["kit", "config"]),
        "app.rs" | "cli" | "lib.rs" | "main.rs" | "build.rs" => None,
        other => panic!("src/{other} is neither a stage nor known here; add it to the flow"),
    }
}

#[test]
fn stages_import_earlier_stages_only() {
    for file in app_files() {
        let part = file.split('/').nth(1).unwrap();
        let Some(allowed) = allowed(part) else { continue };
        for name in imports(&read(&file)) {
            assert!(allowed.contains(&name.as_str()), "{file} imports crate::{name}");
        }
    }
}

#[test]
fn imports_are_found_in_every_form() {
    let text =
        "use crate::pool::{self, Model};\nuse crate::{ battle::{a, b}, vote };\ncrate::kit::x()";

    assert_eq!(imports(text), ["pool", "battle", "vote", "kit"]);
}

#[test]
fn checked_sql_stands_in_queries_files_and_there_is_no_other() {
    let checked = ["query!(", "query_as!(", "query_scalar!(", "query_unchecked!("];
    let unchecked =
        ["query(", "query_as(", "query_scalar(", "query_with(", "raw_sql(", "QueryBuilder"];
    for file in app_files() {
        let text = read(&file);
        for word in checked.iter().filter(|word| text.contains(**word)) {
            assert!(file.ends_with("queries.rs"), "{file}: {word}");
        }
        // It makes roles and databases, before there is a schema that SQL could be checked against.
        if ["src/kit/postgres/serve.rs", "src/kit/postgres/rights.rs"].contains(&file.as_str()) {
            continue;
        }
        for word in unchecked {
            assert!(!text.contains(&format!("sqlx::{word}")), "{file}: {word} is not checked");
        }
        assert!(!text.contains("migrate!(") || file == "src/lib.rs", "{file}");
    }
}

#[test]
fn actix_stays_at_the_edge() {
    for file in app_files().iter().filter(|file| read(file).contains("actix")) {
        let name = file.rsplit('/').next().unwrap();
        let edge = ["handlers.rs", "pages.rs"].contains(&name)
            || file.contains("/pages/")
            || file.starts_with("src/kit/")
            || [
                "src/app.rs",
                // It makes the key that signs sessions, and names actix in a comment on the runtime.
                "src/cli/serve.rs",
                "src/cli/mod.rs",
                "src/leaderboard/reveal.rs", // a page of its own
                "src/battle/stream.rs",      // a stream's error type is actix's
            ]
            .contains(&file.as_str());
        assert!(edge, "{file} knows of actix");
    }
}

#[test]
fn only_the_worker_knows_llama_cpp() {
    for file in rust_files("src").iter().filter(|file| !file.starts_with("src/arena-worker/")) {
        assert!(!read(file).contains("llama_cpp"), "{file}");
    }
}

#[test]
fn a_worker_is_started_only_for_a_file_whose_header_was_inspected() {
    let uses = |words: &str| -> Vec<String> {
        app_files().into_iter().filter(|file| read(file).contains(words)).collect()
    };

    // The trial stands behind `inspect`; the others take their files from the pool, which has what passed a trial.
    assert_eq!(uses("LocalWorker::start("), ["src/cli/replay.rs", "src/validation/mod.rs"]);
    assert_eq!(uses("LocalWorker::witnessed("), ["src/inference/job.rs"]);
    assert_eq!(uses("pool::add("), ["src/validation/mod.rs", "src/validation/remote.rs"]);
}

#[test]
fn the_core_has_neither_io_nor_clock_nor_randomness_of_its_own() {
    let forbidden = [
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "tokio",
        "SystemTime::now",
        "Instant::now",
        "OffsetDateTime::now",
        "rand::rng",
        "thread_rng",
        "SysRng",
        "from_os_rng",
    ];
    for file in rust_files("src/arena-core/src") {
        if file.contains("/tests/") || file.ends_with("/tests.rs") {
            continue;
        }
        let text = read(&file);
        let code = text.split("#[cfg(test)]").next().unwrap();
        for word in forbidden {
            assert!(!code.contains(word), "{file}: {word}");
        }
    }
}

#[test]
fn files_have_at_most_400_lines() {
    for file in files_below(".").iter().filter(|file| !is_vendored(file)) {
        let script = ["rs", "sh", "py", "js", "mjs"].contains(&extension(file));
        let lines = if script { read(file).lines().count() } else { 0 };
        assert!(lines <= MAX_LINES, "{file} has {lines} lines");
    }
}

#[test]
fn no_file_is_named_after_nothing() {
    for file in files_below(".") {
        for part in file.split('/') {
            let name = part.split('.').next().unwrap();
            assert!(!["utils", "util", "helpers", "common", "misc"].contains(&name), "{file}");
        }
    }
}

#[test]
fn unsafe_code_stands_in_few_files() {
    let places = [
        "src/kit/postgres/spawn.rs",
        "src/arena-worker/src/native.rs",
        "src/arena-worker/tests/sandbox/probe.rs",
        SELF,
    ];
    for file in [rust_files("src"), rust_files("tests")].concat() {
        let text = read(&file);
        let found = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"]
            .iter()
            .any(|word| text.contains(word));
        assert!(!found || places.contains(&file.as_str()), "{file}");
    }
}

#[test]
fn a_silenced_lint_has_a_reason() {
    for file in [rust_files("src"), rust_files("tests")].concat() {
        if file == SELF {
            continue;
        }
        let text = read(&file);
        assert!(!text.contains("[allow("), "{file}: use #[expect(lint, reason = \"…\")]");
        for (at, _) in text.match_indices("[expect(") {
            let inside = text[at..].split(']').next().unwrap();
            assert!(inside.contains("reason"), "{file}: {inside}");
        }
    }
}

#[test]
fn every_rust_file_says_what_lives_in_it() {
    for file in [rust_files("src"), rust_files("tests")].concat() {
        assert!(read(&file).starts_with("//! "), "{file} has no //! at its top");
    }
}

#[test]
fn every_dependency_has_a_reason() {
    for manifest in ["Cargo.toml", "src/arena-core/Cargo.toml", "src/arena-worker/Cargo.toml"] {
        let (text, mut listing, mut above) = (read(manifest), false, String::new());
        for line in text.lines() {
            if line.starts_with('[') {
                listing = line.ends_with("dependencies]");
            } else if listing && line.contains('=') && !line.starts_with('#') {
                // Our own packages speak for themselves.
                let reasoned =
                    line.contains('#') || above.starts_with('#') || line.contains("path =");
                assert!(reasoned, "{manifest}: {line}");
            }
            above = line.to_owned();
        }
    }
}

/// Files of other projects, kept as they were published; `static/vendor/README.md` says how they are renewed.
fn is_vendored(file: &str) -> bool {
    file.starts_with("static/vendor/") && !file.ends_with("README.md")
}

/// Files that people write, whatever their format; published questions and licences are quoted as they are.
fn own_texts() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for file in files_below(".") {
        let quoted = file.ends_with("prompts.jsonl")
            || file.contains("LICENSE")
            || is_vendored(&file)
            || file == SELF;
        match std::fs::read_to_string(root().join(&file)) {
            Ok(text) if !quoted => texts.push((file, text)),
            _ => {}
        }
    }
    texts
}

#[test]
fn no_path_of_one_machine_is_committed() {
    for (file, text) in own_texts() {
        for place in ["/root/", "/work/", "/home/", "/Users/"] {
            assert!(!text.contains(place), "{file} has {place}");
        }
    }
}

#[test]
fn no_package_registry_is_named() {
    let hosts =
        ["registry.", "pypi.", "pythonhosted.", "static.crates.", "index.crates.", "artifactory"];
    for (file, text) in own_texts() {
        for host in hosts {
            assert!(
                !text.contains(host),
                "{file} names {host}; every clone may have another mirror"
            );
        }
        assert!(
            !text.contains("\"resolved\": "),
            "{file}: npm config omit-lockfile-registry-resolved"
        );
    }
}

#[test]
fn folders_of_rules_say_them() {
    for folder in ["eval_sets", "migrations", "src", "tests"] {
        assert!(read(&format!("{folder}/README.md")).len() > 200, "{folder}/README.md is missing");
    }
}

#[test]
fn vendored_files_are_those_whose_digests_are_written_down() {
    let list = read("static/vendor/SHA256SUMS");
    let mut listed: Vec<_> = list.lines().filter_map(|line| line.split_once("  ")).collect();
    listed.sort_by_key(|(_, name)| *name);
    for (digest, name) in &listed {
        let bytes = std::fs::read(root().join("static/vendor").join(name)).unwrap();
        assert_eq!(hex::encode(Sha256::digest(bytes)), *digest, "{name}");
    }
    let names: Vec<_> = listed.iter().map(|(_, name)| format!("static/vendor/{name}")).collect();
    let mut there = files_below("static/vendor");
    there.retain(|file| !file.ends_with("README.md") && !file.ends_with("SHA256SUMS"));
    assert_eq!(there, names);
}

#[test]
fn migrations_are_named_by_time_verb_and_noun() {
    for file in files_below("migrations").iter().filter(|file| !file.ends_with("README.md")) {
        let name = file.strip_prefix("migrations/").unwrap().strip_suffix(".sql").unwrap();
        let (time, rest) = name.split_once('_').unwrap();
        assert!(time.len() == 14 && time.bytes().all(|digit| digit.is_ascii_digit()), "{file}");
        assert!(rest.contains('_'), "{file}: a verb and a noun");
    }
}

#[test]
fn templates_have_no_inline_script_or_style() {
    // A page that works from a disk carries them; its own policy names their digests.
    let alone = "templates/report/file.html";
    for file in files_below("templates").iter().filter(|file| *file != alone) {
        let text = read(file);
        for word in ["<style", " style=", "<script>", " onclick=", " onload=", "javascript:"] {
            assert!(
                !text.contains(word),
                "{file}: {word} is refused by the content security policy"
            );
        }
    }
}

#[test]
fn templates_lie_in_folders_named_after_stages() {
    for file in files_below("templates") {
        let folder = file.split('/').nth(1).unwrap();
        let known = STAGES.split(' ').any(|stage| stage == folder)
            || ["base.html", "kit"].contains(&folder);
        assert!(known, "{file} belongs to no stage");
    }
}
