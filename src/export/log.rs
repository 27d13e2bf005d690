//! Writes the journal as a folder that anybody can check; `arena_core::journal::verify` says what lies in it.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use arena_core::journal::verify::{Text, Wanted};
use sha2::{Digest, Sha256};

/// How to check the folder, in words.
pub(super) const README: &str = include_str!("log.txt");

/// A folder that is being written: leaves in order, other pieces in any order, checkpoint and key at the end.
pub struct Folder {
    folder: PathBuf,
    log: BufWriter<File>,
    texts: Option<BufWriter<File>>,
    leaves: u64,
}

impl Folder {
    /// Begins with an empty folder, or one that is not there yet. **Errors** if there is something in it.
    pub fn create(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        if fs::read_dir(folder)?.next().is_some() {
            let message = "the folder is not empty; name another one or remove what is in it";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        fs::create_dir(folder.join("policies"))?;
        fs::create_dir(folder.join("snapshots"))?;
        let log = BufWriter::new(File::create(folder.join("log.jsonl"))?);
        Ok(Self { folder: folder.to_owned(), log, texts: None, leaves: 0 })
    }

    /// Writes the next leaf, as stored. The last one is the last that the checkpoint is of.
    pub fn leaf(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.log.write_all(bytes)?;
        self.log.write_all(b"\n")?;
        self.leaves += 1;
        Ok(())
    }

    /// Writes the file of a policy.
    pub fn policy(&self, bytes: &[u8]) -> io::Result<()> {
        self.write(Wanted::Policy(Sha256::digest(bytes).into()), bytes)
    }

    /// Writes a published board and its settings.
    pub fn board(&self, board: &[u8], settings: &[u8]) -> io::Result<()> {
        let digest = Sha256::digest(board).into();
        self.write(Wanted::Board(digest), board)?;
        self.write(Wanted::Settings(digest), settings)
    }

    fn write(&self, place: Wanted, bytes: &[u8]) -> io::Result<()> {
        fs::write(self.folder.join(place.path()), bytes)
    }

    /// Writes a text that may be published and was not erased.
    pub fn text(&mut self, text: &Text) -> io::Result<()> {
        if self.texts.is_none() {
            let file = File::create(self.folder.join("texts.jsonl"))?;
            self.texts = Some(BufWriter::new(file));
        }
        let Some(texts) = &mut self.texts else { return Ok(()) };
        texts.write_all(text.to_line().as_bytes())
    }

    /// Ends the folder. **Output** the number of leaves.
    pub fn finish(mut self, checkpoint: &str, vkey: &str) -> io::Result<u64> {
        self.log.flush()?;
        if let Some(texts) = &mut self.texts {
            texts.flush()?;
        }
        fs::write(self.folder.join("checkpoint"), checkpoint)?;
        fs::write(self.folder.join("vkey"), format!("{vkey}\n"))?;
        fs::write(self.folder.join("README.txt"), README)?;
        Ok(self.leaves)
    }
}
