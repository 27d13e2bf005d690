//! Battles that wait for their votes, put into the database as if they had been played.

use std::sync::atomic::{AtomicI64, Ordering};

use arena_core::ids::{BattleId, ModelId};
use arena_core::journal::commitment::{Domain, Reveal, commit};
use sqlx::PgPool;
use uuid::Uuid;

/// Above all indices of leaves that there are.
static NEXT: AtomicI64 = AtomicI64::new(1_000_000_000);

/// Makes complete battles like one that was played, for the same voter; with commitments or without.
pub(crate) async fn battles(db: &PgPool, like: &str, count: usize, with: bool) -> Vec<String> {
    let like: Uuid = like.parse().unwrap();
    let mut ids = Vec::new();
    let mut tx = db.begin().await.unwrap();
    let (left, right): (Uuid, Uuid) =
        sqlx::query_as("select left_model_id, right_model_id from battles where battle_id = $1")
            .bind(like)
            .fetch_one(&mut *tx)
            .await
            .unwrap();
    for _ in 0..count {
        let id = Uuid::new_v4();
        for sql in [
            "insert into battles (battle_id, voter_id, left_model_id, right_model_id, p_draw, state,
                 left_chars, left_headers, left_lists, left_bold, right_chars, right_headers,
                 right_lists, right_bold, question_hashes)
             select $1, voter_id, left_model_id, right_model_id, p_draw, 'complete', 3, 0, 0, 0, 3, 0, 0, 0,
                 array[sha256($1::text::bytea)]
             from battles where battle_id = $2",
            "insert into turns (battle_id, turn, prompt) select $1, turn, prompt || ' ' || $1::text
             from turns where battle_id = $2",
            "insert into answers (battle_id, turn, side, attempt, model_id, outcome, body, finish, seed, sampling,
                 system_prompt, ended_at)
             select $1, turn, side, attempt, model_id, outcome, body, finish, seed, sampling, system_prompt, ended_at
             from answers where battle_id = $2",
        ] {
            sqlx::query(sql).bind(id).bind(like).execute(&mut *tx).await.unwrap();
        }
        if with {
            let reveal = reveal(id, left, right).to_text();
            let opening = [7; 32];
            sqlx::query(
                "insert into commitments (battle_id, assign_index, epoch, opening, commitment, reveal)
                 select $1, $2, epoch, $3, $4, $5 from epochs limit 1",
            )
            .bind(id)
            .bind(NEXT.fetch_add(1, Ordering::Relaxed))
            .bind(opening.as_slice())
            .bind(commit(Domain::Assign, &opening, reveal.as_bytes()).as_slice())
            .bind(reveal)
            .execute(&mut *tx)
            .await
            .unwrap();
        }
        ids.push(id.to_string());
    }
    tx.commit().await.unwrap();
    ids
}

fn reveal(battle: Uuid, left: Uuid, right: Uuid) -> Reveal {
    Reveal {
        v: 1,
        b: BattleId(battle),
        l: ModelId(left),
        r: ModelId(right),
        lg: "ab".repeat(32),
        rg: "cd".repeat(32),
        samp: "ef".repeat(32),
        seed: [1, 2],
        st: [0, 0],
        out: Vec::new(),
        cn: "00".repeat(16),
        pc: "12".repeat(32),
    }
}
