//! What templates may do, and that hostile ones end in an error.

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
