//! The address of an endpoint and the key that opens it.

use std::path::Path;

use reqwest::Url;
use reqwest::header::HeaderValue;

/// Longest key file, in bytes.
const MAX_KEY_BYTES: u64 = 8 << 10;

/// Why an address or a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It is no address of the web.
    #[error(
        "{0} is no address of an endpoint; it is written like https://host/v1, without user, query \
         and fragment"
    )]
    NotAnAddress(String),
    /// A key would travel where others can read it.
    #[error(
        "a key is sent over https, or to this machine itself; use https, or a tunnel that ends at \
         127.0.0.1"
    )]
    KeyInTheOpen,
    /// The key file cannot be read.
    #[error("the key file {path} cannot be read: {source}")]
    KeyUnreadable {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds no key.
    #[error("the key file {0} must have one line of printable ASCII")]
    NoKey(String),
}

/// Checks an address and cuts slashes off its end; it may hold nothing secret.
pub fn normal(text: &str) -> Result<String, AddressError> {
    let wrong = || AddressError::NotAnAddress(text.to_owned());
    let url = Url::parse(text).map_err(|_| AddressError::NotAnAddress("this".to_owned()))?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !plain {
        // What stands there may be a secret: it is not repeated.
        return Err(AddressError::NotAnAddress("this".to_owned()));
    }
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Whether nobody on the way can read what is sent to an address.
pub fn is_private(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let here = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    url.scheme() == "https" || here || host == "localhost"
}

/// Reads the key as the header that carries it. The value is never printed, not even for debugging.
pub fn bearer(url: &str, file: Option<&Path>) -> Result<Option<HeaderValue>, AddressError> {
    use std::io::Read;

    let Some(file) = file else { return Ok(None) };
    if !is_private(url) {
        return Err(AddressError::KeyInTheOpen);
    }
    let path = file.display().to_string();
    let mut text = String::new();
    std::fs::File::open(file)
        .and_then(|file| file.take(MAX_KEY_BYTES).read_to_string(&mut text))
        .map_err(|source| AddressError::KeyUnreadable { path: path.clone(), source })?;
    let key = text.trim();
    let printable = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
    let header = HeaderValue::from_str(&format!("Bearer {key}"));
    match header {
        Ok(mut header) if printable => {
            header.set_sensitive(true);
            Ok(Some(header))
        }
        _ => Err(AddressError::NoKey(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_neither_user_nor_query() {
        assert_eq!(
            normal("https://models.example.org/v1/").unwrap(),
            "https://models.example.org/v1"
        );
        for wrong in
            ["models.example.org", "ftp://a/v1", "https://a/v1?key=s3", "https://u:s3@a/v1"]
        {
            let message = normal(wrong).unwrap_err().to_string();
            assert!(!message.contains("s3"), "{message}");
        }
    }

    #[test]
    fn a_key_needs_a_closed_way() {
        let key = Path::new("Cargo.toml");

        for open in ["http://models.example.org/v1", "http://192.0.2.7/v1"] {
            assert!(matches!(bearer(open, Some(key)), Err(AddressError::KeyInTheOpen)));
        }
        for closed in ["https://models.example.org/v1", "http://127.0.0.1:9/v1", "http://[::1]:9"] {
            assert!(is_private(closed), "{closed}");
        }
    }

    #[test]
    fn a_key_is_one_line_and_is_never_printed() {
        let file = std::env::temp_dir().join(format!("doubleblind-key-{}", std::process::id()));
        std::fs::write(&file, "sesame\n").unwrap();
        let header = bearer("http://127.0.0.1:9", Some(&file)).unwrap().unwrap();
        std::fs::write(&file, "two words\n").unwrap();
        let refusal = bearer("http://127.0.0.1:9", Some(&file)).unwrap_err();
        std::fs::remove_file(&file).unwrap();

        assert_eq!(header.as_bytes(), b"Bearer sesame");
        assert_eq!(format!("{header:?}"), "Sensitive");
        assert!(!refusal.to_string().contains("two words"));
    }
}
