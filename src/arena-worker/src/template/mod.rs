//! From a conversation to the text that a model continues.
//!
//! Templates come from untrusted files: they are rendered by minijinja with limits and never by
//! llama.cpp. The site's system prompt always takes the place of the model's own default one, which
//! may name the model.
//!
//! A rendering has a thread of its own. Fuel bounds how deep lists can be nested, at some ten
//! thousand levels, and minijinja walks them by recursion: the stack has room for that. A panic in
//! it is an error like any other. What fuel does not count, such as the printing of a list that holds
//! another one twice, forty levels deep, is bounded by a deadline, and then the process ends,
//! because a thread cannot be ended.

mod flatten;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use arena_core::protocol::{Message, Role, TemplateSource};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, ErrorKind, context};

use self::flatten::Allowance;

/// Work that one rendering may do, in minijinja's units.
const FUEL: u64 = 1_000_000;
const RECURSION_LIMIT: usize = 64;
/// Longest template that is accepted, in bytes.
const MAX_TEMPLATE_BYTES: usize = 64 << 10;
/// Longest rendered conversation, in bytes.
const MAX_OUTPUT_BYTES: usize = 256 << 10;
/// Address space for the stack of one rendering; only what is used becomes memory.
const STACK_BYTES: usize = 256 << 20;

/// How long a rendering may take; those of real templates take about a millisecond.
const DEADLINE: Duration = Duration::from_secs(5);

