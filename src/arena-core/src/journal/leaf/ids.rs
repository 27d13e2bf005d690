//! A list of ids, each as 32 hexadecimal digits.

use serde::{Deserialize, Deserializer, Serializer, de};

use crate::ids::ModelId;

pub(crate) fn serialize<S: Serializer>(ids: &[ModelId], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(ids.iter().map(ToString::to_string))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<ModelId>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| text.parse().map_err(de::Error::custom)).collect()
}
