//! Colours and shapes of charts: one fixed colour per country on all pages, and the two themes of a page.
//!
//! The colours are those of Okabe and Ito (2008, Color Universal Design). Vermillion, blue and bluish green are as
//! published; the others are darkened at the same hue until they stand out 3 to 1 from the paper of the light theme
//! (WCAG 2.2, criterion 1.4.11), so that the same colour serves light and dark pages. A shape goes with each colour, so
//! that nothing rests on colour alone.

use serde_json::{Value, json};

/// A colour, the shape of its dots and the dashes of its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    /// `#RRGGBB`.
    pub colour: &'static str,
    /// Name of a Vega symbol.
    pub shape: &'static str,
    /// Lengths of dash and gap; empty for a solid line.
    pub dash: &'static [u8],
}

const VERMILLION: Style = Style { colour: "#D55E00", shape: "circle", dash: &[] };
const BLUE: Style = Style { colour: "#0072B2", shape: "square", dash: &[8, 3] };
const GREEN: Style = Style { colour: "#009E73", shape: "triangle-up", dash: &[2, 2] };
const PURPLE: Style = Style { colour: "#CB75A5", shape: "diamond", dash: &[8, 3, 2, 3] };
const ORANGE: Style = Style { colour: "#C08500", shape: "triangle-down", dash: &[5, 2] };
const SKY: Style = Style { colour: "#1D99E0", shape: "cross", dash: &[3, 3] };
const OLIVE: Style = Style { colour: "#9C920C", shape: "triangle-right", dash: &[12, 3] };
const GREY: Style = Style { colour: "#7F7F7F", shape: "triangle-left", dash: &[1, 2] };

/// Shapes and dashes of the groups that share the grey.
const GREYS: [(&str, &[u8]); 3] =
    [(GREY.shape, GREY.dash), ("square", &[4, 4]), ("cross", &[1, 2, 6, 2])];

/// Countries that have a colour of their own, on every chart. All others share the grey and are told apart by name.
const COUNTRIES: [(&str, Style); 7] = [
    ("CN", VERMILLION),
    ("US", BLUE),
    ("FR", GREEN),
    ("CA", PURPLE),
    ("KR", ORANGE),
    ("GB", SKY),
    ("AE", OLIVE),
];

/// The order in which groups that are no countries take their colours; those that readers link to a country come last.
const OTHERS: [Style; 7] = [PURPLE, SKY, ORANGE, OLIVE, GREEN, BLUE, VERMILLION];

/// The colour of what is neither a country with its own nor a group: dots beside the one that counts.
pub(super) const NEUTRAL: &str = GREY.colour;

/// Whether a word is an ISO 3166 code, or several with strokes between them.
pub(super) fn is_country(word: &str) -> bool {
    let code = |code: &str| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    word.split('/').all(code)
}

/// The styles of the groups of one chart, in the order given.
///
/// A country keeps its colour whatever else the chart shows; a country without one, several countries together, and
/// `other` or `unknown` are grey, each with another shape. Groups of another kind take the palette in their order, and grey when it is used up.
pub(super) fn styles(groups: &[&str]) -> Vec<Style> {
    let (mut next, mut greys) = (OTHERS.iter(), GREYS.iter().cycle());
    let mut grey = || greys.next().map_or(GREY, |(shape, dash)| Style { shape, dash, ..GREY });
    let style = |group: &&str| {
        if let Some((_, style)) = COUNTRIES.iter().find(|(code, _)| code == group) {
            return *style;
        }
        let rest = ["other", "others", "unknown"].contains(&group.to_lowercase().as_str());
        if is_country(group) || rest {
            return grey();
        }
        next.next().copied().unwrap_or_else(&mut grey)
    };
    groups.iter().map(style).collect()
}

