//! Who lives in the world, and what they say of themselves in any second.

use super::world::{User, World, first_id_at};
use crate::languages::{ENGLISH, LANGUAGES, Language};
use crate::random::{Stream, mix};
use crate::vocabulary::{BIO_PATTERNS, NAMES, TOPICS};

/// Programs to write with: address, name, and how many of a hundred accounts use it.
pub(crate) const CLIENTS: [(&str, &str); 5] = [
    ("http://twitter.com/download/iphone", "Twitter for iPhone"),
    ("http://twitter.com/download/android", "Twitter for Android"),
    ("https://mobile.twitter.com", "Twitter Web App"),
    ("https://example.org/scheduler", "Post Scheduler"),
    ("https://example.org/autopost", "AutoPost Bot"),
];
/// The program of those who write by a machine.
pub(crate) const AUTOMATION: u8 = 4;

/// What an account says of itself, and what is counted of it.
pub(crate) struct Profile {
    pub(crate) handle: String,
    pub(crate) name: String,
    pub(crate) bio: String,
    pub(crate) location: Option<&'static str>,
    pub(crate) followers: u64,
    pub(crate) following: u64,
    pub(crate) posts: u64,
}

/// Languages of the world with the number under which accounts and posts name them: those of the other worlds, and one
/// that is written from right to left.
pub(crate) const N_LANGUAGES: usize = LANGUAGES.len() + 1;

/// The language of a number.
pub(crate) fn language(number: u8) -> &'static Language {
    LANGUAGES.get(usize::from(number)).unwrap_or(&crate::languages::ARABIC)
}

const PLACES: [&str; 6] = ["Lisbon", "São Paulo", "北海道", "القاهرة", "Leeds & Bradford", "somewhere <3"];

/// The account of a number.
pub(super) fn draw(number: usize, start_ms: u64, span_ms: u64, random: &mut Stream) -> User {
    let start_s = start_ms / 1000;
    // Accounts of before 2016 have small numbers, the others have ids like posts.
    let old = !number.is_multiple_of(3);
    let joined_s = if old {
        random.between(1_200_000_000, 1_450_000_000)
    } else {
        random.between(1_460_000_000, 1_640_000_000)
    };
    let id = if old { 1000 + 37 * number as u64 } else { first_id_at(joined_s * 1000) + number as u64 };
    let lang = match random.below(100) {
        0..48 => ENGLISH,
        share => 1 + share % (N_LANGUAGES - 1),
    };
    let client = match random.below(100) {
        0..45 => 0,
        45..80 => 1,
        80..95 => 2,
        _ => 3,
    };
    User {
        id,
        topic: random.below(TOPICS.len()) as u8,
        lang: lang as u8,
        client,
        verified: random.chance(0.01),
        tells_place: random.chance(0.15),
        joined_s,
        followers: (random.heavy_tail() * random.heavy_tail() * 40.0) as u64,
        following: random.between(0, 3000),
        posts: random.between(1, 90_000),
        renamed_s: random.chance(0.1).then(|| start_s + random.between(0, span_ms / 1000)),
    }
}

impl World {
    /// What an account says of itself in this second. Its handle never changes.
    pub(crate) fn profile(&self, user: u32, second: u64) -> Profile {
        let account = &self.users[user as usize];
        let edition = u64::from(account.renamed_s.is_some_and(|renamed| second >= renamed));
        let salt = mix(self.seed ^ 0x7072, u64::from(user) << 1 | edition);
        let since = second.saturating_sub(self.start_ms / 1000);
        let name = NAMES[(salt % 40) as usize];
        let pattern = BIO_PATTERNS[(salt >> 8) as usize % BIO_PATTERNS.len()];
        let words = &TOPICS[usize::from(account.topic)].1;
        let bio = pattern.replace("{}", words[(salt >> 16) as usize % words.len()]);
        let bio = match salt >> 24 & 7 {
            1 => format!("{bio} 🌱 & more"),
            2 => format!("{bio}\n{}", language(account.lang).phrases.first().unwrap_or(&"")),
            _ => bio,
        };
        let mut initial = name.to_owned();
        initial[..1].make_ascii_uppercase();
        let name = match salt >> 32 & 7 {
            0 => format!("{initial} 🇵🇹"),
            1 => format!("{initial} & co"),
            _ => initial,
        };
        Profile {
            handle: self.handle(user),
            name,
            bio,
            location: (salt >> 40 & 1 == 1).then(|| PLACES[(salt >> 41) as usize % PLACES.len()]),
            followers: account.followers + since / 3600,
            following: account.following,
            posts: account.posts + since / 600,
        }
    }

    pub(crate) fn handle(&self, user: u32) -> String {
        let salt = mix(self.seed ^ 0x6861, u64::from(user));
        // The shortest name first, so that the number always fits into 15 characters.
        format!("{}_{user}", NAMES[(salt % 40) as usize].get(..4).unwrap_or("user"))
    }
}
