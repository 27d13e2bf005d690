//! Housekeeping of the gate.

use std::time::Duration;

use super::Gate;

/// How often those who have not been here for a while are forgotten.
const EVERY: Duration = Duration::from_secs(60);

/// Forgets idle voters, networks and names until the task is dropped.
pub async fn forget_idle(gate: Gate) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        gate.forget_idle();
    }
}
