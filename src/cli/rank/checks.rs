//! What cannot be asked for together, or not of this file; each refusal says what to do instead.

use crate::ranking::files::{Attribution, FileVotes, Votes};

use super::{Arguments, By, Interval, Result, Together};

/// Refuses flags that contradict each other.
pub(super) fn combination(arguments: &Arguments) -> Result<()> {
    let weighted = arguments.reweight.is_some() || arguments.voter_cap;
    let elo = arguments.method == By::Elo;
    let by_elo = [
        (arguments.ci.is_some_and(|ci| ci != Interval::None), "--ci"),
        (arguments.cluster != Together::None, "--cluster"),
        (arguments.anchor.is_some(), "--anchor"),
        (arguments.style, "--style"),
        (weighted, "--reweight and --voter-cap"),
        (arguments.draws.is_some(), "--draws"),
    ];
    if let Some((_, flag)) = by_elo.iter().find(|(given, _)| elo && *given) {
        return Err(format!(
            "--method elo has no interval and no weights, so {flag} means nothing; use --method bt"
        )
        .into());
    }
    if arguments.elo_orders.is_some() && !elo {
        return Err("--elo-orders is for --method elo".into());
    }
    if arguments.style && arguments.method != By::Bt {
        return Err("--style needs --method bt".into());
    }
    if arguments.style && weighted {
        return Err("--style counts every vote once; leave out --reweight and --voter-cap".into());
    }
    let bootstrap = arguments.interval() == Interval::Bootstrap;
    if arguments.style && bootstrap {
        return Err("--style has sandwich intervals only; leave out --ci bootstrap".into());
    }
    if bootstrap {
        arguments.resample()?;
    }
    if bootstrap && weighted && arguments.cluster == Together::None {
        return Err("--ci bootstrap cannot draw single votes of different weight; add --cluster \
                    voter or prompt, or use --ci sandwich"
            .into());
    }
    Ok(())
}

/// Refuses what the file has no columns for.
pub(super) fn contents(arguments: &Arguments, file: &FileVotes) -> Result<()> {
    let keep = arguments.keep();
    let has = |part: fn(&Votes) -> Option<&Attribution>| {
        file.votes.as_ref().and_then(part).is_some_and(|part| !part.names.is_empty())
    };
    if keep.voters && !has(|votes| votes.voters.as_ref()) {
        return Err("the file does not say who voted (no column voter, judge, user_id, worker, \
                    visitor_id); leave out --cluster voter or both, and --voter-cap"
            .into());
    }
    if keep.prompts && !has(|votes| votes.prompts.as_ref()) {
        return Err("the file does not say on which prompt a vote is (no column prompt, \
                    question_id, conversation_id); leave out --cluster prompt or both"
            .into());
    }
    if file.votes.is_none() && (arguments.style || arguments.method == By::Elo) {
        return Err(
            "this file holds counts of pairs; Elo needs votes in order, and --style needs \
                    answers"
                .into(),
        );
    }
    Ok(())
}
