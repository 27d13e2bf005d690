//! Every column of every table, declared public or private.
//!
//! A new column must be declared here, or the test over the live schema fails: nothing reaches an
//! export by accident.

/// Columns whose content may appear in exports.
pub const PUBLIC: &[(&str, &[&str])] = &[
    (
        "models",
        &[
            "model_id",
            "name",
            "maker",
            "country",
            "licence",
            "base_model",
            "architecture",
            "parameter_count",
            "quantization",
            "context_tokens",
            "file_size_bytes",
            "file_sha256",
            "template_source",
            "weight",
            "added_at",
            "retired_at",
        ],
    ),
    (
        "eval_sets",
        &[
            "set_id",
            "version",
            "title",
            "language",
            "licence",
            "source",
            "description",
            "content_sha256",
            "imported_at",
        ],
    ),
    (
        "questions",
        &["question_id", "set_id", "set_version", "question_key", "position", "category", "turns"],
    ),
    ("votes", &["vote_index", "verdict", "cast_at"]),
    ("vote_counts", &["left_model_id", "right_model_id", "verdict", "votes"]),
    ("vote_total", &["only_row", "votes"]),
];

/// Columns that never leave the arena: texts, pseudonyms, sessions, paths, and what would tie a vote
/// to a battle.
pub const PRIVATE: &[(&str, &[&str])] = &[
    ("models", &["file_path", "file_modified_at", "chat_template"]),
    ("voters", &["voter_id", "joined_at"]),
    ("sessions", &["token_sha256", "state", "expires_at"]),
    (
        "battles",
        &[
            "battle_id",
            "voter_id",
            "left_model_id",
            "right_model_id",
            "p_draw",
            "question_id",
            "state",
            "void_reason",
            "opened_at",
            "closed_at",
            "language",
            "left_chars",
            "left_headers",
            "left_lists",
            "left_bold",
            "right_chars",
            "right_headers",
            "right_lists",
            "right_bold",
        ],
    ),
    ("turns", &["battle_id", "turn", "prompt", "asked_at"]),
    (
        "answers",
        &[
            "battle_id",
            "turn",
            "side",
            "attempt",
            "model_id",
            "outcome",
            "failure",
            "body",
            "finish",
            "seed",
            "sampling",
            "system_prompt",
            "engine",
            "prompt_tokens",
            "answer_tokens",
            "first_token_ms",
            "total_ms",
            "started_at",
            "ended_at",
        ],
    ),
    ("votes", &["battle_id", "voter_id"]),
    ("skips", &["battle_id", "reason", "skipped_at"]),
];
