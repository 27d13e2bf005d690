//! A published table of ratings on one date, and what it says about countries: best models, differences, shares of top
//! places. The ratings of two models are treated as independent, because no table publishes their covariance.

use std::cmp::Ordering;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

use super::document::Measured;
use super::origin::{Countries, CountryRule, LicenceClass, Openness};

/// One model in a table.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) name: String,
    pub(super) countries: Countries,
    pub(super) class: LicenceClass,
    pub(super) rating: Measured,
    pub(super) votes: u64,
    /// Rank in the publisher's table with style control.
    pub(super) style_rank: Option<u32>,
}

/// A table on one date.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub(super) date: String,
    pub(super) standings: Vec<Standing>,
}

/// What stands for a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Top {
    /// Its best model.
    Best,
    /// The mean of its three best models.
    MeanOfThree,
}

impl Top {
    pub(super) const ALL: [Top; 2] = [Top::Best, Top::MeanOfThree];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Top::Best => "best",
            Top::MeanOfThree => "mean of best 3",
        }
    }

    pub(super) fn models(self) -> usize {
        match self {
            Top::Best => 1,
            Top::MeanOfThree => 3,
        }
    }
}

/// By what the best models are picked. What is compared is their rating in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PickedBy {
    Rating,
    StyleRank,
}

impl PickedBy {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            PickedBy::Rating => "rating",
            PickedBy::StyleRank => "style-controlled rank",
        }
    }
}

/// The choices behind one contrast of countries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) openness: Openness,
    pub(super) country: CountryRule,
    pub(super) top: Top,
    pub(super) picked_by: PickedBy,
    /// Models with fewer votes are left out.
    pub(super) fewest_votes: u64,
}

impl Choice {
    /// The choices of the main figures.
    pub(super) const MAIN: Choice = Choice {
        openness: Openness::Weights,
        country: CountryRule::Maker,
        top: Top::Best,
        picked_by: PickedBy::Rating,
        fewest_votes: 0,
    };
}

/// Whom a country is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side<'a> {
    Country(&'a str),
    AllBut(&'a str),
}

impl Side<'_> {
    fn holds(self, country: &str) -> bool {
        match self {
            Side::Country(own) => own == country,
            Side::AllBut(other) => other != country,
        }
    }
}

/// The models that stand for a side, and their rating.
#[derive(Clone, Debug)]
pub(super) struct Pick<'a> {
    pub(super) models: Vec<&'a Standing>,
    pub(super) rating: Measured,
}

impl Pick<'_> {
    pub(super) fn votes(&self) -> u64 {
        self.models.iter().map(|model| model.votes).sum()
    }

    pub(super) fn names(&self) -> String {
        self.models.iter().map(|model| model.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// A difference between two sides.
#[derive(Clone, Debug)]
pub(super) struct Contrast<'a> {
    pub(super) left: Pick<'a>,
    pub(super) right: Pick<'a>,
    pub(super) difference: Measured,
}

impl Contrast<'_> {
    pub(super) fn votes(&self) -> u64 {
        self.left.votes() + self.right.votes()
    }
}

impl Snapshot {
    /// The models that count under a choice, the best first; equal ratings by votes, then by name.
    pub(super) fn ranked(&self, choice: Choice) -> Vec<&Standing> {
        let counts = |model: &&Standing| {
            let by_rank = choice.picked_by == PickedBy::Rating || model.style_rank.is_some();
            choice.openness.holds(model.class) && model.votes >= choice.fewest_votes && by_rank
        };
        let mut ranked: Vec<&Standing> = self.standings.iter().filter(counts).collect();
        ranked.sort_by(|a, b| match choice.picked_by {
            PickedBy::Rating => better_first(a, b),
            PickedBy::StyleRank => a.style_rank.cmp(&b.style_rank).then(better_first(a, b)),
        });
        ranked
    }

    /// The models that stand for a side, or `None` if it has too few.
    pub(super) fn pick(&self, side: Side<'_>, choice: Choice) -> Option<Pick<'_>> {
        let ranked = self.ranked(choice).into_iter();
        let own = ranked.filter(|model| side.holds(model.countries.by(choice.country)));
        let models: Vec<&Standing> = own.take(choice.top.models()).collect();
        if models.len() < choice.top.models() {
            return None;
        }
        let ratings: Vec<Measured> = models.iter().map(|model| model.rating).collect();
        Some(Pick { rating: Measured::mean(&ratings), models })
    }

    /// The difference between two sides, or `None` if one has too few models.
    pub(super) fn contrast<'a>(
        &'a self,
        left: Side<'_>,
        right: Side<'_>,
        choice: Choice,
    ) -> Option<Contrast<'a>> {
        let (left, right) = (self.pick(left, choice)?, self.pick(right, choice)?);
        let difference = left.rating.minus(right.rating);
        Some(Contrast { left, right, difference })
    }
}

