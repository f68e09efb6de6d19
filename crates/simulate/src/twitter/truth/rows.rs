//! The rows of the final tables.

use serde::Serialize;

use super::seen::{PostSeen, Seen};
use crate::twitter::params::Api;
use crate::twitter::people::CLIENTS;
use crate::twitter::render::{moment, v2_time};
use crate::twitter::words::{Words, Writer, tag};
use crate::twitter::world::{NONE, UNAVAILABLE, World};

/// A post that stands.
#[derive(Serialize)]
pub(super) struct Post {
    id: String,
    author: String,
    created_at: String,
    text: String,
    lang: &'static str,
    reply_to: Option<String>,
    quote_of: Option<String>,
    conversation_id: Option<String>,
    hashtags: Vec<String>,
    like_count: u64,
    reply_count: u64,
    repost_count: u64,
    quote_count: u64,
    counted_at: String,
    client: &'static str,
    geo: Option<String>,
    place_id: Option<&'static str>,
    withheld_in: Vec<&'static str>,
    edit_of: Option<String>,
    body_start: u32,
    body_end: u32,
    /// Whether a record of v1.1 says that its first view is cut.
    truncated: bool,
    /// Whether the end of the text was never shown.
    text_cut: bool,
    /// `stream`, `asked` or `embedded`: the best way in which it was found.
    found: &'static str,
}

/// An account whose profile was shown, or of which a notice speaks.
#[derive(Serialize)]
pub(super) struct Account {
    id: String,
    handle: Option<String>,
    name: Option<String>,
    bio: Option<String>,
    location: Option<&'static str>,
    followers: Option<u64>,
    following: Option<u64>,
    posts: Option<u64>,
    verified: Option<bool>,
    joined_at: Option<String>,
    withheld_in: Vec<&'static str>,
    geo_scrubbed_up_to: Option<u64>,
}

/// Counts of records of the stream; copies are not counted, damaged lines neither.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Counts {
    pub(crate) tweets: u64,
    retweets: u64,
    originals: u64,
    replies: u64,
    quotes: u64,
    /// Posts of v1.1 whose first view is cut.
    truncated: u64,
    edits: u64,
    /// Replies by where the answered post was found.
    replies_parent_in_stream: u64,
    replies_parent_asked: u64,
    replies_parent_embedded: u64,
    replies_parent_unavailable: u64,
    replies_parent_absent: u64,
    pub(crate) posts: u64,
    pub(crate) tombstones: u64,
}

pub(super) fn posts(world: &World, seen: &Seen) -> impl Iterator<Item = Post> {
    let writer = Writer::new(world);
    standing(seen).map(move |post| row(world, seen, &writer, post))
}

fn standing(seen: &Seen) -> impl Iterator<Item = u32> {
    (0..seen.posts.len() as u32).filter(|&post| seen.stands(post))
}

fn row(world: &World, seen: &Seen, writer: &Writer<'_>, number: u32) -> Post {
    let (post, how) = (&world.posts[number as usize], &seen.posts[number as usize]);
    let whole = writer.words(number);
    let is_long = whole.is_cut_in_v1();
    let Words { plain, body, tags, .. } = if how.whole || !is_long { whole } else { whole.cut(post.id) };
    let counts = world.counts(number, how.last_s);
    let is_scrubbed = seen.scrubbed.get(&post.author).is_some_and(|&up_to| post.id <= up_to);
    let (latitude, longitude) = world.point(number);
    // By the post's own record or a notice, and by a notice about its author.
    let own =
        (post.withheld || seen.withheld_posts.contains(&number)).then(|| world.country_of_post(post.id));
    let by_author = seen.withheld_users.contains(&post.author).then(|| world.country_of_user(post.author));
    let mut withheld_in: Vec<&str> = own.into_iter().chain(by_author).collect();
    withheld_in.sort_unstable();
    withheld_in.dedup();
    Post {
        id: id(post.id),
        author: account_id(world, post.author),
        created_at: v2_time(post.at_ms / 1000),
        text: plain,
        lang: tag(post.lang),
        reply_to: id_of(world, post.parent),
        quote_of: id_of(world, post.quote),
        conversation_id: conversation(world, how, number),
        hashtags: tags.into_iter().map(|(tag, _)| tag).collect(),
        like_count: counts.likes,
        reply_count: counts.replies,
        repost_count: counts.reposts,
        quote_count: counts.quotes,
        counted_at: v2_time(how.last_s),
        client: CLIENTS[usize::from(world.users[post.author as usize].client)].1,
        geo: (post.has_point && !is_scrubbed).then(|| format!("{latitude},{longitude}")),
        place_id: (post.has_place && !is_scrubbed).then(|| world.place(number)[0]),
        withheld_in,
        edit_of: id_of(world, post.edit_of),
        body_start: body.0,
        body_end: body.1,
        truncated: how.by_v1 && is_long && (how.in_stream || how.embedded),
        text_cut: is_long && !how.whole,
        found: found(how),
    }
}

