//! What the views say, by hand.

use crate::world::World;

#[test]
fn a_view_of_no_tables_is_empty() {
    let world = World::empty();
    for view in populi_query::VIEWS {
        assert!(world.rows(&format!("SELECT * FROM {}", view.name)).is_empty(), "{}", view.name);
    }
}

#[test]
fn threads_names_every_post_and_shows_only_what_is_to_be_seen() {
    let sql =
        "SELECT post_id, conversation_id, parent_id, depth, present, author_id, octet_length(text) AS n_bytes
               FROM threads ORDER BY post_id";
    assert_eq!(
        World::full().rows(sql),
        [
            "p1,p1,,0,true,ann,14",
            "p2,p1,p1,1,false,,",
            &format!("p3,p1,p2,2,true,ann,{}", crate::world::NAUGHTY.len()),
            "p4,p4,,0,false,,",
            "p5,p4,p4,1,true,dan,12",
            "p6,p1,p1,1,false,,",
        ]
    );
}

#[test]
fn absent_posts_are_the_deleted_the_hidden_and_the_missing() {
    let rows = World::full().rows("SELECT post_id, deleted_at FROM absent_posts ORDER BY post_id");
    assert_eq!(rows, ["p2,2024-01-01T05:00:00Z", "p4,", "p6,"]);
}

#[test]
fn acts_have_ids_and_undos_name_theirs() {
    let rows =
        World::full().rows("SELECT action_id, undoes_id FROM acts WHERE record_id = 'l1' ORDER BY revision");
    assert_eq!(rows, ["l1#create@2/like,", "l1#delete@3/unlike,l1#create@2/like"]);
    let deleted = World::full().rows("SELECT undoes_id, undoes FROM acts WHERE kind = 'delete'");
    assert_eq!(deleted, [",4"]);
}

#[test]
fn authors_are_those_who_acted_or_posted() {
    let sql = "SELECT author_id, handle, n_posts, n_acts, first_act FROM authors ORDER BY author_id";
    assert_eq!(
        World::full().rows(sql),
        [
            "ann,ann.example,2,1,2024-01-01T01:00:00Z",
            "bob,,0,5,2024-01-01T02:00:00Z",
            "cat,,1,1,2024-01-01T04:00:00Z",
            "dan,,1,0,2024-01-01T01:00:00Z",
        ]
    );
}

#[test]
fn persona_views_put_the_strings_back() {
    let world = World::full();
    let members = world.rows("SELECT unit_id, handle, cluster, label FROM persona_members ORDER BY unit_id");
    assert_eq!(members, ["ann,ann.example,0,cats", "cat,,1,", "dan,,1,"]);
    let exemplars = world.rows("SELECT label, rank, cosine, post_id, text FROM exemplars");
    assert_eq!(exemplars, ["cats,0,0.75,p1,the first post"]);
    let languages = world.rows("SELECT post_id, lang, confidence FROM post_languages ORDER BY post_id");
    assert_eq!(languages, ["p1,en,0.9", "p3,,"]);
}
