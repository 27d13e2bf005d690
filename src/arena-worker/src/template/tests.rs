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
        "{% for a in range(100000) %}{% for b in range(100000) %}{% for c in range(100000) %}x\
         {% endfor %}{% endfor %}{% endfor %}",
        "{% set ns = namespace(s='a') %}{% for i in range(64) %}{% set ns.s = ns.s ~ ns.s %}\
         {% endfor %}",
        "{% set ns = namespace(s='a') %}{% for i in range(64) %}\
         {% set ns.s = ns.s|replace('a', 'aa') %}{% endfor %}",
        "{{ 'A' * 99999999 }}",
        "{{ 'A'.center(99999999) }}",
        "{{ '%99999999d'|format(1) }}",
        "{{ 10 ** 10 ** 10 }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% for m in messages recursive %}{{ loop(messages) }}{% endfor %}",
        "{% include '/etc/passwd' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{{ range(2000000000) | length }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    ];

    for template in hostile {
        let outcome = given(template).and_then(|format| format.render(&conversation()));
        assert!(outcome.is_err(), "{template}");
    }
}

#[test]
fn a_rendering_that_does_not_end_or_panics_is_an_error() {
    let (release, held) = std::sync::mpsc::channel::<()>();

    let endless = apart(Duration::from_millis(1), move || {
        let _ = held.recv();
        Ok(())
    });
    let broken = apart(DEADLINE, || -> Result<(), TemplateError> { panic!("as a library may") });

    assert!(matches!(endless, Err(TemplateError::Endless)));
    assert!(matches!(broken, Err(TemplateError::Broken)));
    drop(release);
}

#[test]
fn a_template_that_is_nested_or_long_beyond_measure_does_not_parse() {
    for template in ["{% if 1 %}".repeat(6_000), "{{ ".to_owned() + &"(".repeat(60_000)] {
        assert!(matches!(given(&template), Err(TemplateError::Parse(_))));
    }
    let long = "x".repeat(MAX_TEMPLATE_BYTES + 1);
    assert!(matches!(given(&long), Err(TemplateError::TooLarge(65_537))));
}

#[test]
fn a_conversation_of_more_than_256_kib_is_refused() {
    let format = given("{{ messages[0].content }}").unwrap();
    let long = [message(Role::User, &"x".repeat(MAX_OUTPUT_BYTES + 1))];

    assert!(matches!(format.render(&long), Err(TemplateError::OutputTooLarge(262_145))));
}

#[test]
fn a_namespace_keeps_text_numbers_and_short_lists() {
    let format = given(
        "{% set ns = namespace(seen=[], text='', n=0) %}{% for m in messages %}\
         {%- set ns.seen = ns.seen + [m.role] -%}{% set ns.text = ns.text ~ m.content %}\
         {% set ns.n = (ns.n + 1) * (2 - 1) %}{% set ns.last = {'role': m['role']} %}{% endfor %}\
         {{ ns.seen | join('+') }} {{ ns.n }} {{ ns.last.role }} {{ ns.text }}",
    )
    .unwrap();

    assert_eq!(format.render(&conversation()).unwrap(), "system+user 2 user Be brief.Why?");
}

#[test]
fn a_namespace_cannot_hold_itself_or_nest_without_end() {
    let hostile = [
        "{% set ns = namespace() %}{% set ns.s = ns %}{% set ns.s = ns %}{% set ns.s = ns %}\
         {% for i in range(9) %}{% set ns.s = ns %}{% endfor %}",
        "{% set ns = namespace(s=1) %}{% for i in range(100000) %}{% set ns.s = [ns.s] %}\
         {% endfor %}",
        "{% set ns = namespace(s=1) %}{% for i in range(100000) %}{% set (a, ns.s) = 1, {'x': ns.s} %}\
         {% endfor %}",
        "{% set ns = namespace() %}{% set ns.s = 0) or (ns %}",
        "{% set ns = namespace() %}{% set ns.s | default(ns, true) %}{% endset %}",
    ];

    for template in hostile {
        let outcome = given(template).and_then(|format| format.render(&conversation()));
        assert!(outcome.is_err(), "{template}");
    }
    // Three levels are few enough; what is held is a copy, so printing it ends.
    let copy = given("{% set ns = namespace() %}{% set ns.s = ns %}{{ ns }}").unwrap();
    assert!(copy.render(&conversation()).is_ok());
}

#[test]
fn assignments_in_text_comments_and_raw_parts_stay_as_they_are() {
    let format = given(
        "{# {% set ns.a = 1 %} #}{% raw %}{% set ns.a = 1 %}{% endraw %}{{ '{% set ns.b = 2 %}' }}",
    )
    .unwrap();

    let text = format.render(&conversation()).unwrap();

    assert_eq!(text, "{% set ns.a = 1 %}{% set ns.b = 2 %}");
}

#[test]
fn lists_nested_by_the_longest_templates_fit_the_stack() {
    let deeper = "{%set x=[x]%}".repeat(4_000);
    for depth in [3, 12] {
        for end in ["{{ x }}", "{{ x|tojson }}", "{{ x == x }}", "{{ [x, [x]]|sort|length }}"] {
            let template = format!(
                "{{%macro m(x,n)%}}{deeper}{{%if n%}}{{{{m(x,n-1)}}}}{{%else%}}{end}{{%endif%}}\
                 {{%endmacro%}}{{{{m(1,{depth})}}}}"
            );

            // Either a text or an error: the process is still there.
            let _ = given(&template).and_then(|format| format.render(&conversation()));
        }
    }
}

#[test]
fn templates_of_the_fuzzer_end() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fuzz/corpus/template");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let input = std::fs::read(entry.unwrap().path()).unwrap();
        let input = String::from_utf8_lossy(&input);
        let (question, template) = input.split_once('\0').unwrap_or(("Why?", &input));
        if let Ok(text) = given(template).and_then(|f| f.render(&[message(Role::User, question)])) {
            assert!(text.len() <= MAX_OUTPUT_BYTES);
        }
        count += 1;
    }
    assert!(count > 10, "{count} templates are hardly any");
}

proptest::proptest! {
    #[test]
    fn pieces_of_templates_in_any_order_end(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..24),
    ) {
        if let Ok(text) = given(&pieces.concat()).and_then(|f| f.render(&conversation())) {
            proptest::prop_assert!(text.len() <= MAX_OUTPUT_BYTES);
        }
    }
}

const PIECES: &[&str] = &[
    "{% for m in messages %}",
    "{% endfor %}",
    "{% if m.role == 'user' %}",
    "{% else %}",
    "{% endif %}",
    "{% set ns = namespace(s=[1]) %}",
    "{% set ns.s = ns.s + [ns.s] %}",
    "{% set ns.s = ns %}",
    "{% set x = [x, messages] %}",
    "{% set x = x ~ x %}",
    "{% set x %}",
    "{% endset %}",
    "{% macro m(x) %}",
    "{% endmacro %}",
    "{{ m(x) }}",
    "{{ x }}",
    "{{ ns }}",
    "{{ x|tojson }}",
    "{{ m.content|trim * 99 }}",
    "{{ range(99999)|list|length }}",
    "{% break %}",
    "{# ",
    " #}",
    "<|im_start|>",
];

#[test]
fn python_string_methods_of_real_templates_work() {
    let format = given("{{ messages[1].content.strip().upper() }}").unwrap();

    assert_eq!(format.render(&conversation()).unwrap(), "WHY?");
}
