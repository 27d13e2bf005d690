//! Where questions go: what every page says of it, before anybody asks.
//!
//! The words depend on the models of the site, never on those of a battle.

use std::sync::{Arc, PoisonError, RwLock};

use super::wording;

/// Somebody who receives questions to answer them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Destination {
    /// Who runs the machine.
    pub operator: String,
    /// ISO 3166 codes of where, joined by a slash.
    pub country: String,
}

impl std::fmt::Display for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.operator, wording::country(&self.country))
    }
}

/// All who receive questions now; pages and the jobs that start engines share it.
#[derive(Clone, Debug, Default)]
pub struct Whereabouts {
    destinations: Arc<RwLock<Vec<Destination>>>,
}

impl Whereabouts {
    /// Puts a new list in force.
    pub fn replace(&self, mut destinations: Vec<Destination>) {
        destinations.sort();
        destinations.dedup();
        *self.destinations.write().unwrap_or_else(PoisonError::into_inner) = destinations;
    }

    /// All of them in words; none while nothing leaves this machine.
    pub fn elsewhere(&self) -> Option<String> {
        let destinations = self.destinations.read().unwrap_or_else(PoisonError::into_inner);
        let words: Vec<String> = destinations.iter().map(Destination::to_string).collect();
        match words.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            [most @ .., last] => Some(format!("{} and {last}", most.join(", "))),
        }
    }

    /// What the foot of every page says.
    pub fn in_short(&self) -> String {
        match self.elsewhere() {
            None => "Questions, answers and votes stay on this machine.".to_owned(),
            Some(names) => format!(
                "Votes stay on this machine; questions are sent to {names} as well, where some of \
                 the models run."
            ),
        }
    }

    /// What stands beside a field for a question.
    pub fn beside_a_question(&self) -> String {
        match self.elsewhere() {
            None => "Do not write personal data. The text stays on this machine.".to_owned(),
            Some(names) => format!(
                "Do not write personal data. Not all models run on this machine: your text may be \
                 sent to {names}."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(operator: &str, country: &str) -> Destination {
        Destination { operator: operator.to_owned(), country: country.to_owned() }
    }

    #[test]
    fn without_endpoints_the_text_stays() {
        let here = Whereabouts::default();

        assert!(here.in_short().ends_with("votes stay on this machine."));
        assert!(here.beside_a_question().ends_with("The text stays on this machine."));
        assert_eq!(here.elsewhere(), None);
    }

    #[test]
    fn every_operator_is_named_once_with_its_country() {
        let whereabouts = Whereabouts::default();
        let (one, other) = (destination("Heron Hosting", "DK"), destination("Ibis Cloud", "US/CH"));

        whereabouts.replace(vec![other.clone(), one.clone(), other]);

        assert_eq!(
            whereabouts.elsewhere().unwrap(),
            "Heron Hosting (Denmark) and Ibis Cloud (USA / Switzerland)"
        );
        assert!(whereabouts.in_short().contains("questions are sent to Heron Hosting (Denmark)"));
        assert!(!whereabouts.beside_a_question().contains("stays on"));
    }
}
