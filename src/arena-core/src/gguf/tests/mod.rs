//! What the reader accepts and what it refuses. What it costs is tested in `cost`.

mod corpus;
mod cost;

use std::io::{self, Read};

use super::builder::{Builder, F64, TOKENS, U32, numbers, raw, texts, u32_value};
use super::hostile::{self, Case};
use super::{GgufError, Header, read};

pub(super) fn read_bytes(bytes: &[u8]) -> Result<Header, GgufError> {
    read(&mut &bytes[..], bytes.len() as u64)
}

pub(super) fn read_built(builder: &Builder) -> Result<Header, GgufError> {
    read_bytes(&builder.build().0)
}

/// The name of the variant, as its debug form begins with it.
pub(super) fn variant(error: &GgufError) -> String {
    format!("{error:?}").chars().take_while(|letter| letter.is_alphanumeric()).collect()
}

fn assert_refused(cases: &[Case]) {
    for (name, mutate, expected) in cases {
        let mut builder = Builder::valid();
        mutate(&mut builder);
        let (bytes, _) = builder.build();

        let error = read_bytes(&bytes).expect_err(name);

        assert_eq!(variant(&error), *expected, "{name}: {error}");
        assert_sentence(name, &error);
    }
}

/// A sentence says what it should say, and names the key, tensor, token, merge or block, or the
/// number of bytes or of things that is wrong.
fn assert_sentence(name: &str, error: &GgufError) {
    let message = error.to_string();
    let (_, words) = hostile::WORDS.iter().find(|(each, _)| *each == variant(error)).unwrap();
    assert!(message.contains(words), "{name}: {message}");
    assert!(!message.ends_with('.') && !message.contains('\n'), "{name}: {message}");
    let numbered =
        ["token ", "merge ", "block ", "byte ", "number ", "version ", "claims ", "has "];
    let names = message.contains('`') || numbered.iter().any(|word| message.contains(word));
    assert!(names || ["Magic", "BigEndian", "TokenBytes"].contains(&&*variant(error)), "{message}");
}

#[test]
fn every_rule_has_a_hostile_header_that_breaks_it() {
    let broken: Vec<&str> = hostile::all().iter().map(|(_, _, variant)| *variant).collect();

    for (rule, _) in hostile::WORDS {
        // The budget is passed in `cost`, by a header that does not fit a table.
        assert!(broken.contains(rule) || *rule == "HeaderTooLarge", "{rule} is never broken");
    }
}

#[test]
fn a_valid_header_is_read_as_it_was_written() {
    let (bytes, data) = Builder::valid().build();

    let header = read_bytes(&bytes).unwrap();

    assert_eq!(
        header,
        Header {
            version: 3,
            architecture: "llama".into(),
            name: Some("Tiny".into()),
            licence: Some("apache-2.0".into()),
            size_label: Some("9K".into()),
            parameter_count: 32 * TOKENS as u64 + 2 * (3_072 + 6_144 + 64) + 32 + 4,
            quantization: "Q8_0".into(),
            context_length: 128,
            embedding_length: 32,
            block_count: 2,
            vocab_size: 262,
            tokenizer_model: "llama".into(),
            chat_template: Some("{{ messages }}".into()),
            tensor_count: 21,
            data_offset_bytes: data as u64,
        }
    );
}

#[test]
fn a_header_with_a_byte_pair_tokenizer_is_accepted() {
    let header = read_built(&Builder::valid_gpt2()).unwrap();

    assert_eq!(header.tokenizer_model, "gpt2");
}

#[test]
fn version_two_is_accepted() {
    let mut builder = Builder::valid();
    builder.version = 2;

    assert_eq!(read_built(&builder).unwrap().version, 2);
}

#[test]
fn labels_and_template_may_be_absent() {
    let mut builder = Builder::valid();
    for key in ["general.name", "general.license", "general.size_label", "tokenizer.chat_template"]
    {
        builder.remove(key);
    }

    let header = read_built(&builder).unwrap();

    let texts = [header.name, header.licence, header.size_label, header.chat_template];
    assert_eq!(texts, [None, None, None, None]);
}

#[test]
fn a_stated_alignment_moves_the_data() {
    let mut builder = Builder::valid();
    builder.alignment = 4_096;
    builder.set("general.alignment", u32_value(4_096));

    assert!(read_built(&builder).unwrap().data_offset_bytes.is_multiple_of(4_096));
}

#[test]
fn the_last_tensor_may_end_without_padding() {
    let mut builder = Builder::valid();
    builder.pad_end = false;

    assert!(read_built(&builder).is_ok());
}

#[test]
fn unknown_keys_are_allowed() {
    let mut builder = Builder::valid();
    builder.set("general.tags", texts(&[b"chat", b""]));
    builder.set("vendor.weights", numbers(U32, &[[1; 4]; 9]));
    builder.set("vendor.ratio", raw(F64, &0.5_f64.to_le_bytes()));

    assert!(read_built(&builder).is_ok());
}