/// What a page is drawn in.
struct Theme {
    sheet: &'static str,
    ink: &'static str,
    soft: &'static str,
    line: &'static str,
    edge: &'static str,
    accent: &'static str,
    /// Below, at and above the middle of a rate; ink stays readable on all of them.
    diverging: [&'static str; 3],
    /// From nothing to the most of a count; the same holds.
    ramp: [&'static str; 2],
}

/// The colours of `site.css`.
const LIGHT: Theme = Theme {
    sheet: "#ffffff",
    ink: "#1b1b19",
    soft: "#575751",
    line: "#dadad3",
    edge: "#85857d",
    accent: "#14532d",
    diverging: ["#f0a36b", "#eeeeea", "#7db8df"],
    ramp: ["#eeeeea", "#7db8df"],
};
const DARK: Theme = Theme {
    sheet: "#1d1d1a",
    ink: "#e9e9e3",
    soft: "#b1b1a9",
    line: "#383833",
    edge: "#807f77",
    accent: "#93d3ab",
    diverging: ["#8f4000", "#33332f", "#0b5a8c"],
    ramp: ["#33332f", "#0b5a8c"],
};

/// Fonts of the site, for both themes.
const FONT: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";

/// Both themes as Vega-Lite configurations, `{"light": ..., "dark": ...}`.
pub(super) fn themes() -> Value {
    json!({ "light": config(&LIGHT), "dark": config(&DARK) })
}

/// The configuration that a specification carries when it is taken away from the page.
pub(super) fn plain() -> Value {
    config(&LIGHT)
}

fn config(theme: &Theme) -> Value {
    json!({
        // The page names every chart; its parts say nothing to a screen reader that the table does not say better.
        "padding": 12,
        "background": theme.sheet,
        "font": FONT,
        "locale": { "number": {
            "decimal": ".", "thousands": "\u{202F}", "grouping": [3], "currency": ["", ""], "minus": "−",
        }},
        "view": { "stroke": null },
        "axis": {
            "aria": false, "maxExtent": 1000,
            "labelColor": theme.soft, "labelFontSize": 12, "labelLimit": 0,
            "titleColor": theme.soft, "titleFontSize": 12, "titleFontWeight": "normal", "titleLimit": 0,
            "gridColor": theme.line, "domainColor": theme.edge, "tickColor": theme.edge,
        },
        "legend": {
            "aria": false,
            "labelColor": theme.ink, "labelFontSize": 12, "labelLimit": 0,
            "titleColor": theme.soft, "titleFontSize": 12, "titleFontWeight": "normal", "titleLimit": 0,
        },
        "mark": { "aria": false, "color": theme.accent },
        // Vega-Lite has black rules and text whatever the marks are.
        "rule": { "color": theme.accent },
        "text": { "color": theme.ink, "fontSize": 12 },
        "style": { "zero": { "color": theme.ink }, "gap": { "stroke": theme.sheet } },
        "range": { "diverging": theme.diverging, "heatmap": theme.ramp, "ramp": theme.ramp },
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::kit::assets;

    /// Relative luminance as WCAG 2.2 defines it.
    fn luminance(colour: &str) -> f64 {
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_colour_stands_out_from_both_papers() {
        for style in COUNTRIES.iter().map(|(_, style)| style).chain(&OTHERS).chain([&GREY]) {
            for theme in [&LIGHT, &DARK] {
                let contrast = contrast(style.colour, theme.sheet);
                assert!(contrast >= 3.0, "{} on {}: {contrast:.2}", style.colour, theme.sheet);
            }
        }
    }

    #[test]
    fn words_are_readable_on_every_shade() {
        for theme in [&LIGHT, &DARK] {
            for shade in theme.diverging.iter().chain(&theme.ramp).chain([&theme.sheet]) {
                let contrast = contrast(theme.ink, shade);
                assert!(contrast >= 4.5, "{} on {shade}: {contrast:.2}", theme.ink);
            }
            assert!(contrast(theme.soft, theme.sheet) >= 4.5);
            assert!(contrast(theme.accent, theme.sheet) >= 4.5);
        }
    }

    #[test]
    fn charts_have_the_colours_of_the_style_sheet() {
        let style = assets::text("site.css").unwrap();
        let (light, dark) = style.split_once("prefers-color-scheme: dark").unwrap();
        for (part, theme) in [(light, LIGHT), (dark, DARK)] {
            let known = [
                ("sheet", theme.sheet),
                ("ink", theme.ink),
                ("soft", theme.soft),
                ("line", theme.line),
                ("edge", theme.edge),
                ("accent", theme.accent),
            ];
            for (name, colour) in known {
                assert!(part.contains(&format!("--{name}: {colour};")), "--{name}: {colour}");
            }
        }
    }

    #[test]
    fn a_country_keeps_its_colour_whatever_else_is_shown() {
        let all = styles(&["US", "CN", "DE", "JP", "US/FR", "other"]);

        assert_eq!(all[..2], [BLUE, VERMILLION]);
        assert!(all[2..].iter().all(|style| style.colour == GREY.colour));
        assert_eq!(all[2..5].iter().map(|style| style.shape).collect::<HashSet<_>>().len(), 3);
        assert_eq!(styles(&["CN"]), [VERMILLION]);
    }

    #[test]
    fn other_groups_take_different_colours_in_their_order() {
        let groups: Vec<String> = (0..9).map(|i| format!("licence {i}")).collect();
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();

        let all = styles(&groups);

        assert_eq!(all[..7], OTHERS);
        assert!(all[7..].iter().all(|style| style.colour == GREY.colour));
    }
}
