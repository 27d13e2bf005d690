//! What the normaliser promises, on ordinary texts, on hostile ones and on any.

use proptest::prelude::*;

use super::*;

/// One sentence each, in NFC, as people write them.
const ORDINARY: [(&str, &str); 30] = [
    ("English", "All people are born free — isn't that “obvious”? 5 × 3 ≠ 16…"),
    ("French", "Où est l'œuf ? « Ici », dit-elle, à Noël."),
    ("German", "Größe, Übermut und „Füße“ – ganz normal."),
    ("Spanish", "¿Qué tal, señor? ¡Mañana será otro día!"),
    ("Italian", "Perché no? È così che si fa."),
    ("Portuguese", "Não há razão; a canção é só nossa."),
    ("Polish", "Zażółć gęślą jaźń."),
    ("Czech", "Příliš žluťoučký kůň úpěl ďábelské ódy."),
    ("Turkish", "Işık ve İstanbul: ğüşöç."),
    ("Vietnamese", "Tiếng Việt có nhiều dấu: ễ, ự, ẩm thực."),
    ("Russian", "Съешь же ещё этих мягких французских булок."),
    ("Ukrainian", "Ґанок, їжак, щастя — м'яч."),
    ("Greek", "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία."),
    ("Arabic", "الذكاءُ الاصطناعيُّ مفيدٌ، أليس كذلك؟"),
    ("Persian", "می‌خواهم خانه‌ها را ببینم؛ کتاب‌هایم کجاست؟"),
    ("Urdu", "یہ ایک سادہ جملہ ہے۔"),
    ("Hebrew", "בְּרֵאשִׁית בָּרָא אֱלֹהִים"),
    ("Hindi", "क्‍या आप ठीक हैं? श्री और क्‌ष अलग हैं।"),
    ("Bengali", "র‍্যাব এবং অ‍্যাপ, আমি বাংলায় গান গাই।"),
    ("Tamil", "யாமறிந்த மொழிகளிலே தமிழ்மொழி."),
    ("Malayalam", "അവന്‍ വന്നു; മലയാളം."),
    ("Sinhala", "ශ්‍රී ලංකාව සහ ක්‍රමය."),
    ("Thai", "น้ำใจที่ดี ก็ไม่มีใครรู้"),
    ("Khmer", "ខ្ញុំស្រឡាញ់ភាសាខ្មែរ"),
    ("Burmese", "မြန်မာဘာသာစကား"),
    ("Tibetan", "བོད་ཡིག་རྒྱལ་བསྒྲུབས།"),
    ("Japanese", "ガラスを食べられます。「はい」　ですか？"),
    ("Korean", "다람쥐 헌 쳇바퀴에 타고파."),
    ("Chinese", "我能吞下玻璃而不伤身体。《三体》，第1章……"),
    ("Mongolian", "ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ᠌"),
];

/// Emoji as keyboards send them: keycaps, styles, skin tones, families, flags, directions.
const EMOJI: [&str; 16] = [
    "😀👍🏽",
    "❤️ ☺️ ☺︎",
    "1️⃣ #️⃣ *️⃣",
    "👩🏽‍💻 🧑‍🚀 👨‍👩‍👧‍👦",
    "🏳️‍🌈 🏳️‍⚧️ 🏴‍☠️",
    "🇫🇷🇯🇵🇧🇷",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🏴󠁧󠁢󠁷󠁬󠁳󠁿",
    "🏃🏾‍♀️‍➡️",
    "❤️‍🔥 ❤️‍🩹",
    "👁️‍🗨️",
    "🐈‍⬛ 🐻‍❄️ 🐦‍🔥",
    "🤷🏻‍♂️ 👩‍❤️‍💋‍👨",
    "🧑🏿‍🤝‍🧑🏻 🫱🏻‍🫲🏿",
    "😶‍🌫️ 😮‍💨 😵‍💫",
    "🙂‍↔️ 🙂‍↕️ ⛓️‍💥 🍄‍🟫",
    "™️ ©️ ⌚︎",
];