fn better_first(a: &Standing, b: &Standing) -> Ordering {
    let by_rating = b.rating.value.total_cmp(&a.rating.value);
    by_rating.then(b.votes.cmp(&a.votes)).then_with(|| a.name.cmp(&b.name))
}

/// How many of the first `places` belong to each of `groups`, as published and in each draw.
pub(super) struct Places {
    published: Vec<usize>,
    drawn: Vec<Vec<usize>>,
    places: usize,
}

impl Places {
    /// Counts places.
    ///
    /// Input: models with the number of their group, the best first; how many places; how many groups; draws; a seed.
    /// Output: the published counts, and those of tables whose ratings are drawn around the published ones,
    /// independent and normal with the standard errors of their intervals.
    /// Accuracy: Monte Carlo; 400 draws place an end of an interval to within one place.
    /// Errors: none. Cost: draws x models x ln(models).
    /// Source: parametric bootstrap (Efron and Tibshirani 1993, chapter 6), Xoshiro256++.
    pub(super) fn count(
        models: &[(&Standing, usize)],
        places: usize,
        groups: usize,
        draws: usize,
        seed: u64,
    ) -> Places {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let places = places.min(models.len());
        let count = |order: &[(f64, usize)]| {
            let mut counts = vec![0; groups];
            order.iter().take(places).for_each(|&(_, group)| counts[group] += 1);
            counts
        };
        let published: Vec<(f64, usize)> =
            models.iter().map(|(model, group)| (model.rating.value, *group)).collect();
        let mut drawn = Vec::with_capacity(draws);
        for _ in 0..draws {
            let one = |(model, group): &(&Standing, usize)| {
                (model.rating.value + model.rating.error() * normal(&mut rng), *group)
            };
            let mut order: Vec<(f64, usize)> = models.iter().map(one).collect();
            order.sort_by(|a, b| b.0.total_cmp(&a.0));
            drawn.push(count(&order));
        }
        Places { published: count(&published), drawn, places }
    }

    /// Counts places whose draws come from elsewhere: groups by place, the best first, in each draw.
    pub(super) fn of_orders(
        published: &[usize],
        draws: &[Vec<usize>],
        places: usize,
        groups: usize,
    ) -> Places {
        let places = places.min(published.len());
        let count = |order: &[usize]| {
            let mut counts = vec![0; groups];
            order.iter().take(places).for_each(|&group| counts[group] += 1);
            counts
        };
        let drawn = draws.iter().map(|order| count(order)).collect();
        Places { published: count(published), drawn, places }
    }

    /// Places that a group holds as published.
    pub(super) fn held(&self, group: usize) -> usize {
        self.published[group]
    }

    /// The share of places that a group holds.
    pub(super) fn share(&self, group: usize) -> Measured {
        self.interval(|counts| counts[group] as f64)
    }

    /// The share of one group minus that of another.
    pub(super) fn difference(&self, group: usize, other: usize) -> Measured {
        self.interval(|counts| counts[group] as f64 - counts[other] as f64)
    }

    /// 2.5 % of draws lie beyond each end, which is moved to the published value if it lies inside.
    fn interval(&self, of: impl Fn(&[usize]) -> f64) -> Measured {
        let places = self.places.max(1) as f64;
        let value = of(&self.published) / places;
        let mut sorted: Vec<f64> = self.drawn.iter().map(|counts| of(counts) / places).collect();
        sorted.sort_by(f64::total_cmp);
        let beyond = sorted.len() / 40;
        let low = sorted.get(beyond).copied().unwrap_or(value).min(value);
        let high = sorted.iter().rev().nth(beyond).copied().unwrap_or(value).max(value);
        Measured { value, low, high }
    }
}

/// A standard normal number by Box and Muller (1958), one of each pair.
fn normal(rng: &mut impl Rng) -> f64 {
    let mut unit = || ((rng.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    let (radius, angle) = (unit(), unit());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}
