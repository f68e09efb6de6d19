//! Which author is in which cluster, as JSON and as CSV.

use std::io::Write;

use serde::Serializer;

use crate::Pseudonym;

/// `{"<author>": cluster, …}`, in the order given.
///
/// # Errors
/// When `out` refuses.
pub fn write_json(
    authors: impl IntoIterator<Item = (Pseudonym, u32)>,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let mut json = serde_json::Serializer::pretty(&mut *out);
    json.collect_map(authors)?;
    out.write_all(b"\n")
}

/// `author,cluster,label` with a header, in the order given.
///
/// # Errors
/// When `out` refuses.
pub fn write_csv<'l>(
    authors: impl IntoIterator<Item = (Pseudonym, u32, &'l str)>,
    out: impl Write,
) -> std::io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(["author", "cluster", "label"])?;
    for (author, cluster, label) in authors {
        csv.write_record([author.to_string().as_str(), cluster.to_string().as_str(), label])?;
    }
    csv.flush()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{Kind, PseudonymKey, Pseudonyms};

    #[test]
    fn both_forms_hold_every_author() {
        let of = |id| Pseudonyms::new(&PseudonymKey::published_test_key()).of("table", Kind::Account, id);
        let (a, b) = (of("a"), of("b"));
        let (mut json, mut csv) = (Vec::new(), Vec::new());
        write_json([(a, 3), (b, 0)], &mut json).unwrap();
        assert_eq!(String::from_utf8(json).unwrap(), format!("{{\n  \"{a}\": 3,\n  \"{b}\": 0\n}}\n"));
        write_csv([(a, 3, "cats, \"dogs\""), (b, 0, "")], &mut csv).unwrap();
        assert_eq!(
            String::from_utf8(csv).unwrap(),
            format!("author,cluster,label\n{a},3,\"cats, \"\"dogs\"\"\"\n{b},0,\n")
        );
    }
}
