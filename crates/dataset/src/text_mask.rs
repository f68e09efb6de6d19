//! Pseudonyms in the midst of texts.
//!
//! | in a text | becomes |
//! |---|---|
//! | `@name`, `＠name`, where no ASCII letter, digit or `_` stands before it | `@user_…` |
//! | `name.bsky.social` without the `@` | `user_…` |
//! | a DID (`did:plc:…`) | `user_…` |
//! | an at-URI | `at://user_…/<collection>/post_…` |
//! | `bsky.app/profile/<name or DID>`, also of a post, list or feed | `bsky.app/profile/user_…/post/post_…` |
//! | `twitter.com/<name>`, `x.com/<name>`, also of a post | `twitter.com/user_…/status/post_…` |
//!
//! `…` are 32 hexadecimal digits. Of an account that is known by that handle or id they are the first of its pseudonym;
//! of any other name, the first of a pseudonym of the name itself. A name goes as far as letters and digits of any script,
//! `_`, `-` and `.` go, so where a script has no spaces more than the name may be masked, never less.
//!
//! **What is not promised**: people's names, e-mail addresses, telephone numbers, handles under domains of their own
//! without an `@`, links to profiles elsewhere without an `@`, names that somebody spelt out or misspelt, and whom a text
//! is about. A text that was public can be searched for, so it may lead to its author whatever is masked in it.
//!
//! Time: linear in the text, but for the length of one name. Memory: that of the masked text.

use std::borrow::Cow;
use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, BuildError, Input, MatchKind};
use populi_model::Key;

use crate::{Kind, Pseudonym, Pseudonyms};

/// What a name that is to be masked begins with, or holds.
const MARKS: [&str; 8] =
    ["at://", "bsky.app/profile/", "did:", "@", "＠", ".bsky.social", "twitter.com/", "x.com/"];

/// Pages of Twitter that are nobody's.
const OWN_PAGES: [&str; 7] = ["hashtag", "home", "intent", "explore", "search", "share", "settings"];
/// What stands between Twitter's host and the number of a post whose author is not named.
const NAMELESS_POST: &str = "i/web/status/";

/// What stands behind an `@` on a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mentioned {
    /// A handle, in letters of any case; ids are something else.
    Handles,
    /// What an account's id consists of, after the platform and a colon.
    Ids,
}

/// Masks names in texts of one platform.
pub struct TextMask {
    pseudonyms: Pseudonyms,
    platform: &'static str,
    mentioned: Mentioned,
    /// Accounts by the key of their handle in small letters.
    handles: HashMap<Key, Pseudonym>,
    marks: AhoCorasick,
}

