//! Names that nobody without the key can undo or make: HMAC-SHA-256 under a key of 256 random bits.
//!
//! A pseudonym is the MAC of platform, kind and id, each but the last followed by a NUL byte, so that no two of them can
//! run into one another. A plain hash would not do: handles and DIDs are public, so anybody could hash them all.
//!
//! Source: RFC 2104 (HMAC), FIPS 180-4 (SHA-256); test vectors of RFC 4231.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use rand::TryRng;
use rand::rngs::SysRng;
use serde::{Serialize, Serializer};
use sha2::Sha256;

use crate::{Error, Result};

/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// Bytes of a block of SHA-256, to which HMAC pads its key with zeros.
const BLOCK_BYTES: usize = 64;
/// Bytes of a pseudonym that a short one keeps: 128 bits, so that two of a billion accounts share one with a probability
/// of about 1e-21.
const SHORT_BYTES: usize = 16;
/// What the key's fingerprint is the MAC of. It holds no NUL byte, so it is no pseudonym's.
const FINGERPRINT: &[u8] = b"populi key fingerprint";

/// The secret that pseudonyms are made with. It is never shown: not by `Debug`, not in an error.
#[derive(Clone, PartialEq, Eq)]
pub struct PseudonymKey {
    bytes: [u8; KEY_BYTES],
    is_published: bool,
}

impl PseudonymKey {
    /// Makes a key of the operating system's random bytes and keeps it in a new file that only its owner may read
    /// (mode 0600 on Unix): 64 hexadecimal digits and a newline.
    ///
    /// # Errors
    /// When the file is there already or cannot be written, or the system gives no random bytes.
    pub fn create(path: &Path) -> Result<Self> {
        let mut bytes = [0; KEY_BYTES];
        SysRng
            .try_fill_bytes(&mut bytes)
            .map_err(|error| Error::NoRandomness { reason: error.to_string() })?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Error::KeyExists { path: path.to_owned() },
            _ => io("create", path)(error),
        })?;
        let text = format!("{}\n", Hex(&bytes));
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(io("write", path))?;
        Ok(Self { bytes, is_published: false })
    }

    /// Reads the key that [`PseudonymKey::create`] wrote.
    ///
    /// # Errors
    /// When the file cannot be read, others than its owner may read it, or it holds anything but a key.
    pub fn read(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(io("open the key", path))?;
        check_permissions(&file, path)?;
        let mut text = String::new();
        // No more than tells a key from anything else.
        file.take(4 * KEY_BYTES as u64).read_to_string(&mut text).map_err(io("read the key", path))?;
        let text = text.trim();
        let no_key = |got: String| Error::NoKey { path: path.to_owned(), expected: 2 * KEY_BYTES, got };
        if text.len() != 2 * KEY_BYTES {
            return Err(no_key(format!("{} characters", text.chars().count())));
        }
        let mut bytes = [0; KEY_BYTES];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'));
            *byte = digits
                .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                .ok_or_else(|| no_key("other characters".to_owned()))?;
        }
        Ok(Self { bytes, is_published: false })
    }

    /// The key that stands in this source for everybody to read: for demos and tests. Pseudonyms under it hide nothing.
    #[must_use]
    pub fn published_test_key() -> Self {
        Self { bytes: *b"populi's published key for tests", is_published: true }
    }

    /// Whether this is [`PseudonymKey::published_test_key`].
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.is_published
    }

    /// 32 hexadecimal digits that tell two keys apart and say nothing of either.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mac: [u8; 32] = self.mac().chain_update(FINGERPRINT).finalize().into_bytes().into();
        Hex(&mac[..SHORT_BYTES]).to_string()
    }

    fn mac(&self) -> Hmac<Sha256> {
        let mut block = [0; BLOCK_BYTES];
        block[..KEY_BYTES].copy_from_slice(&self.bytes);
        Hmac::new(&block.into())
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey(…)")
    }
}

/// What a pseudonym stands for: ids of different kinds never share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An account, by its id.
    Account,
    /// A handle of which nobody knows the account.
    Handle,
    /// A post.
    Post,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Handle => "handle",
            Self::Post => "post",
        }
    }
}

/// Makes pseudonyms under one key: the same id always gets the same one, and under another key another one.
#[derive(Clone)]
pub struct Pseudonyms(Hmac<Sha256>);

impl Pseudonyms {
    /// Begins with a key.
    #[must_use]
    pub fn new(key: &PseudonymKey) -> Self {
        Self(key.mac())
    }

    /// The pseudonym of an id on a platform.
    #[must_use]
    pub fn of(&self, platform: &str, kind: Kind, id: &str) -> Pseudonym {
        let mac = self.0.clone().chain_update(platform).chain_update([0]).chain_update(kind.name());
        Pseudonym(mac.chain_update([0]).chain_update(id).finalize().into_bytes().into())
    }
}

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonyms(…)")
    }
}

/// A name that stands for an id: 256 bits, written as 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym([u8; 32]);

impl Pseudonym {
    /// Its first 128 bits, as 32 hexadecimal digits: how it stands in texts.
    #[must_use]
    pub fn short(&self) -> String {
        Hex(&self.0[..SHORT_BYTES]).to_string()
    }

