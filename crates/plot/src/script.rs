//! The scripts of the page and the policy that admits only them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::Error;

/// The page's own script.
pub(crate) const PAGE: &str = include_str!("../templates/report.js");

/// The text of plotly.js (version 3, MIT), as the `plotly` crate embeds it.
///
/// The crate hands out plotly.js and MathJax together, 2 MB more; a page without formulas needs the first alone.
pub(crate) fn plotly() -> Result<String, Error> {
    let asset = |why: &str| Error::Asset { what: "plotly.js", why: why.to_owned() };
    let both = plotly::Plot::offline_js_sources();
    let start = both.find('>').ok_or_else(|| asset("no opening tag"))? + 1;
    let end = both.find("</script>").ok_or_else(|| asset("no closing tag"))?;
    let script = both.get(start..end).ok_or_else(|| asset("tags out of order"))?;
    if !script.trim_start().starts_with("/**\n* plotly.js v3.") {
        return Err(asset("version 3 was expected"));
    }
    Ok(script.to_owned())
}

/// Content-Security-Policy of a page that holds the given inline scripts: these run, nothing else does, and nothing is
/// fetched. `unsafe-eval` is there for plotly.js alone, whose WebGL part builds functions from its own shader code; it
/// admits no script by itself. Styles are inline.
pub(crate) fn policy<'a>(scripts: impl IntoIterator<Item = &'a str>) -> String {
    let mut sources = String::new();
    for script in scripts {
        sources.push_str(&format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script.as_bytes()))));
    }
    format!(
        "default-src 'none'; script-src{sources} 'unsafe-eval'; style-src 'unsafe-inline'; \
         img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
}

/// JSON that may stand inside a `<script>` element: no character in it can end the element or open markup.
pub(crate) fn embeddable(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 16);
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn the_plotting_script_is_whole_and_cannot_end_its_element() {
        let script = plotly().unwrap();
        assert!(script.len() > 3_000_000, "{}", script.len());
        assert!(!script.to_lowercase().contains("</script"));
        assert!(!script.contains("<!--"));
        assert!(!script.contains("MathJax.js"));
    }

    #[test]
    fn a_policy_names_each_script_by_its_hash() {
        // Known answer: SHA-256 of the empty string.
        assert!(policy([""]).contains("'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"));
        assert_eq!(policy(["a", "b"]).matches("sha256-").count(), 2);
    }

    #[test]
    fn embedded_json_holds_no_markup_and_reads_back_the_same() {
        let text = "</script><!-- & \u{2028}\u{2029} \\ \" 'x'";
        let json = embeddable(&serde_json::to_string(text).unwrap());
        assert!(!json.contains(['<', '>', '&', '\u{2028}', '\u{2029}']));
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
