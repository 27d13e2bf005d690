//! Real votes, against what other programs computed from them.

use serde_json::Value;

use super::{CORE, Written, json, of_model, stdout};
use crate::tidy::read;

const ELO_PER_NAT: f64 = 400.0 / std::f64::consts::LN_10;

fn expected(file: &str) -> Value {
    serde_json::from_str(&read(&format!("{CORE}/{file}"))).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[test]
fn llmfao_agrees_with_statsmodels() {
    let text = read(&format!("{CORE}/llmfao/votes.csv"));
    let file = Written::new("llmfao.csv", &text.replacen("model_x,model_y", "left,right", 1));
    let expected = expected("llmfao/expected.json");

    let document = json(file.path(), &["--cluster", "voter"]);

    assert_eq!(document["votes"], 8931);
    let models = expected["models"].as_array().unwrap();
    for (model, rating) in models.iter().zip(expected["plain_hc0"]["ratings"].as_array().unwrap()) {
        let found = number(&of_model(&document, &model.to_string(), "rating"));
        assert!((found - number(rating)).abs() <= 0.0051, "{model}: {found} {rating}");
    }
    let position = &expected["position_worker"];
    let elo = &document["position"]["elo"];
    let bias = number(&position["coefficients"][0]) * ELO_PER_NAT;
    let error = number(&position["coefficient_errors"][0]) * ELO_PER_NAT;
    assert!((number(&elo["value"]) - bias).abs() < 1e-4, "{elo}");
    // Ours has the small-sample factor, which theirs lacks.
    let ratio = (number(&elo["high"]) - bias) / (1.959_964 * error);
    assert!((1.0..1.1).contains(&ratio), "{ratio}");
}

#[test]
fn style_agrees_with_statsmodels() {
    let expected = &expected("style/expected.json")["fastchat_style_voter"];

    let document = json(&format!("{CORE}/style/votes.csv"), &["--style", "--cluster", "voter"]);

    for (at, feature) in ["tokens", "headers", "lists", "bold"].into_iter().enumerate() {
        let found = &document["style"][at];
        assert_eq!(found["feature"], feature);
        let gap = number(&found["coefficient"]) - number(&expected["coefficients"][at]);
        assert!(gap.abs() < 2e-6, "{found}");
        let error = number(&found["standard_error"]) / number(&expected["coefficient_errors"][at]);
        assert!((1.0..1.05).contains(&error), "{found}");
    }
    for (model, rating) in expected["ratings"].as_array().unwrap().iter().enumerate() {
        let found = number(&of_model(&document, &model.to_string(), "rating"));
        assert!((found - number(rating)).abs() <= 0.0051, "{model}: {found} {rating}");
    }
}

#[test]
fn the_public_arena_of_2024_agrees_with_an_independent_fit() {
    let folder = format!("{CORE}/chatbot-arena-2024-08-14");
    let anchor = ["--anchor", "mixtral-8x7b-instruct-v0.1=1114", "--format", "csv"];

    let board = stdout(&format!("{folder}/pairs_20240814.csv"), &anchor);

    let expected = read(&format!("{folder}/expected_bt_20240814.csv"));
    let mut compared = 0;
    for line in expected.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let (model, rating): (_, f64) = (fields[0], fields[6].parse().unwrap());
        let row = board.lines().find(|row| row.split(',').nth(3) == Some(model)).unwrap();
        let found: f64 = row.split(',').nth(4).unwrap().parse().unwrap();
        assert!((found - rating).abs() <= 0.0101, "{model}: {found} {rating}");
        compared += 1;
    }
    assert!(compared >= 128, "{compared}");
}