impl TextMask {
    /// A mask for texts of a platform, whose handles are told with [`TextMask::learn`].
    ///
    /// # Errors
    /// Never: the marks are few and fixed.
    pub fn new(
        pseudonyms: Pseudonyms,
        platform: &'static str,
        mentioned: Mentioned,
    ) -> Result<Self, BuildError> {
        let marks = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostFirst)
            .build(MARKS)?;
        Ok(Self { pseudonyms, platform, mentioned, handles: HashMap::new(), marks })
    }

    /// Says whose handle this is.
    pub fn learn(&mut self, handle: &str, account: Pseudonym) {
        self.handles.insert(Key::of(&handle.to_lowercase()), account);
    }

    /// The text with pseudonyms for names.
    #[must_use]
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut masked = String::new();
        // What was copied or replaced already, and where to look next.
        let (mut done, mut at) = (0, 0);
        while let Some(mark) = self.marks.find(Input::new(text).range(at..)) {
            at = mark.end();
            let found = match MARKS[mark.pattern().as_usize()] {
                "at://" => self.at_uri(text, mark.start(), mark.end()),
                "bsky.app/profile/" => self.profile(text, mark.start(), mark.end()),
                "did:" => self.did(text, mark.start()),
                "twitter.com/" | "x.com/" => self.twitter_link(text, mark.start(), mark.end()),
                ".bsky.social" => self.bare_handle(text, done, mark.start(), mark.end()),
                _ => self.mention(text, mark.start(), mark.end()),
            };
            if let Some(Replacement { start, end, by }) = found {
                masked.push_str(&text[done..start]);
                masked.push_str(&by);
                (done, at) = (end, end);
            }
        }
        if done == 0 {
            return Cow::Borrowed(text);
        }
        masked.push_str(&text[done..]);
        Cow::Owned(masked)
    }

    fn at_uri(&self, text: &str, start: usize, end: usize) -> Option<Replacement> {
        let authority = leading(&text[end..], is_in_id);
        let user = self.account(authority)?;
        let mut by = format!("{}{}", &text[start..end], user_name(&user));
        let mut end = end + authority.len();
        if let Some((collection, rkey)) = two_parts(&text[end..]) {
            by.push_str(&format!("/{collection}/{}", self.record_name(&user, collection, rkey)));
            end += collection.len() + rkey.len() + 2;
        }
        Some(Replacement { start, end, by })
    }

    fn profile(&self, text: &str, start: usize, end: usize) -> Option<Replacement> {
        let name = leading(&text[end..], is_in_id);
        let user = self.account(name)?;
        let mut by = format!("{}{}", &text[start..end], user_name(&user));
        let mut end = end + name.len();
        if let Some((what, rkey)) = two_parts(&text[end..]) {
            by.push_str(&format!("/{what}/{}", self.record_name(&user, what, rkey)));
            end += what.len() + rkey.len() + 2;
        }
        Some(Replacement { start, end, by })
    }

    fn twitter_link(&self, text: &str, start: usize, end: usize) -> Option<Replacement> {
        let before = &text[..start];
        let before = ["www.", "mobile."].iter().find_map(|host| before.strip_suffix(host)).unwrap_or(before);
        // Another host that ends like this one.
        if before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')) {
            return None;
        }
        let post = |number: &str| {
            let id = format!("twitter:{number}");
            format!("post_{}", self.pseudonyms.of("twitter", Kind::Post, &id).short())
        };
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        if let Some(rest) = text[end..].strip_prefix(NAMELESS_POST) {
            let number = &rest[..digits(rest)];
            let by = format!("{}{NAMELESS_POST}{}", &text[start..end], post(number));
            return Some(Replacement { start, end: end + NAMELESS_POST.len() + number.len(), by });
        }
        let name = leading(&text[end..], |c| c.is_ascii_alphanumeric() || c == '_');
        if OWN_PAGES.contains(&name.to_ascii_lowercase().as_str()) {
            return None;
        }
        let mut by = format!("{}{}", &text[start..end], user_name(&self.account(name)?));
        let mut end = end + name.len();
        if let Some(("status", number)) = two_parts(&text[end..]) {
            by.push_str(&format!("/status/{}", post(number)));
            end += "status".len() + number.len() + 2;
        }
        Some(Replacement { start, end, by })
    }

    fn did(&self, text: &str, start: usize) -> Option<Replacement> {
        let did = leading(&text[start..], is_in_id);
        if !is_did(did) || ends_in_word(&text[..start]) {
            return None;
        }
        Some(Replacement { start, end: start + did.len(), by: user_name(&self.account(did)?) })
    }

    fn bare_handle(&self, text: &str, done: usize, start: usize, end: usize) -> Option<Replacement> {
        let is_label = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let label: usize =
            text[done..start].chars().rev().take_while(|c| is_label(*c)).map(char::len_utf8).sum();
        if label == 0 || text[end..].starts_with(is_label) {
            return None;
        }
        let start = start - label;
        Some(Replacement { start, end, by: user_name(&self.account(&text[start..end])?) })
    }

    fn mention(&self, text: &str, start: usize, end: usize) -> Option<Replacement> {
        let name = leading(&text[end..], |c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
        if ends_in_word(&text[..start]) {
            return None;
        }
        let by = format!("{}{}", &text[start..end], user_name(&self.account(name)?));
        Some(Replacement { start, end: end + name.len(), by })
    }

    /// The account of a handle or DID; of an unknown handle, the handle itself. None where there is no name.
    fn account(&self, name: &str) -> Option<Pseudonym> {
        if name.is_empty() {
            return None;
        }
        if is_did(name) {
            return Some(self.pseudonyms.of(self.platform, Kind::Account, name));
        }
        let small = name.to_lowercase();
        if let Some(account) = self.handles.get(&Key::of(&small)) {
            return Some(*account);
        }
        Some(match self.mentioned {
            Mentioned::Handles => self.pseudonyms.of(self.platform, Kind::Handle, &small),
            Mentioned::Ids => {
                self.pseudonyms.of(self.platform, Kind::Account, &format!("{}:{name}", self.platform))
            }
        })
    }

    /// What stands for the key of an account's record.
    fn record_name(&self, user: &Pseudonym, collection: &str, rkey: &str) -> String {
        // A link to a post and the post's at-URI are one post.
        let collection = if collection == "post" { "app.bsky.feed.post" } else { collection };
        let id = format!("{user}/{collection}/{rkey}");
        format!("post_{}", self.pseudonyms.of(self.platform, Kind::Post, &id).short())
    }
}

