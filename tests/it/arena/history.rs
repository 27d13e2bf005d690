//! Votes of the past, put into the database directly: a board needs more than a test can play.

use arena_core::ids::ModelId;

use super::TestArena;

impl TestArena {
    /// Adds so many votes on battles of two models, as if they had been played, each by a voter of
    /// its own, and announces them.
    pub(crate) async fn has_had(&self, pair: (ModelId, ModelId), verdict: &str, votes: i32) {
        self.has_had_by(votes, pair, verdict, votes).await;
    }

    /// As [`TestArena::has_had`], with the votes dealt out in turn to so many new voters.
    pub(crate) async fn has_had_by(
        &self,
        voters: i32,
        (left, right): (ModelId, ModelId),
        verdict: &str,
        votes: i32,
    ) {
        let mut tx = self.db.begin().await.unwrap();
        let first: i64 =
            sqlx::query_scalar("update vote_total set votes = votes + $1 returning votes - $1")
                .bind(i64::from(votes))
                .fetch_one(&mut *tx)
                .await
                .unwrap();
        sqlx::query(
            "with voter as (
                 insert into voters (voter_id)
                 select gen_random_uuid() from generate_series(1, $6) returning voter_id
             ), numbered as (
                 select voter_id, row_number() over () - 1 as number from voter
             ), played as (
                 insert into battles (battle_id, voter_id, left_model_id, right_model_id, p_draw,
                     state, closed_at)
                 select gen_random_uuid(), voter_id, $1, $2, 0.5, 'voted', now()
                 from generate_series(1, $4) as vote join numbered on number = vote % $6
                 returning battle_id, voter_id
             ), counted as (
                 insert into vote_counts (left_model_id, right_model_id, verdict, votes)
                 values ($1, $2, $3, $4)
                 on conflict (left_model_id, right_model_id, verdict)
                 do update set votes = vote_counts.votes + $4
             )
             insert into votes (vote_index, battle_id, voter_id, verdict)
             select $5 - 1 + row_number() over (), battle_id, voter_id, $3 from played",
        )
        .bind(left.0)
        .bind(right.0)
        .bind(verdict)
        .bind(votes)
        .bind(first)
        .bind(voters)
        .execute(&mut *tx)
        .await
        .unwrap();
        sqlx::query("select pg_notify('votes', '')").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    }
}
