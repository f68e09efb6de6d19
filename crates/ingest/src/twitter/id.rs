//! Numbers of posts and accounts, and what stands for them in a corpus.

use populi_model::{Id, Key, Timestamp};

/// The largest number below which every integer is a number of JavaScript, so that none was rounded.
pub(super) const MAX_EXACT: u64 = 1 << 53;

/// When the post of a number was made, in milliseconds since 1970, where the number tells it.
pub(super) fn snowflake_ms(id: u64) -> Option<u64> {
    u64::try_from(Timestamp::of_snowflake(id)?.0 / 1000).ok()
}

/// The number that a text is; `None` for any other text, and for 0, which names nothing.
pub(super) fn number(text: &str) -> Option<u64> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().ok()).flatten().filter(|number| *number != 0)
}

/// The id of a post or an account, hashed once.
#[derive(Clone, Debug)]
pub(super) struct NetworkId {
    text: String,
    key: Key,
}

impl NetworkId {
    /// Of a post.
    pub fn of_post(number: u64) -> Self {
        Self::of("twitter:", number)
    }

    /// Of an account.
    pub fn of_account(number: u64) -> Self {
        Self::of(ACCOUNT_PREFIX, number)
    }

    pub fn id(&self) -> Id<'_> {
        Id { text: &self.text, key: self.key }
    }

    fn of(prefix: &str, number: u64) -> Self {
        let text = joined(prefix, number);
        Self { key: Key::of(&text), text }
    }
}

/// The id of an account, unhashed.
pub(super) fn account(number: u64) -> String {
    joined(ACCOUNT_PREFIX, number)
}

/// What stands for an account of which only the handle is known.
pub(super) fn account_of_handle(handle: &str) -> String {
    ["twitter:@", handle].concat()
}

const ACCOUNT_PREFIX: &str = "twitter:user:";

/// Digits of the largest number.
const MAX_DIGITS: usize = 20;

/// A number behind a prefix, without the machinery of formatting: there are several for every post.
fn joined(prefix: &str, mut number: u64) -> String {
    let mut digits = [0; MAX_DIGITS];
    let mut start = MAX_DIGITS;
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    let mut text = String::with_capacity(prefix.len() + MAX_DIGITS);
    text.push_str(prefix);
    text.extend(digits[start..].iter().map(|digit| char::from(*digit)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_digits() {
        for number in [1, 9, 10, 1_169_246_717_864_136_705, u64::MAX] {
            assert_eq!(NetworkId::of_post(number).id(), Id::new(&format!("twitter:{number}")));
            assert_eq!(account(number), format!("twitter:user:{number}"));
            assert_eq!(super::number(&number.to_string()), Some(number));
        }
        for text in ["", "0", "+1", "-1", " 1", "1.0", "18446744073709551616", "abc"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn snowflakes_tell_their_time() {
        // A real post whose `created_at` is Wed Sep 04 13:51:55 +0000 2019.
        let time_ms = snowflake_ms(1_169_246_717_864_136_705);
        assert_eq!(time_ms.map(|ms| ms / 1000), Some(1_567_605_115));
        assert_eq!(snowflake_ms(29_700_859_247), None);
        assert_eq!(snowflake_ms(u64::MAX), Some((u64::MAX >> 22) + 1_288_834_974_657));
    }
}
