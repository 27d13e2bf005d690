//! Who is from where and what counts as open weights, by the tables in `data/origin`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::ReportError;
use super::sources::{EXCEPTIONS, LICENCES, ORGANIZATIONS, Sources};

/// What one may do with the weights of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LicenceClass {
    /// Approved by the Open Source Initiative.
    Approved,
    /// Download and commercial use under conditions.
    Community,
    /// Download for research.
    NonCommercial,
    /// No download.
    Closed,
    /// Not said, or not in the table.
    Unknown,
}

impl LicenceClass {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            LicenceClass::Approved => "open source licence",
            LicenceClass::Community => "community licence",
            LicenceClass::NonCommercial => "non-commercial licence",
            LicenceClass::Closed => "closed",
            LicenceClass::Unknown => "licence not known",
        }
    }
}

/// Which licences count as open weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Openness {
    /// All whose weights can be downloaded.
    Weights,
    /// Without those for research only.
    Commercial,
    /// Approved by the Open Source Initiative only.
    Approved,
}

impl Openness {
    pub(super) const ALL: [Openness; 3] =
        [Openness::Weights, Openness::Commercial, Openness::Approved];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Openness::Weights => "all open weights",
            Openness::Commercial => "commercial use allowed",
            Openness::Approved => "open source licence",
        }
    }

    pub(super) fn holds(self, class: LicenceClass) -> bool {
        match self {
            Openness::Weights => class <= LicenceClass::NonCommercial,
            Openness::Commercial => class <= LicenceClass::Community,
            Openness::Approved => class == LicenceClass::Approved,
        }
    }
}

/// By whom a model's country is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CountryRule {
    /// Where its maker has its headquarters.
    Maker,
    /// Where the maker of the model it was fine-tuned from has them.
    Base,
}

impl CountryRule {
    pub(super) const ALL: [CountryRule; 2] = [CountryRule::Maker, CountryRule::Base];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            CountryRule::Maker => "maker",
            CountryRule::Base => "base model",
        }
    }
}

/// Both countries of a model.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Countries {
    pub(super) maker: String,
    pub(super) base: String,
}

impl Countries {
    pub(super) fn by(&self, rule: CountryRule) -> &str {
        match rule {
            CountryRule::Maker => &self.maker,
            CountryRule::Base => &self.base,
        }
    }
}

#[derive(Deserialize)]
struct OrganizationRow {
    organization: String,
    country: String,
}

#[derive(Deserialize)]
struct LicenceRow {
    licence: String,
    class: LicenceClass,
}

#[derive(Deserialize)]
struct ExceptionRow {
    model: String,
    kind: ExceptionKind,
    country: String,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ExceptionKind {
    Exclude,
    Base,
}

/// The three tables.
pub(super) struct Origins {
    countries: BTreeMap<String, String>,
    classes: BTreeMap<String, LicenceClass>,
    excluded: Vec<String>,
    bases: BTreeMap<String, String>,
}

impl Origins {
    pub(super) fn read(sources: &Sources) -> Result<Origins, ReportError> {
        let organizations: Vec<OrganizationRow> = sources.csv(ORGANIZATIONS)?;
        let licences: Vec<LicenceRow> = sources.csv(LICENCES)?;
        let exceptions: Vec<ExceptionRow> = sources.csv(EXCEPTIONS)?;
        let of_kind = |kind| exceptions.iter().filter(move |row| row.kind == kind);
        let country = |row: OrganizationRow| (row.organization, row.country);
        let base = |row: &ExceptionRow| (row.model.to_lowercase(), row.country.clone());
        Ok(Origins {
            countries: organizations.into_iter().map(country).collect(),
            classes: licences.into_iter().map(|row| (row.licence, row.class)).collect(),
            excluded: of_kind(ExceptionKind::Exclude).map(|row| row.model.to_lowercase()).collect(),
            bases: of_kind(ExceptionKind::Base).map(base).collect(),
        })
    }

    /// The countries of a model made by an organisation; an organisation that is not in the table is an error.
    pub(super) fn countries(&self, model: &str, maker: &str) -> Result<Countries, ReportError> {
        let found = self.countries.get(maker).cloned();
        let maker = found.ok_or_else(|| ReportError::UnknownMaker { maker: maker.to_owned() })?;
        Ok(self.with_base(model, maker))
    }

    /// The countries of a model whose maker's country is known.
    pub(super) fn with_base(&self, model: &str, maker: String) -> Countries {
        let base = self.bases.get(&model.to_lowercase()).unwrap_or(&maker).clone();
        Countries { maker, base }
    }

    /// The class of a licence; one that is not in the table is an error.
    pub(super) fn class(&self, model: &str, licence: &str) -> Result<LicenceClass, ReportError> {
        if self.excluded.contains(&model.to_lowercase()) {
            return Ok(LicenceClass::Unknown);
        }
        let class = self.classes.get(licence).copied();
        class.ok_or_else(|| ReportError::UnknownLicence { licence: licence.to_owned() })
    }

    /// The class of a licence as people write it: case, spaces and hyphens do not matter.
    pub(super) fn class_of_spelling(&self, licence: &str) -> LicenceClass {
        let plain = |text: &str| text.to_lowercase().replace([' ', '-', '_', '.'], "");
        let found = self.classes.iter().find(|(known, _)| plain(known) == plain(licence));
        found.map_or(LicenceClass::Unknown, |(_, class)| *class)
    }
}