#[test]
fn ordinary_texts_of_thirty_languages_and_emoji_are_unchanged() {
    for (language, text) in ORDINARY {
        assert_eq!(normalise(text), text, "{language}");
    }
    for text in EMOJI {
        assert_eq!(normalise(text), text);
    }
}

#[test]
fn what_nobody_sees_is_dropped() {
    let smuggled: String =
        "no".chars().flat_map(|c| ['x', char::from_u32(0xE0000 + u32::from(c)).unwrap()]).collect();
    let cases = [
        (smuggled.as_str(), "xx"),
        ("a\u{200B}b\u{FEFF}c\u{2060}d\u{AD}e\u{34F}f", "abcdef"),
        ("a\u{200D}b\u{200C}c", "abc"),
        ("\u{202E}evil\u{202C} \u{2066}x\u{2069}\u{200F}\u{61C}", "evil x"),
        ("😀\u{E0101}\u{E0110}a\u{FE01}b\u{FE0F}", "😀ab"),
        ("1\u{FE0F} 2\u{20E3}", "1 2\u{FE0F}\u{20E3}"),
        ("😀\u{200D}😀", "😀😀"),
        ("⚡\u{FE0F}😀\u{FE0F}", "⚡😀"),
        ("🏴\u{E0067}\u{E0062}\u{E007F}!", "🏴!"),
        ("دار\u{200C}ها", "دارها"),
        ("\u{E200}cite\u{E202}x\u{FFFD}\u{FFFC}\u{1}\u{9B}\u{7F}", "citex"),
        ("한\u{3164}글\u{115F}\u{FFA0}", "한글"),
    ];

    for (hostile, seen) in cases {
        assert_eq!(normalise(hostile), seen, "{hostile:?}");
    }
}

#[test]
fn blanks_hyphens_line_ends_and_spellings_that_look_alike_become_one() {
    assert_eq!(normalise("a\u{202F}b\u{A0}c\u{2009}d\u{2800}e"), "a b c d e");
    assert_eq!(normalise("non\u{2011}stop\u{2010}"), "non-stop-");
    assert_eq!(normalise("a\r\nb\rc\u{2028}d\u{85}e\n\nf"), "a\nb\nc\nd\ne\n\nf");
    assert_eq!(normalise("e\u{301} A\u{30A} \u{212B} \u{1112}\u{1161}\u{11AB}"), "é Å Å 한");
}

#[test]
fn a_pile_of_marks_is_cut_down() {
    let pile = format!("Z{}x", "\u{316}\u{33F}\u{489}".repeat(30));

    let clean = normalise(&pile);

    assert_eq!(clean.chars().filter(|c| tables::is_mark(*c)).count(), MAX_GENERIC_MARKS);
    assert!(clean.starts_with('Z') && clean.ends_with('x'));
}

#[test]
fn a_joiner_is_judged_by_the_marks_in_their_final_order() {
    for text in [
        "\u{300}\u{93C}\u{200D}\u{94D}",
        "\u{301}\u{93C}\u{94D}\u{200C}",
        "क\u{200D}\u{94D}\u{338}",
        "\u{20E3}\u{300}\u{300}\u{300}\u{20E3}\u{93C}",
        "🙂\u{200D}↔\u{338}",
    ] {
        let clean = normalise(text);
        assert_eq!(normalise(&clean), clean, "{text:?}");
    }
}

#[test]
fn a_watermark_in_invisible_characters_leaves_no_difference() {
    let words = ["What", "a", "fine", "day", "it", "is", "😀", "دور", "را"];
    let marks = ["\u{200B}", "\u{FE0F}", "\u{E0041}", "\u{2063}", "\u{200D}\u{200B}", "\u{180E}"];
    let plain = words.join(" ");

    for mark in marks {
        assert_eq!(normalise(&words.join(&format!("{mark} "))), plain, "{mark:?}");
    }
}

