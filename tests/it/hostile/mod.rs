//! Hostile model files never reach a worker: every header of the core's table is refused by the only
//! door there is, before a process is started.
#![cfg(test)]

#[expect(dead_code, reason = "the builder has more than is needed here")]
#[path = "../../../src/arena-core/src/gguf/builder.rs"]
mod builder;
#[path = "../../../src/arena-core/src/gguf/hostile/mod.rs"]
mod table;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use doubleblind::config::Workers;
use doubleblind::validation::{Submission, ValidationError, admit, inspect};

use self::builder::Builder;
use crate::database::database;

/// A folder with a worker program that leaves a trace, removed with its test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("doubleblind-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, builder: &Builder) -> PathBuf {
        let path = self.0.join("model.gguf");
        std::fs::write(&path, builder.build().0).unwrap();
        path
    }

    fn trace(&self) -> PathBuf {
        self.0.join("started")
    }

    fn workers(&self) -> Workers {
        let program = self.0.join("worker.sh");
        std::fs::write(&program, format!("#!/bin/sh\n: > '{}'\n", self.trace().display())).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        Workers { threads: 1, context_tokens: 256, sequences: 1, ..Workers::running(program) }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn submission(file: &Path) -> Submission {
    Submission {
        file: file.to_owned(),
        name: "Hostile".to_owned(),
        maker: "Nobody".to_owned(),
        country: "XX".to_owned(),
        licence: "none".to_owned(),
        base_model: None,
        chat_template: None,
    }
}

#[test]
fn every_hostile_file_is_refused_by_the_inspection_of_its_header() {
    let folder = Folder::new("hostile-table");
    for (name, change, variant) in table::all() {
        let mut builder = Builder::valid();
        change(&mut builder);

        let refused = inspect(&folder.write(&builder)).unwrap_err();

        assert!(matches!(refused, ValidationError::Header { .. }), "{name}: {refused:?}");
        let (_, words) = table::WORDS.iter().find(|(each, _)| *each == variant).unwrap();
        assert!(refused.to_string().contains(words), "{name}: {refused}");
    }
    assert!(inspect(&folder.write(&Builder::valid())).is_ok());
}

#[tokio::test]
async fn a_worker_is_started_for_a_valid_header_and_for_no_hostile_one() {
    let folder = Folder::new("hostile-admission");
    let (database, workers) = (database().await, folder.workers());
    let db = database.pool();

    for (name, change, _) in table::all() {
        let mut builder = Builder::valid();
        change(&mut builder);
        let file = folder.write(&builder);

        let refused = admit(&db, &workers, submission(&file), |_| {}).await.unwrap_err();

        assert!(matches!(refused, ValidationError::Header { .. }), "{name}: {refused}");
        assert!(!folder.trace().exists(), "{name}: a worker was started");
    }

    // The same door opens for a header without fault, so the trace would have been seen.
    let file = folder.write(&Builder::valid());
    let failed = admit(&db, &workers, submission(&file), |_| {}).await.unwrap_err();
    assert!(matches!(failed, ValidationError::Load(_)), "{failed}");
    assert!(folder.trace().exists());
}
