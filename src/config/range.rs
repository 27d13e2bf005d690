//! What numbers a setting may be.

use super::ConfigError;

/// The value, if it lies between the two ends.
pub(super) fn in_range<T: PartialOrd + ToString>(
    name: &'static str,
    value: T,
    low: T,
    high: T,
) -> Result<T, ConfigError> {
    if value >= low && value <= high {
        return Ok(value);
    }
    let range = match name {
        "max-tokens" => "from 16 to 4096",
        "temperature" => "from 0 to 2",
        "context" => "from 512 to 131072",
        "battles-waiting" => "from 0 to 10000",
        "silent-seconds" => "from 1 to 3600",
        "sign-ins-a-minute" | "network-factor" => "from 1 to 1000000",
        _ => "from 1 to 256",
    };
    Err(ConfigError::OutOfRange { name, value: value.to_string(), range })
}
