//! Views that put the strings back beside the keys.
//!
//! Tables that later steps make hold keys only, which is what joins want; these views are for people. Each is plain
//! SQL over the tables, so a query may copy from it what it needs.

/// A view of the corpus.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Its name in SQL.
    pub name: &'static str,
    /// What one row is.
    pub row: &'static str,
    /// The query that it stands for.
    pub sql: &'static str,
}

/// Every view. A view names only tables and views before it.
pub const VIEWS: [View; 8] = [
    View { name: "acts", row: "an act, with the id of the act and of the one that it takes back", sql: ACTS },
    View {
        name: "authors",
        row: "an account that acted or posted, with its handle and counts",
        sql: AUTHORS,
    },
    View {
        name: "absent_posts",
        row: "a post of a conversation that is not to be seen: deleted, hidden or never read",
        sql: ABSENT_POSTS,
    },
    View { name: "threads", row: "a post in its conversation, seen or absent", sql: THREADS },
    View { name: "post_languages", row: "a post's language as a model sees it", sql: POST_LANGUAGES },
    View {
        name: "cleaned_posts",
        row: "a post's body, without mentions and links at its edges, and what cleaning found of it",
        sql: CLEANED_POSTS,
    },
    View {
        name: "persona_members",
        row: "an author (or a post, where there are no authors) in a persona cluster",
        sql: PERSONA_MEMBERS,
    },
    View { name: "exemplars", row: "a post that stands for a cluster, with its text", sql: EXEMPLARS },
];

/// The act that an undo takes back has the undo's record and, by its kind, a kind of its own. What a `delete` takes
/// back is not told here: it may be two acts (a reply that quotes), which a join on `record_key` finds. Of what only an
/// export told, the act is a sighting and no create.
const ACTS: &str = "
SELECT record_id || '#' || operation || '@' || revision || '/' || kind AS action_id,
       kind, actor_id, target_post, target_account,
       CASE kind
         WHEN 'unlike' THEN record_id || coalesce(seen, '#create@') || undoes || '/like'
         WHEN 'unrepost' THEN record_id || coalesce(seen, '#create@') || undoes || '/repost'
         WHEN 'unfollow' THEN record_id || coalesce(seen, '#create@') || undoes || '/follow'
         WHEN 'unblock' THEN record_id || coalesce(seen, '#create@') || undoes || '/block'
       END AS undoes_id,
       prior_text, at, record_id, operation, revision, undoes, record_key, actor_key, target_key
FROM actions LEFT JOIN (
  SELECT record_key AS seen_key, revision AS seen_revision, '#seen@' AS seen FROM actions
  WHERE operation = 'seen' AND kind IN ('like', 'repost', 'follow', 'block')
) ON seen_key = record_key AND seen_revision = undoes";

const AUTHORS: &str = "
SELECT coalesce(acting.id, writing.id) AS author_id, accounts.handle, accounts.name, accounts.status,
       coalesce(writing.n_posts, 0) AS n_posts, coalesce(acting.n_acts, 0) AS n_acts,
       coalesce(acting.first_act, writing.first_post) AS first_act,
       coalesce(acting.last_act, writing.last_post) AS last_act,
       coalesce(acting.key, writing.key) AS author_key
FROM (
  SELECT actor_key AS key, min(actor_id) AS id, count(*) AS n_acts, min(at) AS first_act, max(at) AS last_act
  FROM actions WHERE actor_key IS NOT NULL GROUP BY actor_key
) acting
FULL JOIN (
  SELECT author_key AS key, min(author_id) AS id, count(*) AS n_posts,
         min(created_at) AS first_post, max(created_at) AS last_post
  FROM posts WHERE author_key IS NOT NULL GROUP BY author_key
) writing ON acting.key = writing.key
LEFT JOIN accounts ON accounts.account_key = coalesce(acting.key, writing.key)";