fn found(how: &PostSeen) -> &'static str {
    match how {
        PostSeen { in_stream: true, .. } => "stream",
        PostSeen { asked: true, .. } => "asked",
        _ => "embedded",
    }
}

fn conversation(world: &World, how: &PostSeen, post: u32) -> Option<String> {
    let root = world.posts[post as usize].root;
    how.by_v2.then(|| id(world.posts[root as usize].id))
}

pub(super) fn accounts(world: &World, seen: &Seen) -> impl Iterator<Item = Account> {
    let mut users: Vec<u32> = seen.profiles.keys().copied().collect();
    users.extend(seen.scrubbed.keys());
    users.extend(&seen.withheld_users);
    users.sort_unstable();
    users.dedup();
    let account = move |user: u32| {
        let shown = seen.profiles.get(&user).map(|&second| world.profile(user, second));
        let known = shown.is_some().then_some(&world.users[user as usize]);
        let shown = shown.as_ref();
        Account {
            id: account_id(world, user),
            handle: shown.map(|profile| profile.handle.clone()),
            name: shown.map(|profile| profile.name.clone()),
            bio: shown.map(|profile| profile.bio.clone()),
            location: shown.and_then(|profile| profile.location),
            followers: shown.map(|profile| profile.followers),
            following: shown.map(|profile| profile.following),
            posts: shown.map(|profile| profile.posts),
            verified: known.map(|user| user.verified),
            joined_at: known.map(|user| moment(user.joined_s, "%Y-%m-%dT%H:%M:%S.000Z")),
            withheld_in: match seen.withheld_users.contains(&user) {
                true => vec![world.country_of_user(user)],
                false => Vec::new(),
            },
            geo_scrubbed_up_to: seen.scrubbed.get(&user).copied(),
        }
    };
    users.into_iter().map(account)
}

/// `id author reply_to conversation_id`.
pub(super) fn tombstones(world: &World, seen: &Seen) -> Vec<String> {
    let known = seen.deleted_posts.keys().map(|&number| {
        let (post, how) = (&world.posts[number as usize], &seen.posts[number as usize]);
        let parent = id_of(world, post.parent).filter(|_| how.at_all()).unwrap_or_default();
        let conversation = conversation(world, how, number).unwrap_or_default();
        format!("{}\t{}\t{parent}\t{conversation}", id(post.id), account_id(world, post.author))
    });
    let unknown = seen.deleted_unknown.iter();
    let unknown =
        unknown.map(|(number, (user, _))| format!("{}\t{}\t\t", id(*number), account_id(world, *user)));
    known.chain(unknown).collect()
}

