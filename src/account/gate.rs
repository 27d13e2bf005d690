//! How much may be done: so much a minute and a day, by a voter, by a network, under a name.
//!
//! Minutes are counted in memory, days in the database, where a day's battles are anyway.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arena_core::ids::VoterId;
use arena_core::tier::Tier;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use sqlx::PgPool;
use time::OffsetDateTime;

use super::credentials::{Hasher, Unhashed};
use super::networks::Networks;
use super::queries;
use crate::config::Allowances;
use crate::kit::peer::{self, Block};

pub use super::networks::Network;
pub use super::refused::{Deed, Refused};

/// Passwords that are hashed at once: the other core is for everybody else.
const HASHED_AT_ONCE: usize = 1;
/// After how long one more attempt under a name is allowed: guessing is hopeless, mistyping is not.
const NAME_RECOVERS: Duration = Duration::from_secs(60);

/// How long the battles of a network are counted together.
const BURST: Duration = Duration::from_secs(600);

/// Lets people do what they may, and tells the others when they may again.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    allowances: Allowances,
    trusted: Vec<Block>,
    networks: Networks,
    hasher: Hasher,
    battles: [Minute<VoterId>; 3],
    votes: [Minute<VoterId>; 3],
    network_battles: Minute<Network>,
    network_votes: Minute<Network>,
    bursts: Minute<Network>,
    vote_bursts: Minute<Network>,
    sign_ins: Minute<Network>,
    names: Minute<String>,
    clock: AheadClock,
}

/// The machine's clock, and how far it was put forward.
#[derive(Clone, Debug, Default)]
struct AheadClock {
    machine: DefaultClock,
    ahead_nanoseconds: Arc<AtomicU64>,
}

impl Clock for AheadClock {
    type Instant = <DefaultClock as Clock>::Instant;

    fn now(&self) -> Self::Instant {
        self.machine.now() + Nanos::new(self.ahead_nanoseconds.load(Ordering::Relaxed))
    }
}

/// So many times in a row, and again as time goes by.
struct Minute<K: Hash + Eq + Clone> {
    limiter: RateLimiter<
        K,
        HashMapStateStore<K>,
        AheadClock,
        NoOpMiddleware<<AheadClock as Clock>::Instant>,
    >,
    most: u32,
}

impl<K: Hash + Eq + Clone> Minute<K> {
    fn of(most: u32, clock: &AheadClock) -> Self {
        let most = NonZeroU32::new(most).unwrap_or(NonZeroU32::MIN);
        Self::with(Quota::per_minute(most), most, clock)
    }

    /// One more every so often; so many at first.
    fn recovering(most: u32, every: Duration, clock: &AheadClock) -> Self {
        let burst = NonZeroU32::new(most).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(every).unwrap_or(Quota::per_minute(NonZeroU32::MIN));
        Self::with(quota.allow_burst(burst), burst, clock)
    }

    fn with(quota: Quota, most: NonZeroU32, clock: &AheadClock) -> Self {
        let store = HashMapStateStore::default();
        Self { limiter: RateLimiter::new(quota, store, clock.clone()), most: most.get() }
    }

    /// So many in any stretch of this length: half of them at once, the others evenly.
    fn within(most: u32, stretch: Duration, clock: &AheadClock) -> Self {
        let at_once = (most / 2).max(1);
        let evenly = most.saturating_sub(at_once).max(1);
        Self { most, ..Self::recovering(at_once, stretch / evenly, clock) }
    }

    /// Takes one, or says after how many seconds there is one.
    fn take(&self, key: &K) -> Result<(), u64> {
        self.limiter.check_key(key).map_err(|not_yet| {
            let wait = not_yet.wait_time_from(self.limiter.clock().now());
            wait.as_secs() + 1
        })
    }

