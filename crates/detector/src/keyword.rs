//! The list of words and hashtags with which people ask, where nobody gives one of their own.

use populi_text::keyword::Keywords;

/// The list, in the format of [`populi_text::keyword`]. English.
pub const ASKING: &str = include_str!("asking.txt");

/// The list, ready to be looked for.
///
/// # Errors
/// Where the list cannot be read; the one here can.
pub fn asking() -> populi_text::Result<Keywords> {
    Keywords::read(ASKING)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn the_list_finds_who_asks_and_says_by_which_entry() {
        let list = asking().unwrap();
        let found = |text: &str, tags: &[&str]| list.found(text, tags, &mut String::new());
        assert_eq!(found("Does anyone know a good dentist", &[]).as_deref(), Some("does anyone know"));
        assert_eq!(found("good dentist wanted", &["AskTwitter"]).as_deref(), Some("#askTwitter"));
        assert_eq!(found("HOW DO I fix it", &[]).as_deref(), Some("how do i"));
        assert_eq!(found("what a day", &[]), None);
    }
}
