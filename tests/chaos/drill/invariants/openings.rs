//! I7: every commitment is opened by what was committed to, and that is what was drawn.

use std::collections::HashSet;

use arena_core::ids::BattleId;
use arena_core::journal::commitment::{Domain, Reveal, commit};
use arena_core::journal::draw::Ticket;
use arena_core::journal::leaf::{Assign, Leaf};
use arena_core::journal::parse_hex;
use arena_core::journal::policy::Policy;

use super::Wrongs;
use super::leaves::Log;
use super::rows::{Commitment, Rows};

/// Checks what the log has opened, and what the database keeps to open the rest.
pub(super) fn check(rows: &Rows, log: &Log, wrongs: &mut Wrongs) {
    for (leaf, index) in log.leaves.iter().zip(0_u64..) {
        let (battle, assign, opening, reveal) = match leaf {
            Leaf::Vote(vote) => (vote.b, vote.a, &vote.n, &vote.rev),
            Leaf::Void(void) => (void.b, void.a, &void.n, &void.rev),
            _ => continue,
        };
        let assign = i64::try_from(assign).ok().and_then(|index| log.get(index));
        let opens = match assign {
            Some(Leaf::Assign(assign)) => {
                assign.b == battle && assign.c == committed(opening, reveal)
            }
            _ => false,
        };
        wrongs.unless(opens, 7, || format!("leaf {index} does not open its commitment"));
    }
    let policies: Vec<(i64, Option<Policy>)> =
        rows.policies.iter().map(|(index, body)| (*index, Policy::parse(body))).collect();
    for row in &rows.commitments {
        if let Err(why) = stored(rows, log, row, &policies) {
            wrongs.add(7, format!("battle {}: {why}", row.battle_id.simple()));
        }
    }
}

fn committed(opening: &str, reveal: &str) -> String {
    let opening = parse_hex::<32>(opening).unwrap_or_default();
    hex::encode(commit(Domain::Assign, &opening, reveal.as_bytes()))
}

/// One stored commitment: it is that of its leaf, opens to the battle's models, and these were drawn.
fn stored(
    rows: &Rows,
    log: &Log,
    row: &Commitment,
    policies: &[(i64, Option<Policy>)],
) -> Result<(), &'static str> {
    let Some(Leaf::Assign(assign)) = log.get(row.assign_index) else {
        return Err("no assign leaf");
    };
    let commitment = committed(&hex::encode(&row.opening), &row.reveal);
    if assign.c != commitment || hex::encode(&row.commitment) != commitment {
        return Err("the stored opening does not open the leaf");
    }
    let reveal = Reveal::parse(&row.reveal).ok_or("the reveal cannot be read")?;
    let battle = rows.battles.get(&row.battle_id).ok_or("no battle")?;
    let same = reveal.b == BattleId(row.battle_id)
        && assign.b == reveal.b
        && assign.e == row.epoch
        && (reveal.l.0, reveal.r.0) == (battle.left_model_id, battle.right_model_id);
    if !same {
        return Err("the reveal is about another battle or other models");
    }
    drawn(rows, assign, &reveal, policies, row.assign_index)
}

/// Repeats the draw with the key of the day and the policy in force.
fn drawn(
    rows: &Rows,
    assign: &Assign,
    reveal: &Reveal,
    policies: &[(i64, Option<Policy>)],
    place: i64,
) -> Result<(), &'static str> {
    let day = rows.epochs.iter().find(|(day, ..)| *day == assign.e).ok_or("no key of the day")?;
    let key: [u8; 32] = day.1.as_slice().try_into().map_err(|_| "the key of the day")?;
    let nonce = hex::decode(&reveal.cn).map_err(|_| "the nonce")?;
    let policy = policies.iter().rev().find(|(index, _)| *index < place);
    let policy = policy.and_then(|(_, policy)| policy.as_ref()).ok_or("no policy in force")?;
    let out: HashSet<_> = reveal.out.iter().copied().collect();
    let ticket = Ticket { key: &key, number: assign.i, nonce: &nonce };
    let again = ticket.draw(policy, &out).map_err(|_| "nothing could be drawn")?;
    let same = again.battle == assign.b
        && (again.draw.left, again.draw.right) == (reveal.l, reveal.r)
        && [again.seeds.left, again.seeds.right] == reveal.seed;
    if same { Ok(()) } else { Err("the draw comes out otherwise") }
}
