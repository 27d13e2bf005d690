//! The command line of the worker: four options, all with a value.

use std::path::PathBuf;

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
}

impl Options {
    /// Reads `--model FILE --threads N --context N --sequences N`.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options =
            Self { model: PathBuf::new(), threads: 1, context_tokens: 4096, sequences: 4 };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            let number = || value.parse().map_err(|_| format!("{name} {value} is no number"));
            match name.as_str() {
                "--model" => options.model = PathBuf::from(&value),
                "--threads" => options.threads = number()?,
                "--context" => options.context_tokens = number()?,
                "--sequences" => options.sequences = number()?,
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