    fn forget(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

impl Minute<Network> {
    /// Takes one for a voter whom nobody vouches for.
    fn admit(&self, deed: Deed, tier: Tier, network: Network) -> Result<(), Refused> {
        if tier == Tier::Invited {
            return Ok(());
        }
        let refused = |seconds| Refused::NetworkTooFast { deed, most: self.most, seconds };
        self.take(&network).map_err(refused)
    }
}

impl Gate {
    /// A gate with nobody at it.
    pub fn new(allowances: Allowances, trusted: Vec<Block>) -> Result<Self, Unhashed> {
        let Allowances { battles_a_minute, votes_a_minute, network_factor, .. } = allowances;
        let clock = AheadClock::default();
        let network = |most: u32| Minute::of(most.saturating_mul(network_factor), &clock);
        Ok(Self(Arc::new(Inner {
            allowances,
            trusted,
            networks: Networks::default(),
            hasher: Hasher::new(HASHED_AT_ONCE)?,
            battles: Tier::ALL.map(|tier| Minute::of(battles_a_minute.of(tier), &clock)),
            votes: Tier::ALL.map(|tier| Minute::of(votes_a_minute.of(tier), &clock)),
            network_battles: network(battles_a_minute.anonymous),
            network_votes: network(votes_a_minute.anonymous),
            bursts: Minute::within(allowances.network_battles, BURST, &clock),
            vote_bursts: Minute::within(allowances.network_battles, BURST, &clock),
            sign_ins: Minute::of(allowances.sign_ins_a_minute, &clock),
            names: Minute::recovering(allowances.sign_ins_a_minute, NAME_RECOVERS, &clock),
            clock,
        })))
    }

    /// Puts the clock of the minutes forward, so that whoever tries the gate need not wait; days are not moved.
    pub fn put_forward(&self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.0.clock.ahead_nanoseconds.fetch_add(by, Ordering::Relaxed);
    }

    /// Hashes passwords.
    pub fn hasher(&self) -> &Hasher {
        &self.0.hasher
    }

    /// What is allowed.
    pub fn allowances(&self) -> &Allowances {
        &self.0.allowances
    }

    /// The network of a request.
    pub fn network<'a>(
        &self,
        peer: Option<IpAddr>,
        forwarded_for: impl DoubleEndedIterator<Item = &'a str>,
    ) -> Network {
        let client = peer::client(peer, forwarded_for, &self.0.trusted);
        self.0.networks.hash(client, OffsetDateTime::now_utc())
    }

    /// Whether a voter may open a battle now.
    pub async fn admit_battle(
        &self,
        db: &PgPool,
        voter: VoterId,
        network: Network,
    ) -> Result<(), Refused> {
        let mut db = db.acquire().await?;
        let tier = super::tier_of(&mut db, voter).await?;
        self.admit_writing(Deed::Battle, (voter, tier), network)?;
        let most = self.0.allowances.battles_a_day.of(tier);
        let voters = super::voters_of(&mut db, voter).await?;
        if queries::count_today(&mut db, &voters).await? >= i64::from(most) {
            return Err(Refused::DayUsedUp { tier, most, seconds: until_midnight() });
        }
        let most = i64::from(most.saturating_mul(self.0.allowances.network_factor));
        if queries::count_network_today(&mut db, network.as_bytes()).await? >= most {
            return Err(Refused::NetworkDayUsedUp { seconds: until_midnight() });
        }
        // Last: what is refused for another reason takes nothing from the neighbours.
        self.0.bursts.admit(Deed::Battle, tier, network)
    }

    /// Whether a voter may have the models of an open battle write again now.
    pub async fn admit_turn(
        &self,
        db: &PgPool,
        voter: VoterId,
        network: Network,
    ) -> Result<(), Refused> {
        let tier = super::tier_of(&mut *db.acquire().await?, voter).await?;
        self.admit_writing(Deed::Turn, (voter, tier), network)
    }

    fn admit_writing(
        &self,
        deed: Deed,
        (voter, tier): (VoterId, Tier),
        network: Network,
    ) -> Result<(), Refused> {
        let own = of_tier(&self.0.battles, tier);
        let refused = |most| move |seconds| Refused::TooFast { deed, most, seconds };
        // The network first: who makes up a new voter for every request fills no memory.
        let shared = &self.0.network_battles;
        shared.take(&network).map_err(refused(shared.most))?;
        own.take(&voter).map_err(refused(own.most))
    }

    /// Whether a voter may vote now.
    pub async fn admit_vote(
        &self,
        db: &PgPool,
        voter: VoterId,
        network: Network,
    ) -> Result<(), Refused> {
        let tier = super::tier_of(&mut *db.acquire().await?, voter).await?;
        let own = of_tier(&self.0.votes, tier);
        let refused = |most| move |seconds| Refused::TooFast { deed: Deed::Vote, most, seconds };
        let shared = &self.0.network_votes;
        shared.take(&network).map_err(refused(shared.most))?;
        own.take(&voter).map_err(refused(own.most))?;
        // Battles can be saved up and voted on at once.
        self.0.vote_bursts.admit(Deed::Vote, tier, network)
    }

    /// Whether a password may be tried now, from this network and under this name.
    pub fn admit_sign_in(&self, network: Network, name: &str) -> Result<(), Refused> {
        let refused = |most| move |seconds| Refused::TooFast { deed: Deed::SignIn, most, seconds };
        let (all, names) = (&self.0.sign_ins, &self.0.names);
        all.take(&network).map_err(refused(all.most))?;
        let name: String = name.trim().chars().take(80).collect();
        names.take(&name.to_ascii_lowercase()).map_err(refused(names.most))
    }

    /// Forgets who has not been here for a while.
    pub(super) fn forget_idle(&self) {
        self.0.battles.iter().chain(&self.0.votes).for_each(Minute::forget);
        let Inner { network_battles, network_votes, bursts, vote_bursts, sign_ins, .. } = &*self.0;
        [network_battles, network_votes, bursts, vote_bursts, sign_ins]
            .into_iter()
            .for_each(Minute::forget);
        self.0.names.forget();
    }
}

fn of_tier(minutes: &[Minute<VoterId>; 3], tier: Tier) -> &Minute<VoterId> {
    let [anonymous, registered, invited] = minutes;
    match tier {
        Tier::Anonymous => anonymous,
        Tier::Registered => registered,
        Tier::Invited => invited,
    }
}

fn until_midnight() -> u64 {
    let now = OffsetDateTime::now_utc();
    let passed =
        u64::from(now.hour()) * 3_600 + u64::from(now.minute()) * 60 + u64::from(now.second());
    86_400 - passed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_pass_and_the_next_one_is_told_when() {
        let minute = Minute::of(3, &AheadClock::default());

        for _ in 0..3 {
            assert_eq!(minute.take(&'a'), Ok(()));
        }

        let wait = minute.take(&'a').unwrap_err();
        assert!(
            (19..=20).contains(&wait),
            "one of three a minute is back after 20 seconds: {wait}"
        );
        assert_eq!(minute.take(&'b'), Ok(()), "others are not held up");
    }

    #[test]
    fn no_ten_minutes_have_more_than_so_many() {
        let clock = AheadClock::default();
        let bursts = Minute::within(50, BURST, &clock);
        let second = u64::try_from(Duration::from_secs(1).as_nanos()).unwrap();
        let mut taken = Vec::new();
        for now in 0..3_000 {
            while bursts.take(&'a').is_ok() {
                taken.push(now);
            }
            clock.ahead_nanoseconds.fetch_add(second, Ordering::Relaxed);
        }

        assert_eq!(taken.iter().filter(|at| **at == 0).count(), 25, "a group may begin at once");
        assert!((145..=150).contains(&taken.len()), "the others come back: {}", taken.len());
        let fullest = taken
            .iter()
            .map(|from| taken.iter().filter(|at| (*from..from + 600).contains(*at)).count());
        let fullest = fullest.max().unwrap();
        assert!((49..=50).contains(&fullest), "no more, and hardly fewer: {fullest}");
    }

    #[test]
    fn a_name_is_tried_from_many_networks_only_so_often() {
        let allowances = Allowances { sign_ins_a_minute: 2, ..Allowances::default() };
        let gate = Gate::new(allowances, Vec::new()).unwrap();
        let network = |n: u8| gate.network(Some(IpAddr::from([203, 0, n, 9])), [].into_iter());

        assert!(gate.admit_sign_in(network(1), "Ada").is_ok());
        assert!(gate.admit_sign_in(network(2), " ada").is_ok());
        let third = gate.admit_sign_in(network(3), "ADA");
        assert!(matches!(third, Err(Refused::TooFast { seconds: 50..=60, .. })), "{third:?}");
        assert!(gate.admit_sign_in(network(3), "grace").is_ok());
    }
}