    /// Its first 128 bits as a UUID, of which 6 say so: version 5 (made of a name) and the variant of RFC 9562.
    ///
    /// The hash is HMAC-SHA-256 and not SHA-1, for which the RFC has version 8; readers that check know version 5.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        let mut bytes = [0; SHORT_BYTES];
        bytes.copy_from_slice(&self.0[..SHORT_BYTES]);
        bytes[6] = bytes[6] & 0x0f | 0x50;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Uuid(bytes)
    }

    /// Its first 63 bits as a number, for formats whose ids are numbers. Two of a million share one with a probability of
    /// about 5e-8.
    #[must_use]
    pub fn number(&self) -> i64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        (u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 1) as i64
    }
}

/// A pseudonym as a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid([u8; SHORT_BYTES]);

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e] = [0..4, 4..6, 6..8, 8..10, 10..16].map(|bytes| Hex(&self.0[bytes]));
        write!(f, "{a}-{b}-{c}-{d}-{e}")
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

impl Serialize for Pseudonym {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Bytes as hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut digits = [0; 2 * KEY_BYTES];
        let pairs = digits.chunks_exact_mut(2).zip(self.0);
        pairs.for_each(|(pair, byte)| {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        });
        // At most as many bytes as a key has.
        f.write_str(std::str::from_utf8(&digits[..2 * self.0.len()]).unwrap_or_default())
    }
}

/// Refuses a key that the group or everybody may read or write.
#[cfg(unix)]
fn check_permissions(file: &File, path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().map_err(io("look at", path))?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(Error::OpenKey { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn check_permissions(_: &File, _: &Path) -> Result<()> {
    Ok(())
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { action, path, source }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_is_the_mac_of_platform_kind_and_id() {
        // HMAC-SHA-256 under the published key of "bluesky\0account\0did:plc:x", as Python's hmac and hashlib give it.
        let pseudonyms = Pseudonyms::new(&PseudonymKey::published_test_key());
        let pseudonym = pseudonyms.of("bluesky", Kind::Account, "did:plc:x");
        assert_eq!(pseudonym.to_string(), "9a6e184fb525bb019e0b5b1dd836aa44e226c770027943ca580f2fe02d092beb");
        assert_eq!(pseudonym.short(), pseudonym.to_string()[..32]);
        assert_eq!(serde_json::to_string(&pseudonym).unwrap(), format!("\"{pseudonym}\""));
    }

    #[test]
    fn a_pseudonym_is_a_uuid_and_a_number_too() {
        let pseudonyms = Pseudonyms::new(&PseudonymKey::published_test_key());
        let pseudonym = pseudonyms.of("bluesky", Kind::Account, "did:plc:x");
        // 9a6e184fb525bb019e0b5b1dd836aa44…, with version and variant.
        assert_eq!(pseudonym.uuid().to_string(), "9a6e184f-b525-5b01-9e0b-5b1dd836aa44");
        assert_eq!(pseudonym.number(), 0x9a6e_184f_b525_bb01_u64.wrapping_shr(1) as i64);
    }

    #[test]
    fn parts_of_an_id_do_not_run_into_one_another() {
        let pseudonyms = Pseudonyms::new(&PseudonymKey::published_test_key());
        let of = |platform, kind, id| pseudonyms.of(platform, kind, id);
        let all = [
            of("bluesky", Kind::Account, "x"),
            of("table", Kind::Account, "x"),
            of("bluesky", Kind::Handle, "x"),
            of("bluesky", Kind::Post, "x"),
            of("bluesk", Kind::Account, "y\0account\0x"),
            of("", Kind::Account, "bluesky\0account\0x"),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|b| a != b), "{i}");
        }
    }

    #[test]
    fn a_key_is_random_kept_from_others_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("key"), folder.path().join("other"));
        let key = PseudonymKey::create(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!((text.len(), text.ends_with('\n')), (65, true));
        assert_eq!(PseudonymKey::read(&path).unwrap(), key);
        let second = PseudonymKey::create(&other).unwrap();
        assert_ne!(key.fingerprint(), second.fingerprint());
        assert_ne!(
            Pseudonyms::new(&key).of("p", Kind::Account, "x"),
            Pseudonyms::new(&second).of("p", Kind::Account, "x"),
        );
        let shown = format!("{key:?} {:?} {}", Pseudonyms::new(&key), key.fingerprint());
        assert!(!shown.contains(&text[..8]), "{shown}");

        let error = PseudonymKey::create(&path).unwrap_err().to_string();
        assert!(error.contains("is there already") && !error.contains(&text[..8]), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        PseudonymKey::create(&path).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o644] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let error = PseudonymKey::read(&path).unwrap_err().to_string();
            assert!(error.contains("chmod 600"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_key_is_refused_without_quoting_it() {
        use std::os::unix::fs::OpenOptionsExt;
        let folder = tempfile::tempdir().unwrap();
        let texts = [
            String::new(),
            "secret".to_owned(),
            "g".repeat(64),
            "a".repeat(63),
            "a".repeat(66),
            "+a".repeat(32),
        ];
        for (i, text) in texts.iter().enumerate() {
            let path = folder.path().join(format!("{i}"));
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
            let error = PseudonymKey::read(&path).unwrap_err().to_string();
            assert!(error.contains("export key") && !error.contains("secret"), "{error}");
        }
        let error = PseudonymKey::read(&folder.path().join("none")).unwrap_err().to_string();
        assert!(error.contains("none"), "{error}");
    }
}