/// The id of a post that nobody wrote into `posts` is known from its tombstone, or from those that name it.
const ABSENT_POSTS: &str = "
SELECT absent.post_key, min(named.id) AS post_id, max(named.deleted_at) AS deleted_at
FROM (
  SELECT post_key FROM conversations WHERE NOT present
  UNION SELECT conversation_key FROM conversations WHERE NOT root_present
) absent
JOIN (
  SELECT record_key AS key, record_id AS id, deleted_at FROM tombstones
  UNION ALL SELECT post_key, post_id, NULL FROM posts
  UNION ALL SELECT reply_to_key, reply_to, NULL FROM posts
  UNION ALL SELECT root_key, root, NULL FROM posts
  UNION ALL SELECT reply_to_key, reply_to, NULL FROM tombstones
  UNION ALL SELECT root_key, root, NULL FROM tombstones
) named ON named.key = absent.post_key
GROUP BY absent.post_key";

const THREADS: &str = "
WITH names AS (
  SELECT post_key AS key, post_id AS id, NULL AS deleted_at FROM posts
  WHERE post_key NOT IN (SELECT post_key FROM absent_posts)
  UNION ALL SELECT post_key, post_id, deleted_at FROM absent_posts
)
SELECT own.id AS post_id, first.id AS conversation_id, parent.id AS parent_id,
       place.depth, place.present, place.root_present, place.depth_is_exact,
       posts.author_id, posts.created_at, posts.text, own.deleted_at,
       place.post_key, place.conversation_key, place.parent_key, posts.author_key
FROM conversations place
LEFT JOIN names own ON own.key = place.post_key
LEFT JOIN names first ON first.key = place.conversation_key
LEFT JOIN names parent ON parent.key = place.parent_key
LEFT JOIN posts ON posts.post_key = place.post_key AND place.present";

const POST_LANGUAGES: &str = "
SELECT posts.post_id, languages.lang, languages.confidence, languages.model, posts.author_id, languages.post_key
FROM languages JOIN posts ON posts.post_key = languages.post_key";

const CLEANED_POSTS: &str = "
SELECT posts.post_id, posts.author_id, posts.created_at,
       substr(posts.text, 1 + CAST(cleaning.body_start AS bigint),
              CAST(cleaning.body_end AS bigint) - CAST(cleaning.body_start AS bigint)) AS text,
       cleaning.keep, cleaning.reasons, same.post_id AS duplicate_of, near.post_id AS near_duplicate_of,
       cleaning.similarity, posts.client, cleaning.author_posts, cleaning.posts_per_day, cleaning.repeated_share,
       cleaning.post_key
FROM cleaning
JOIN posts ON posts.post_key = cleaning.post_key
LEFT JOIN posts same ON same.post_key = cleaning.duplicate_of
LEFT JOIN posts near ON near.post_key = cleaning.near_duplicate_of";

const PERSONA_MEMBERS: &str = "
SELECT unit.id AS unit_id, accounts.handle, clusters.cluster, labels.label, clusters.centrality, clusters.n_posts,
       clusters.raw_cluster, clusters.assigned, clusters.strength, clusters.unit_key
FROM clusters
LEFT JOIN (
  SELECT author_key AS key, min(author_id) AS id FROM posts WHERE author_key IS NOT NULL GROUP BY author_key
  UNION ALL SELECT post_key, post_id FROM posts WHERE author_key IS NULL
) unit ON unit.key = clusters.unit_key
LEFT JOIN accounts ON accounts.account_key = clusters.unit_key
LEFT JOIN labels ON labels.cluster = clusters.cluster";

const EXEMPLARS: &str = "
SELECT personas.cluster, labels.label, personas.rank, personas.cosine,
       posts.post_id, posts.author_id, personas.created_at, posts.text, personas.post_key
FROM personas
LEFT JOIN labels ON labels.cluster = personas.cluster
LEFT JOIN posts ON posts.post_key = personas.post_key";