#[test]
fn an_architecture_with_a_hyphen_in_its_keys_is_accepted() {
    let mut builder = Builder::valid();
    builder.rename("gpt-oss");

    assert_eq!(read_built(&builder).unwrap().architecture, "gpt-oss");
}

#[test]
fn a_block_without_attention_is_accepted_where_counts_are_given_by_block() {
    let mut builder = Builder::valid();
    builder.rename("lfm2");
    builder.set("lfm2.attention.head_count_kv", numbers(U32, &[[0; 4], [2, 0, 0, 0]]));

    assert!(read_built(&builder).is_ok());
}

#[test]
fn heads_need_not_divide_the_width_where_the_length_of_a_head_is_stated() {
    let mut builder = Builder::valid();
    builder.rename("openelm");
    builder.set("openelm.attention.head_count", u32_value(6));
    builder.set("openelm.attention.key_length", u32_value(16));

    assert!(read_built(&builder).is_ok());
}

#[test]
fn empty_tokens_and_tokens_that_are_not_text_are_accepted() {
    let mut builder = Builder::valid();
    builder.set_token(TOKENS - 1, b"", 5);
    assert!(read_built(&builder).is_ok());

    builder.set_token(TOKENS - 1, b"\xff\xfe", 1);
    assert!(read_built(&builder).is_ok());
}

#[test]
fn an_unknown_file_type_falls_back_to_the_type_of_most_elements() {
    for value in [None, Some(4_000), Some(1_024 + 4_000)] {
        let mut builder = Builder::valid();
        builder.remove("general.file_type");
        if let Some(value) = value {
            builder.set("general.file_type", u32_value(value));
        }

        assert_eq!(read_built(&builder).unwrap().quantization, "Q4_0");
    }
}

#[test]
fn a_guessed_file_type_has_the_label_of_the_type() {
    let mut builder = Builder::valid();
    builder.set("general.file_type", u32_value(1_024 + 15));

    assert_eq!(read_built(&builder).unwrap().quantization, "Q4_K_M");
}

#[test]
fn a_hostile_preamble_is_refused() {
    assert_refused(hostile::PREAMBLE);
}

#[test]
fn hostile_keys_are_refused() {
    assert_refused(hostile::KEYS);
}

#[test]
fn hostile_values_are_refused() {
    assert_refused(hostile::VALUES);
}

#[test]
fn a_file_that_is_no_supported_model_is_refused() {
    assert_refused(hostile::CONTAINER);
}

#[test]
fn an_impossible_shape_is_refused() {
    assert_refused(hostile::SHAPE);
}

#[test]
fn a_hostile_vocabulary_is_refused() {
    assert_refused(hostile::VOCABULARY);
}

#[test]
fn hostile_tensors_are_refused() {
    assert_refused(hostile::TENSORS);
}

#[test]
fn bytes_that_belong_to_no_tensor_or_to_two_are_refused() {
    assert_refused(hostile::LAYOUT);
}

#[test]
fn a_file_cut_at_any_byte_is_refused_as_truncated() {
    let mut builder = Builder::valid();
    builder.pad_end = false;
    let (bytes, data) = builder.build();

    for size in 0..bytes.len() {
        let error = read_bytes(&bytes[..size]).unwrap_err();

        // Just before the data there may be padding, which the list of tensors does not need.
        let allowed: &[&str] = match size {
            _ if size >= data => &["DataTruncated"],
            _ if size + 32 > data => &["HeaderTruncated", "DataTruncated"],
            _ => &["HeaderTruncated"],
        };
        assert!(allowed.contains(&variant(&error).as_str()), "{size}: {error}");
        assert!(error.to_string().ends_with("it is truncated"), "{size}: {error}");
    }
}

#[test]
fn a_file_that_grew_shorter_than_announced_is_refused_as_truncated() {
    let (bytes, _) = Builder::valid().build();

    let error = read(&mut &bytes[..100], bytes.len() as u64).unwrap_err();

    assert_eq!(error, GgufError::HeaderTruncated { file_size_bytes: 100, needed_bytes: 101 });
}

#[test]
fn the_message_of_a_cut_file_names_both_sizes() {
    let mut builder = Builder::valid();
    builder.surplus = -100;
    let (bytes, _) = builder.build();

    let message = read_bytes(&bytes).unwrap_err().to_string();

    let thousands = |size: usize| format!("{},{:03}", size / 1_000, size % 1_000);
    // Sixteen of the missing bytes are padding, which is not needed.
    let (size, needed) = (thousands(bytes.len()), thousands(bytes.len() + 100 - 16));
    let expected = format!(
        "the file ends at byte {size} but its tensors need {needed} bytes: it is truncated"
    );
    assert_eq!(message, expected);
}

#[test]
fn a_source_that_fails_is_reported_with_its_place() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }

    let error = read(&mut Failing, 1_000).unwrap_err();

    let kind = io::ErrorKind::PermissionDenied;
    assert_eq!(error, GgufError::Unreadable { byte: 0, kind });
}

#[test]
fn the_table_holds_at_least_eighty_hostile_headers() {
    let count = hostile::all().len();

    assert!(count >= 80, "{count} hostile headers");
}