/// A stretch of a text and what stands in its place.
struct Replacement {
    start: usize,
    end: usize,
    by: String,
}

fn user_name(user: &Pseudonym) -> String {
    format!("user_{}", user.short())
}

/// The longest beginning of `text` of such characters, without dots, dashes and colons at its end.
fn leading(text: &str, is_part: impl Fn(char) -> bool) -> &str {
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    text[..end].trim_end_matches(['.', '-', ':', '%'])
}

/// `/a/b` at the beginning of a text.
fn two_parts(text: &str) -> Option<(&str, &str)> {
    let first = leading(text.strip_prefix('/')?, is_in_id);
    let second = leading(text[1 + first.len()..].strip_prefix('/')?, is_in_id);
    (!first.is_empty() && !second.is_empty()).then_some((first, second))
}

fn is_in_id(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '%' | '~')
}

/// Whether a text is a DID: `did:`, a method, `:`, and an id.
fn is_did(text: &str) -> bool {
    let mut parts = text.splitn(3, ':');
    parts.next().is_some_and(|did| did.eq_ignore_ascii_case("did"))
        && parts
            .next()
            .is_some_and(|method| !method.is_empty() && method.bytes().all(|b| b.is_ascii_lowercase()))
        && parts.next().is_some_and(|id| !id.is_empty())
}

