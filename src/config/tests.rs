//! Tests of the settings: which source wins, and what is refused.

use super::*;

#[test]
fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
    let file: Given = toml::from_str("site_name = \"Ministry\"\nmax_tokens = 100").unwrap();
    let flags = Given { max_tokens: Some(200), ..Given::default() };

    let settings = flags.over(file).settle().unwrap();

    assert_eq!(settings.site.name, "Ministry");
    assert_eq!(settings.answering.sampling.max_tokens, 200);
    assert_eq!(settings.listen.port(), 8080);
}

#[test]
fn a_value_out_of_range_says_the_range() {
    let flags = Given { temperature: Some(9.0), ..Given::default() };

    let error = flags.settle().unwrap_err();

    assert_eq!(error.to_string(), "temperature is 9, and must be from 0 to 2");
}

#[test]
fn an_unknown_key_in_the_file_is_an_error() {
    assert!(toml::from_str::<Given>("max_token = 100").is_err());
}