/// Why a conversation could not be formatted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TemplateError {
    #[error("the chat template has {0} bytes, more than {MAX_TEMPLATE_BYTES}")]
    TooLarge(usize),
    #[error("the chat template does not parse: {0:#}")]
    Parse(#[source] minijinja::Error),
    #[error("the chat template fails: {0:#}")]
    Render(#[source] minijinja::Error),
    #[error("the chat template breaks the renderer")]
    Broken,
    #[error("the chat template does not end within {} s", DEADLINE.as_secs())]
    Endless,
    #[error("no thread for the chat template: {0}")]
    Thread(#[source] std::io::Error),
    #[error("the formatted conversation has {0} bytes, more than {MAX_OUTPUT_BYTES}")]
    OutputTooLarge(usize),
}

impl TemplateError {
    /// The words for the operator. A rendering that still runs takes a core and memory from every
    /// answer until the process ends: this ends it, and the app counts a crash.
    pub(crate) fn message_or_exit(self) -> String {
        if matches!(self, Self::Endless) {
            eprintln!("{self}: the worker ends itself");
            std::process::exit(4);
        }
        self.to_string()
    }
}

/// How one model's conversations are written down.
#[derive(Debug)]
pub(crate) struct Format {
    chat: Option<Arc<Chat>>,
    source: TemplateSource,
}

/// A template that parses.
#[derive(Debug)]
struct Chat {
    environment: Environment<'static>,
    allowance: Allowance,
    bos: String,
    eos: String,
}

impl Format {
    /// Chooses the given template, else the file's own, else the completion format.
    pub(crate) fn new(
        given: Option<String>,
        from_file: Option<String>,
        bos: String,
        eos: String,
    ) -> Result<Self, TemplateError> {
        let (source, text) = match (given, from_file) {
            (Some(text), _) => (TemplateSource::Given, text),
            (None, Some(text)) => (TemplateSource::File, text),
            (None, None) => return Ok(Self { chat: None, source: TemplateSource::Completion }),
        };
        let chat = apart(DEADLINE, move || {
            let allowance = Allowance::default();
            let environment = environment(&text, allowance.clone())?;
            Ok(Chat { environment, allowance, bos, eos })
        })?;
        Ok(Self { chat: Some(Arc::new(chat)), source })
    }

    /// Where the format comes from.
    pub(crate) fn source(&self) -> TemplateSource {
        self.source
    }

    /// Strings that end an answer besides the model's own end tokens.
    pub(crate) fn stops(&self) -> Vec<String> {
        match self.source {
            TemplateSource::Completion => vec!["\nQuestion:".to_owned()],
            TemplateSource::File | TemplateSource::Given | TemplateSource::Endpoint => Vec::new(),
        }
    }

    /// The text that the model continues.
    ///
    /// A template that refuses a system message gets it in front of the first question instead.
    pub(crate) fn render(&self, messages: &[Message]) -> Result<String, TemplateError> {
        let text = match &self.chat {
            None => completion(messages),
            Some(chat) => {
                let (chat, messages) = (Arc::clone(chat), messages.to_vec());
                apart(DEADLINE, move || {
                    chat.render(&messages)
                        .or_else(|_| chat.render(&fold_system(&messages)))
                        .map_err(TemplateError::Render)
                })?
            }
        };
        if text.len() > MAX_OUTPUT_BYTES {
            return Err(TemplateError::OutputTooLarge(text.len()));
        }
        Ok(text)
    }
}

impl Chat {
    fn render(&self, messages: &[Message]) -> Result<String, minijinja::Error> {
        self.allowance.refill();
        self.environment.get_template("chat")?.render(context! {
            messages => Value::from(Serde(messages)),
            add_generation_prompt => true,
            enable_thinking => false,
            bos_token => self.bos.as_str(),
            eos_token => self.eos.as_str(),
        })
    }
}

/// Runs a part of minijinja on a stack of its own, and turns its panics into errors. What does not
/// end by the deadline is left behind, running.
fn apart<T: Send + 'static>(
    deadline: Duration,
    work: impl FnOnce() -> Result<T, TemplateError> + Send + 'static,
) -> Result<T, TemplateError> {
    let (sender, receiver) = sync_channel(1);
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    let send = move || drop(sender.send(work()));
    thread.spawn(send).map_err(TemplateError::Thread)?;
    match receiver.recv_timeout(deadline) {
        Ok(outcome) => outcome,
        Err(RecvTimeoutError::Timeout) => Err(TemplateError::Endless),
        Err(RecvTimeoutError::Disconnected) => Err(TemplateError::Broken),
    }
}

fn environment(text: &str, allowance: Allowance) -> Result<Environment<'static>, TemplateError> {
    if text.len() > MAX_TEMPLATE_BYTES {
        return Err(TemplateError::TooLarge(text.len()));
    }
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(RECURSION_LIMIT);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    let syntax = syntax.map_err(TemplateError::Parse)?;
    let text = flatten::rewrite(text, &syntax).map_err(TemplateError::Parse)?;
    environment.set_syntax(syntax);
    environment.add_filter(flatten::FILTER, move |value: &Value| allowance.flatten(value));
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.add_function("raise_exception", |message: String| -> Result<Value, _> {
        Err(minijinja::Error::new(ErrorKind::InvalidOperation, message))
    });
    environment.add_function("strftime_now", |_: String| String::new());
    environment.add_template_owned("chat", text).map_err(TemplateError::Parse)?;
    Ok(environment)
}

/// The stated format for base models: a plain list of questions and answers.
fn completion(messages: &[Message]) -> String {
    let mut text = String::new();
    for message in messages {
        let label = match message.role {
            Role::System => "",
            Role::User => "Question: ",
            Role::Assistant => "Answer: ",
        };
        text.push_str(label);
        text.push_str(message.content.trim());
        text.push_str("\n\n");
    }
    text.push_str("Answer:");
    text
}

fn fold_system(messages: &[Message]) -> Vec<Message> {
    let mut system = String::new();
    let mut folded = Vec::with_capacity(messages.len());
    for message in messages {
        match message.role {
            Role::System => system = format!("{}\n\n", message.content),
            Role::User | Role::Assistant => folded.push(Message {
                role: message.role,
                content: std::mem::take(&mut system) + &message.content,
            }),
        }
    }
    folded
}
