//! Whether what a model computed can be sampled from: broken or hostile weights yield NaN.

/// What the app's log says of an answer that ended for this reason.
pub(crate) const NOT_FINITE: &str = "the model computed numbers that are not finite";

/// Bits of a number without its sign.
const MAGNITUDE: u32 = 0x7fff_ffff;
/// Bits of infinity; every larger magnitude is no number.
const INFINITY: u32 = 0x7f80_0000;

/// Whether a row of logits has no NaN and no infinity upwards, and at least one finite number.
///
/// Minus infinity is a model's way to rule a token out, so it may occur.
/// Cost: one pass of integer operations, 20 to 60 µs for 262,144 tokens.
pub(crate) fn can_be_sampled(logits: &[f32]) -> bool {
    let (mut broken, mut finite) = (false, false);
    for logit in logits {
        let bits = logit.to_bits();
        let magnitude = bits & MAGNITUDE;
        broken |= magnitude > INFINITY || bits == INFINITY;
        finite |= magnitude < INFINITY;
    }
    finite && !broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_that_is_none_spoils_a_row_wherever_it_stands() {
        for broken in [f32::NAN, -f32::NAN, f32::INFINITY, f32::from_bits(INFINITY + 1)] {
            for at in [0, 1, 63, 64, 1000, 1023] {
                let mut row = vec![1.5_f32; 1024];
                assert!(can_be_sampled(&row));
                row[at] = broken;
                assert!(!can_be_sampled(&row), "{broken} at {at}");
            }
        }
    }

    #[test]
    fn a_ruled_out_token_is_fine_and_a_row_of_nothing_else_is_not() {
        let out = f32::NEG_INFINITY;

        assert!(can_be_sampled(&[out, 0.0, -3.4e38, f32::MIN_POSITIVE / 4.0]));
        assert!(!can_be_sampled(&[out, out]));
        assert!(!can_be_sampled(&[]));
    }
}
