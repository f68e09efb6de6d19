//! Who lives in the world: communities, languages, how active and how well known each account is.

use super::event::NONE;
use super::ids;
use crate::Params;
use crate::languages::SHARES;
use crate::random::{Purpose, Stream, cumulative, mix};
use crate::vocabulary::{NAMES, TOPICS};

/// Of a hundred accounts, how many are active; the others write three posts at most.
const ACTIVE_PERCENT: usize = 36;
/// The community of accounts that are only spoken of.
pub(crate) const OUTSIDE: u8 = u8::MAX;

/// One account.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) did: String,
    pub(crate) community: u8,
    pub(crate) language: u8,
    /// Its revisions count up from a fixed number instead of following the clock, as a bridge's do.
    pub(crate) bridged: bool,
}

/// The accounts and how to draw from them.
pub(crate) struct Society {
    pub(crate) accounts: Vec<Account>,
    pub(crate) n_users: usize,
    /// The first accounts are the active ones.
    pub(crate) n_active: usize,
    members: Vec<Vec<u32>>,
    fame: Vec<Vec<f64>>,
}

impl Society {
    pub(crate) fn new(params: &Params) -> Self {
        let mut random = Stream::new(params.seed, Purpose::Society, 0);
        let (n_users, n_communities) = (params.users, params.n_communities());
        let sizes = cumulative((0..n_communities).map(community_weight));
        let languages = cumulative(SHARES);
        let n_outside = n_users / 2 + 20;
        let mut accounts = Vec::with_capacity(n_users + n_outside);
        let mut members = vec![Vec::new(); n_communities];
        for number in 0..n_users {
            let community = if number < n_communities { number } else { random.weighted(&sizes) };
            members[community].push(number as u32);
            accounts.push(Account {
                did: ids::did(params.seed, number as u64),
                community: community as u8,
                language: random.weighted(&languages) as u8,
                bridged: random.chance(0.01) || number == n_users - 1,
            });
        }
        for number in n_users..n_users + n_outside {
            let did = ids::did(params.seed, number as u64);
            accounts.push(Account { did, community: OUTSIDE, language: 0, bridged: false });
        }
        let n_active = (n_users * ACTIVE_PERCENT / 100).max(1);
        let fame_of = |group: &Vec<u32>, random: &mut Stream| {
            cumulative(group.iter().map(|&user| {
                let known = random.heavy_tail();
                if (user as usize) < n_active { 4.0 * known } else { known }
            }))
        };
        let fame = members.iter().map(|group| fame_of(group, &mut random)).collect();
        Self { accounts, n_users, n_active, members, fame }
    }

    /// Someone that `account` may follow: four times in five of its own community, the famous more often.
    pub(crate) fn acquaintance(&self, account: u32, random: &mut Stream) -> u32 {
        let own = usize::from(self.accounts[account as usize].community);
        let community = if random.chance(0.78) { own } else { random.below(self.members.len()) };
        self.members[community][random.weighted(&self.fame[community])]
    }

    pub(crate) fn someone_active(&self, random: &mut Stream) -> u32 {
        random.below(self.n_active) as u32
    }

    pub(crate) fn outsider(&self, random: &mut Stream) -> u32 {
        (self.n_users + random.below(self.accounts.len() - self.n_users)) as u32
    }
}

/// How likely an account is to belong to a community, up to a factor.
pub(crate) fn community_weight(community: usize) -> f64 {
    1.0 / (community as f64 + 6.0)
}

/// The handle in an account's identity event number `edition`, nothing where the event names none.
pub(crate) fn handle(account: u32, edition: u32) -> Option<String> {
    let name = NAMES[(mix(u64::from(account), 11) % NAMES.len() as u64) as usize];
    let noun = TOPICS[edition as usize % TOPICS.len()].0;
    (edition != NONE).then(|| match edition {
        0 => format!("{name}{account}.bsky.social"),
        1 => format!("{name}-{noun}{account}.bsky.social"),
        _ => format!("{name}.{noun}{account}.example.com"),
    })
}

/// The display name in version `edition` of an account's profile, nothing where the profile has none.
pub(crate) fn display_name(account: u32, edition: u32) -> Option<String> {
    let salt = mix(u64::from(account), 17);
    let name = NAMES[(salt % NAMES.len() as u64) as usize];
    let surname = NAMES[(mix(salt, u64::from(edition)) % NAMES.len() as u64) as usize];
    match mix(salt, 1 + u64::from(edition)) % 10 {
        0 => None,
        1 => Some(format!("{name} 🌻")),
        2 => Some(format!("{name} \"the {surname}\"")),
        3 => Some(format!("ゆき {name}")),
        4 => Some(name.to_uppercase()),
        _ => Some(format!("{name} {surname}")),
    }
}
