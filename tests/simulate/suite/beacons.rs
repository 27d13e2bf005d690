//! R17: answers full of what makes a browser ask another server, as the page shows them before and after the vote.

use doubleblind::kit::markdown::{Links, render};
use rand::Rng;

use super::boards::rng;
use super::{Row, Size};

const HOST: &str = "https://beacon.example/";

/// Ways to have something loaded; `@` is the address.
const BEACONS: [&str; 34] = [
    "![pixel](@a.png)",
    "![pixel][1]\n\n[1]: @b.png",
    "[![pixel](@c.png)](@d)",
    "<img src=\"@e.png\">",
    "<img/src=@f.png onerror=alert(1)>",
    "<IMG SRCSET='@g.png 2x'>",
    "<picture><source srcset=\"@h.png\"></picture>",
    "<svg><image href=\"@i.png\"/></svg>",
    "<svg xmlns:xlink='http://www.w3.org/1999/xlink'><use xlink:href='@j.svg#a'/></svg>",
    "<link rel=stylesheet href=@k.css>",
    "<link rel=\"dns-prefetch\" href=\"@l\">",
    "<style>@import url(@m.css);</style>",
    "<p style=\"background:url(@n.png)\">x</p>",
    "<script src=@o.js></script>",
    "<iframe src=\"@p\"></iframe>",
    "<object data=\"@q\"></object>",
    "<embed src=\"@r\">",
    "<video poster=@s.png src=@t.mp4 autoplay></video>",
    "<audio src=\"@u.mp3\" autoplay></audio>",
    "<body background=\"@v.png\">",
    "<table background=\"@w.png\"><tr><td>x</td></tr></table>",
    "<meta http-equiv=refresh content=\"0;url=@x\">",
    "<base href=\"@y\">",
    "<form action=\"@z\"><input type=image src=\"@z.png\"></form>",
    "<a href=\"@0\" ping=\"@1\">x</a>",
    "<math><mi xlink:href='@2'>x</mi></math>",
    "```html\n<img src=\"@3.png\">\n```\n<img src=\"@3.png\">",
    "| a |\n|---|\n| ![x](@4.png) |",
    "> - ![x](@5.png \"t\")",
    "<noscript><img src=\"@6.png\"></noscript>",
    "<template><img src=\"@7.png\"></template>",
    "&lt;img src=@8.png&gt; &#60;img src=@8.png&#62;",
    "<!--><img src=@9.png>-->",
    "@plain.png and <@auto> and www.beacon.example/x",
];

/// Elements of a page that load nothing, whatever stands in them.
const QUIET: [&str; 23] = [
    "p",
    "em",
    "strong",
    "del",
    "code",
    "pre",
    "ul",
    "ol",
    "li",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "br",
    "hr",
    "a",
];

/// What a browser would load of a piece of HTML: elements or attributes that are not known to be quiet.
fn loads(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in html.match_indices('<') {
        let tag = html[at + 1..].split('>').next().unwrap_or_default();
        let tag = tag.trim_start_matches('/').trim_end_matches('/').trim();
        let (name, mut rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        if !QUIET.contains(&name) {
            found.push(format!("<{tag}>"));
            continue;
        }
        while let Some((attribute, value)) = rest.trim_start().split_once('=') {
            let quiet = match name {
                // Followed only when somebody clicks.
                "a" => ["href", "rel"].contains(&attribute),
                "ol" => attribute == "start",
                _ => false,
            };
            if !quiet {
                found.push(format!("{name} {attribute}"));
            }
            let quoted = value.strip_prefix('"').unwrap_or_default();
            rest = quoted.split_once('"').map_or("", |(_, rest)| rest);
        }
    }
    found
}

/// An answer with several beacons in some order.
fn answer(number: usize, rng: &mut impl Rng) -> String {
    let mut text = String::from("A comet is a small, icy body.\n\n");
    for beacon in 0..4 {
        let at = if beacon == 0 { number } else { rng.next_u64() as usize };
        let glue = ["\n\n", " ", "\n", "\n\n---\n\n"][rng.next_u64() as usize % 4];
        text += &BEACONS[at % BEACONS.len()].replace('@', HOST);
        text += glue;
    }
    text
}

pub(super) fn beacons(size: Size) -> Vec<Row> {
    let answers = size.pick(34, 100);
    let mut rng = rng(17);
    let (mut requests, mut links) = (Vec::new(), 0);
    for number in 0..answers {
        let text = answer(number, &mut rng);
        for shown in [Links::Inert, Links::Live] {
            let html = render(&text, shown);
            requests.extend(loads(&html));
            if shown == Links::Inert {
                links += html.matches("<a").count();
            }
        }
    }
    let probe = loads("<p><img src=\"x\"></p><p style=\"y\">z</p>").len();
    let result = format!("{} requests, {links} links to click before the vote", requests.len());
    let passed = requests.is_empty() && links == 0 && probe == 2;
    let budget = format!("{answers} answers, {} kinds of beacons", BEACONS.len());
    vec![Row::new("R17", "beacons in answers", budget, (result, passed), "0 requests")]
}
