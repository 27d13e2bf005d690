//! The command line of the worker: options that all have a value.

use std::path::PathBuf;

use arena_core::confinement::{Confinement, Level};

/// What the command line says.
#[derive(Debug)]
pub(crate) struct Options {
    /// The GGUF file.
    pub(crate) model: PathBuf,
    /// Threads of a decode step.
    pub(crate) threads: u32,
    /// Tokens that one conversation may have.
    pub(crate) context_tokens: u32,
    /// Answers that are written at once.
    pub(crate) sequences: u32,
    /// Most address space in bytes; without it memory has no bound.
    pub(crate) memory_bytes: Option<u64>,
    /// The least confinement that is accepted; none only when the sandbox itself is measured.
    pub(crate) sandbox: Option<Level>,
    /// How far the process has locked itself in; not an option but found out.
    pub(crate) confinement: Confinement,
}

impl Options {
    /// Reads `--model FILE --threads N --context N --sequences N --memory BYTES --sandbox LEVEL`.
    ///
    /// The level `off` is for measurements of what the sandbox costs; the app never passes it.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            model: PathBuf::new(),
            threads: 1,
            context_tokens: 4096,
            sequences: 4,
            memory_bytes: None,
            sandbox: Some(Level::None),
            confinement: Confinement::default(),
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            let number = || value.parse().map_err(|_| format!("{name} {value} is no number"));
            match name.as_str() {
                "--model" => options.model = PathBuf::from(&value),
                "--threads" => options.threads = number()?,
                "--context" => options.context_tokens = number()?,
                "--sequences" => options.sequences = number()?,
                "--memory" => {
                    let bytes =
                        value.parse().map_err(|_| format!("{name} {value} is no number"))?;
                    options.memory_bytes = Some(bytes);
                }
                "--sandbox" if value == "off" => options.sandbox = None,
                "--sandbox" => {
                    let level = value.parse().map_err(|error| format!("{name}: {error}"))?;
                    options.sandbox = Some(level);
                }
                _ => return Err(format!("unknown option {name}")),
            }
        }
        if options.model.as_os_str().is_empty() {
            return Err("--model FILE is missing".to_owned());
        }
        if options.threads == 0 || options.sequences == 0 || options.context_tokens < 256 {
            return Err("threads and sequences start at 1, the context at 256 tokens".to_owned());
        }
        Ok(options)
    }
}
