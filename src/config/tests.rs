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

#[test]
fn allowances_are_set_for_all_or_for_each_tier() {
    let file =
        "battles_a_day = \"1,2,3\"\nvotes_a_minute = \"9\"\ntrusted_proxy = [\"10.0.0.0/8\"]";

    let settings = toml::from_str::<Given>(file).unwrap().settle().unwrap();

    let allowances = settings.allowances;
    assert_eq!(allowances.battles_a_day, "1,2,3".parse().unwrap());
    assert_eq!(allowances.votes_a_minute, ByTier::all(9));
    assert_eq!(allowances.battles_a_minute, ByTier::all(6));
    assert_eq!(settings.trusted_proxies, ["10.0.0.0/8".parse().unwrap()]);
    assert!(toml::from_str::<Given>("battles_a_day = \"1,2\"").is_err());
}