/// `record kind actor target found`.
pub(super) fn actions(world: &World, seen: &Seen) -> Vec<String> {
    let mut actions = Vec::new();
    let mut act = |record: u64, kind: &str, user: u32, target: Option<String>, found: &str| {
        let (actor, target) = (account_id(world, user), target.unwrap_or_default());
        actions.push(format!("{}\t{kind}\t{actor}\t{target}\t{found}", id(record)));
    };
    for (number, how) in (0..).zip(&seen.posts).filter(|(_, how)| how.at_all()) {
        let post = &world.posts[number as usize];
        if post.parent == NONE && post.quote == NONE {
            act(post.id, "post", post.author, None, found(how));
        }
        for (kind, target) in [("reply", post.parent), ("quote", post.quote)] {
            if target != NONE {
                act(post.id, kind, post.author, id_of(world, target), found(how));
            }
        }
        for _ in seen.deleted_posts.get(&number).into_iter().flatten() {
            act(post.id, "delete", post.author, None, "stream");
        }
    }
    for (&number, times) in
        seen.deleted_posts.iter().filter(|(post, _)| !seen.posts[**post as usize].at_all())
    {
        let post = &world.posts[number as usize];
        times.iter().for_each(|_| act(post.id, "delete", post.author, None, "stream"));
    }
    for (repost, _) in world.reposts.iter().zip(&seen.reposts).filter(|(_, seen)| **seen) {
        act(repost.id, "repost", repost.by, id_of(world, repost.of), "stream");
    }
    for (&number, times) in &seen.deleted_reposts {
        let repost = &world.reposts[number as usize];
        times.iter().for_each(|_| act(repost.id, "unrepost", repost.by, id_of(world, repost.of), "stream"));
    }
    for (&number, (user, times)) in &seen.deleted_unknown {
        times.iter().for_each(|_| act(number, "delete", *user, None, "stream"));
    }
    actions
}

/// `child parent found child_stands parent_stands`.
pub(super) fn edges(world: &World, seen: &Seen) -> Vec<String> {
    let mut edges = Vec::new();
    for (number, how) in (0..).zip(&seen.posts).filter(|(_, how)| how.at_all()) {
        let post = &world.posts[number as usize];
        if let Some(parent) = world.post(post.parent) {
            let found = parent_found(seen, post.parent);
            let _ = how;
            let (child, parent_id) = (id(post.id), id(parent.id));
            let (stands, parent_stands) = (seen.stands(number), seen.stands(post.parent));
            edges.push(format!("{child}\t{parent_id}\t{found}\t{stands}\t{parent_stands}"));
        }
    }
    edges
}

fn parent_found(seen: &Seen, parent: u32) -> &'static str {
    match seen.posts[parent as usize] {
        how if how.at_all() => found(&how),
        _ if seen.unavailable.contains(&parent) => "unavailable",
        _ => "absent",
    }
}

/// `id reason`.
pub(super) fn unavailable(world: &World, seen: &Seen) -> Vec<String> {
    let row = |&number: &u32| {
        let post = &world.posts[number as usize];
        format!("{}\t{}", id(post.id), UNAVAILABLE[usize::from(post.unavailable.unwrap_or(0))].0)
    };
    seen.unavailable.iter().map(row).collect()
}

pub(super) fn count(world: &World, seen: &Seen) -> Counts {
    let mut counts = Counts::default();
    let writer = Writer::new(world);
    counts.retweets = seen.reposts.iter().filter(|seen| **seen).count() as u64;
    for (number, _) in (0..).zip(&seen.posts).filter(|(_, how)| how.in_stream) {
        let post = &world.posts[number as usize];
        counts.originals += u64::from(post.parent == NONE && post.quote == NONE);
        counts.replies += u64::from(post.parent != NONE);
        counts.quotes += u64::from(post.quote != NONE);
        counts.edits += u64::from(post.edit_of != NONE);
        counts.truncated += u64::from(world.api == Api::V1 && writer.words(number).is_cut_in_v1());
        if post.parent != NONE {
            *match parent_found(seen, post.parent) {
                "stream" => &mut counts.replies_parent_in_stream,
                "asked" => &mut counts.replies_parent_asked,
                "embedded" => &mut counts.replies_parent_embedded,
                "unavailable" => &mut counts.replies_parent_unavailable,
                _ => &mut counts.replies_parent_absent,
            } += 1;
        }
        counts.tweets += 1;
    }
    counts.tweets += counts.retweets;
    counts.posts = standing(seen).count() as u64;
    counts.tombstones = (seen.deleted_posts.len() + seen.deleted_unknown.len()) as u64;
    counts
}

fn id(number: u64) -> String {
    format!("twitter:{number}")
}

fn id_of(world: &World, post: u32) -> Option<String> {
    world.post(post).map(|post| id(post.id))
}

fn account_id(world: &World, user: u32) -> String {
    format!("twitter:user:{}", world.users[user as usize].id)
}