/// Whether what follows `before` is the middle of a word, as in an e-mail address.
fn ends_in_word(before: &str) -> bool {
    before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::PseudonymKey;

    fn pseudonyms() -> Pseudonyms {
        Pseudonyms::new(&PseudonymKey::published_test_key())
    }

    const DID: &str = "did:plc:aaaabbbbccccddddeeeeffff";

    fn mask(platform: &'static str) -> TextMask {
        let mentioned = if platform == "table" { Mentioned::Ids } else { Mentioned::Handles };
        let mut mask = TextMask::new(pseudonyms(), platform, mentioned).unwrap();
        mask.learn("Alice.example.org", pseudonyms().of(platform, Kind::Account, DID));
        mask
    }

    /// What stands for the account of `DID`, and for the handle `bob.bsky.social`.
    fn names() -> (String, String) {
        let name = |kind, id| format!("user_{}", pseudonyms().of("bluesky", kind, id).short());
        (name(Kind::Account, DID), name(Kind::Handle, "bob.bsky.social"))
    }

    #[test]
    fn names_of_every_form_become_pseudonyms() {
        let (a, b) = names();
        for (text, expected) in [
            ("hi @alice.example.org!", format!("hi @{a}!")),
            ("@Alice.Example.org. @BOB.bsky.social", format!("@{a}. @{b}")),
            (".@bob.bsky.social's", format!(".@{b}'s")),
            ("(＠bob.bsky.social)", format!("(＠{b})")),
            ("你好@bob.bsky.social，", format!("你好@{b}，")),
            ("see bob.bsky.social, or Bob.bsky.social", format!("see {b}, or {b}")),
            ("I am did:plc:aaaabbbbccccddddeeeeffff.", format!("I am {a}.")),
            ("https://bsky.app/profile/bob.bsky.social", format!("https://bsky.app/profile/{b}")),
            ("bsky.app/profile/alice.example.org?x", format!("bsky.app/profile/{a}?x")),
            ("https://x.org/@bob.bsky.social/1", format!("https://x.org/@{b}/1")),
            ("me@bob.bsky.social", format!("me@{b}")),
        ] {
            assert_eq!(mask("bluesky").mask(text), expected, "{text}");
        }
    }

    #[test]
    fn a_post_has_one_pseudonym_however_it_is_linked() {
        let (a, _) = names();
        let mask = mask("bluesky");
        let by_id = mask.mask("at://did:plc:aaaabbbbccccddddeeeeffff/app.bsky.feed.post/3k44").into_owned();
        let by_link = mask.mask("(https://bsky.app/profile/alice.example.org/post/3k44)").into_owned();
        let post = by_id.rsplit('/').next().unwrap();
        assert_eq!(by_id, format!("at://{a}/app.bsky.feed.post/{post}"));
        assert_eq!(by_link, format!("(https://bsky.app/profile/{a}/post/{post})"));
        assert!(post.starts_with("post_") && post.len() == 37, "{post}");
        assert_ne!(mask.mask("at://did:plc:aaaabbbbccccddddeeeeffff/app.bsky.feed.post/3k45"), by_id);
    }

    #[test]
    fn links_to_twitter_name_nobody() {
        let mask = mask("twitter");
        let (by_name, nameless) = (
            mask.mask("see https://www.Twitter.com/Ann_1/status/20?s=1").into_owned(),
            mask.mask("https://twitter.com/i/web/status/20 x.com/Ann_1").into_owned(),
        );
        let post = by_name.rsplit_once("/status/").unwrap().1.strip_suffix("?s=1").unwrap();
        let user = nameless.rsplit_once("x.com/").unwrap().1;
        assert!(post.starts_with("post_") && user.starts_with("user_"), "{by_name} {nameless}");
        assert_eq!(by_name, format!("see https://www.Twitter.com/{user}/status/{post}?s=1"));
        assert_eq!(nameless, format!("https://twitter.com/i/web/status/{post} x.com/{user}"));
    }

    #[test]
    fn what_names_nobody_is_left_alone() {
        for text in [
            "https://netflix.com/title",
            "https://twitter.com/search?q=x",
            "x.com/",
            "",
            "no names",
            "a @ b",
            "at noon @",
            "mail me@example.org",
            "did: I say",
            "did:plc",
            "candid:it:is",
            "at://",
            "bsky.app/profile/",
            ".bsky.social",
            "x.bsky.socialites",
            "@.",
            "@-",
        ] {
            assert!(matches!(mask("bluesky").mask(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn where_names_are_ids_a_mention_is_its_author() {
        let author = pseudonyms().of("table", Kind::Account, "table:阿明_1").short();
        assert_eq!(mask("table").mask("@阿明_1 hi"), format!("@user_{author} hi"));
    }

    proptest! {
        #[test]
        fn no_planted_name_stays(
            words in prop::collection::vec("[a-z @.:/é你＠]{0,8}", 1..6),
            n in 0_usize..5,
        ) {
            let names = [
                "@zed.example.net", "zed.bsky.social", "did:plc:zedzedzedzedzedzedzedzed",
                "at://zed.example.net/app.bsky.feed.post/zedzed", "bsky.app/profile/zed.example.net/post/zedzed",
            ];
            let text = words.join(&format!(" {} ", names[n]));
            let masked = mask("bluesky").mask(&text).into_owned();
            prop_assert!(!masked.contains("zed"), "{text} became {masked}");
        }
    }
}
