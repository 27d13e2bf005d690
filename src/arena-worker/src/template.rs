//! From a conversation to the text that a model continues.
//!
//! Templates come from untrusted files: they are rendered by minijinja with limits and never by
//! llama.cpp. The site's system prompt always takes the place of the model's own default one, which
//! may name the model.

use arena_core::protocol::{Message, Role, TemplateSource};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, ErrorKind, context};

/// Work that one rendering may do, in minijinja's units.
const FUEL: u64 = 1_000_000;
const RECURSION_LIMIT: usize = 64;
/// Longest template that is accepted, in bytes.
const MAX_TEMPLATE_BYTES: usize = 64 << 10;
/// Longest rendered conversation, in bytes.
const MAX_OUTPUT_BYTES: usize = 256 << 10;

/// Why a conversation could not be formatted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TemplateError {
    #[error("the chat template has {0} bytes, more than {MAX_TEMPLATE_BYTES}")]
    TooLarge(usize),
    #[error("the chat template does not parse: {0:#}")]
    Parse(#[source] minijinja::Error),
    #[error("the chat template fails: {0:#}")]
    Render(#[source] minijinja::Error),
    #[error("the formatted conversation has {0} bytes, more than {MAX_OUTPUT_BYTES}")]
    OutputTooLarge(usize),
}

/// How one model's conversations are written down.
#[derive(Debug)]
pub(crate) struct Format {
    environment: Option<Environment<'static>>,
    source: TemplateSource,
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
            (None, None) => {
                return Ok(Self {
                    environment: None,
                    source: TemplateSource::Completion,
                    bos,
                    eos,
                });
            }
        };
        Ok(Self { environment: Some(environment(text)?), source, bos, eos })
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
        let text = match &self.environment {
            None => completion(messages),
            Some(environment) => self
                .chat(environment, messages)
                .or_else(|_| self.chat(environment, &fold_system(messages)))
                .map_err(TemplateError::Render)?,
        };
        if text.len() > MAX_OUTPUT_BYTES {
            return Err(TemplateError::OutputTooLarge(text.len()));
        }
        Ok(text)
    }

    fn chat(
        &self,
        environment: &Environment<'static>,
        messages: &[Message],
    ) -> Result<String, minijinja::Error> {
        environment.get_template("chat")?.render(context! {
            messages => Value::from(Serde(messages)),
            add_generation_prompt => true,
            enable_thinking => false,
            bos_token => self.bos.as_str(),
            eos_token => self.eos.as_str(),
        })
    }
}

fn environment(text: String) -> Result<Environment<'static>, TemplateError> {
    if text.len() > MAX_TEMPLATE_BYTES {
        return Err(TemplateError::TooLarge(text.len()));
    }
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(RECURSION_LIMIT);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.map_err(TemplateError::Parse)?);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn message(role: Role, content: &str) -> Message {
        Message { role, content: content.to_owned() }
    }

    fn conversation() -> Vec<Message> {
        vec![message(Role::System, "Be brief."), message(Role::User, "Why?")]
    }

    fn given(template: &str) -> Result<Format, TemplateError> {
        Format::new(Some(template.to_owned()), None, "<s>".into(), "</s>".into())
    }

    #[test]
    fn the_sites_system_prompt_replaces_the_models_own() {
        let format = given(
            "{% if messages[0].role != 'system' %}You are Brand{% endif %}\
             {% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}",
        )
        .unwrap();

        assert_eq!(format.render(&conversation()).unwrap(), "[system]Be brief.[user]Why?");
    }

    #[test]
    fn a_template_that_refuses_system_messages_gets_them_in_the_first_question() {
        let format = given(
            "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no') }}\
             {% endif %}{{ m.content }}{% endfor %}",
        )
        .unwrap();

        assert_eq!(format.render(&conversation()).unwrap(), "Be brief.\n\nWhy?");
    }

    #[test]
    fn a_base_model_gets_the_stated_completion_format() {
        let format = Format::new(None, None, String::new(), String::new()).unwrap();
        let mut messages = conversation();
        messages.push(message(Role::Assistant, "Because."));
        messages.push(message(Role::User, "Really?"));

        assert_eq!(
            format.render(&messages).unwrap(),
            "Be brief.\n\nQuestion: Why?\n\nAnswer: Because.\n\nQuestion: Really?\n\nAnswer:"
        );
        assert_eq!(format.source(), TemplateSource::Completion);
    }

    #[test]
    fn hostile_templates_end_in_an_error_within_their_limits() {
        let hostile = [
            "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}",
            "{{ 'A' * 99999999 }}",
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            "{% include '/etc/passwd' %}",
            "{{ range(2000000000) | length }}",
        ];

        for template in hostile {
            let outcome = given(template).and_then(|format| format.render(&conversation()));
            assert!(outcome.is_err(), "{template}");
        }
        assert!(given(&"{% if 1 %}".repeat(20_000)).is_err());
    }

    #[test]
    fn python_string_methods_of_real_templates_work() {
        let format = given("{{ messages[1].content.strip().upper() }}").unwrap();

        assert_eq!(format.render(&conversation()).unwrap(), "WHY?");
    }
}