/// Characters that a rule mentions, with neighbours that matter to it.
fn special() -> impl Strategy<Value = char> {
    let listed = "a1#é\u{301}\u{316}\u{344}\u{338}\u{200C}\u{200D}\u{200B}\u{FE0F}\u{FE0E}\u{E0067}\
        \u{E0062}\u{E0065}\u{E006E}\u{E007F}🏴😀❤♀👩🏽क\u{93C}\u{94D}\u{958}র\u{9CD}\u{9C7}\u{9BE}\
        بادو\u{654}\u{64E}ᄀ\u{1161}\u{11A8}가が\u{3099}か\r\n\u{20E3}\u{A0}\u{180B}ᠭ\u{E0101}↔\u{FFFD}";
    prop_oneof![
        8 => proptest::sample::select(listed.chars().collect::<Vec<_>>()),
        1 => any::<char>(),
        1 => (0x300u32..0x370).prop_filter_map("a mark", char::from_u32),
    ]
}

fn in_pieces(text: &str, cuts: &[usize]) -> String {
    let letters: Vec<char> = text.chars().collect();
    let (mut normaliser, mut clean, mut at) = (Normaliser::default(), String::new(), 0);
    for cut in cuts.iter().cycle().take(letters.len() + 1) {
        let end = (at + cut).min(letters.len());
        clean += &normaliser.push(&letters[at..end].iter().collect::<String>());
        at = end;
    }
    clean += &normaliser.push(&letters[at..].iter().collect::<String>());
    clean + &normaliser.finish()
}

fn forbidden(letter: char) -> bool {
    matches!(tables::class(letter), Class::Dropped | Class::Becomes(_))
}

#[test]
fn a_joiner_is_judged_after_its_neighbours_are_spelled() {
    let clean = normalise("\u{1D160}\u{94D}\u{200C}");

    assert_eq!(clean, "\u{1D158}\u{94D}\u{1D165}\u{1D16E}");
    assert_eq!(normalise(&clean), clean);
}

#[test]
fn a_joiner_goes_with_the_part_of_a_pile_that_is_cut_off() {
    let pile = format!("e{}\u{955}\u{94D}\u{200C}", "\u{301}".repeat(6));

    let clean = normalise(&pile);

    assert_eq!(clean, "é\u{301}\u{301}\u{301}\u{301}");
    assert_eq!(normalise(&clean), clean);
}

#[test]
fn a_joiner_goes_with_the_virama_for_which_it_stayed() {
    let pile = format!("\u{B15}{}\u{B54}\u{200D}\u{B4D}", "\u{B4D}".repeat(8));

    assert!(!normalise(&pile).contains('\u{200D}'));
}

#[test]
fn a_mark_of_music_goes_with_the_rest_of_a_pile() {
    let pile = format!("{}\u{20E3}\u{1D166}", "\u{301}".repeat(5));

    assert_eq!(normalise(&pile), "\u{301}".repeat(4));
}

#[test]
fn a_pile_that_is_cut_off_is_the_same_in_pieces() {
    let pile = "\u{338}\u{301}\u{301}\u{20E3}\u{D4D}\u{200D}\u{20E3}\u{301}\u{D4C}";

    assert_eq!(in_pieces(pile, &[1]), normalise(pile));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn cleaning_twice_is_cleaning_once_and_leaves_nothing_forbidden(
        letters in proptest::collection::vec(special(), 0..40),
    ) {
        let text: String = letters.into_iter().collect();

        let clean = normalise(&text);

        prop_assert_eq!(normalise(&clean), clean.clone());
        prop_assert!(!clean.chars().any(forbidden), "{:?}", clean);
    }

    #[test]
    fn the_way_of_cutting_does_not_matter(
        letters in proptest::collection::vec(special(), 0..40),
        cuts in proptest::collection::vec(0usize..4, 1..6),
    ) {
        let text: String = letters.into_iter().collect();

        prop_assert_eq!(in_pieces(&text, &cuts), normalise(&text));
    }

    #[test]
    fn every_visible_character_stays(text in "[a-zA-Z0-9À-ÿЀ-ӿ一-龥가-힣ぁ-ん .,!?\\n]{0,80}") {
        prop_assert_eq!(normalise(&text), text.nfc().collect::<String>().replace('\u{AD}', ""));
    }
}
