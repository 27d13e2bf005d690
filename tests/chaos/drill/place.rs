//! A folder for one drill: data, programs, a model file and logs; removed at the end.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use arena_core::ids::ModelId;
use doubleblind::pool::{self, GgufFile, Model, Source};
use sha2::{Digest, Sha256};
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

/// Small files with a header that every check accepts; the reader's own tests use it too.
#[expect(dead_code, reason = "it also makes files that are not accepted")]
#[cfg(test)]
#[path = "../../../src/arena-core/src/gguf/builder.rs"]
mod builder;

/// Name of the worker program, in its command line too.
pub(crate) const WORKER: &str = "chaos-worker";
/// Neither is a word of what the workers answer.
const MODELS: [&str; 4] = ["Aster", "Birch", "Cedar", "Dogwood"];

/// The folder of one drill.
pub(crate) struct Place {
    root: PathBuf,
    mounted: bool,
}

impl Place {
    pub(crate) fn new(name: &str) -> Result<Self> {
        let root =
            std::env::temp_dir().join(format!("doubleblind-chaos-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        for folder in ["home", "data", "sets"] {
            std::fs::create_dir_all(root.join(folder))?;
        }
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/faults/worker.sh");
        symlink(program, root.join(WORKER))?;
        std::fs::write(root.join("model.gguf"), builder::Builder::valid().build().0)?;
        Ok(Self { root, mounted: false })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The data folder of the arena: its database, key and anchor.
    pub(crate) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// Puts a file system of its own, in memory and of this size, in the place of the data folder.
    pub(crate) fn mount(&mut self, megabytes: u64) -> Result<()> {
        let size = format!("size={megabytes}m,mode=755");
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(self.data());
        let output = command.output().context("mount")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
        self.mounted = true;
        Ok(())
    }

    /// Puts four models into the pool: small files that differ in the last byte of their weights.
    pub(crate) async fn add_models(&self, url: &str) -> Result<()> {
        let file = std::fs::read(self.root.join("model.gguf"))?;
        let mut db = PgConnection::connect(url).await?;
        for (number, name) in (1..).zip(MODELS) {
            let path = self.root.join(format!("{name}.gguf"));
            let mut bytes = file.clone();
            if let Some(last) = bytes.last_mut() {
                *last = number;
            }
            std::fs::write(&path, &bytes)?;
            let found = path.metadata()?;
            let file = GgufFile {
                architecture: "llama".to_owned(),
                parameter_count: 1_000_000,
                quantization: "F16".to_owned(),
                path: path.clone(),
                size_bytes: i64::try_from(found.len())?,
                modified_at: found.modified()?.into(),
                sha256: hex::encode(Sha256::digest(&bytes)),
                chat_template: None,
                template_source: "file".to_owned(),
            };
            pool::add(&mut db, &model(name, file)).await?;
        }
        db.close().await?;
        Ok(())
    }
}

fn model(name: &str, file: GgufFile) -> Model {
    Model {
        id: ModelId(Uuid::new_v4()),
        name: name.to_owned(),
        maker: format!("{name} Works"),
        country: "FR".to_owned(),
        licence: "Apache-2.0".to_owned(),
        base_model: None,
        context_tokens: 4096,
        source: Source::File(file),
        weight: 1,
        retired_at: None,
        quarantine: None,
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.mounted {
            let _ = Command::new("umount").arg("-l").arg(self.data()).status();
        }
        if std::env::var_os("CHAOS_KEEP").is_none() {
            let _ = std::fs::remove_dir_all(&self.root);
        }
    }
}
