//! Each rule as a hand-made table.

use populi_thread::{Error, Records, Reply, place};

use crate::{declaring, placed, post, tombstone};

/// Places the records and writes each row as `key<parent conversation depth flags`, the flags being
/// `p`resent, `r`oot present and `e`xact depth.
fn table(replies: &[Reply<u64>]) -> Vec<String> {
    let flag = |is_set: bool, letter| if is_set { letter } else { "-" };
    placed(replies)
        .unwrap()
        .iter()
        .map(|row| {
            let parent = row.parent.map_or_else(|| "top".to_owned(), |parent| parent.to_string());
            let flags = [flag(row.present, "p"), flag(row.root_present, "r"), flag(row.depth_is_exact, "e")];
            format!("{}<{parent} {} {} {}", row.key, row.conversation, row.depth, flags.concat())
        })
        .collect()
}

#[test]
fn nothing_gives_nothing() {
    let forest = place(Records::<u64>::new()).unwrap();
    assert!(forest.is_empty());
    assert_eq!((forest.len(), forest.n_known(), forest.n_conversations()), (0, 0, 0));
    assert_eq!((forest.get(0), forest.get_key(0), forest.path_to_root(0).next()), (None, None, None));
}

#[test]
fn one_record_is_its_own_conversation() {
    assert_eq!(table(&[post(5, None)]), ["5<top 5 0 pre"]);
}

#[test]
fn a_tree_counts_from_its_root_whatever_the_order_of_keys() {
    let rows = table(&[post(1, Some(9)), post(9, None), post(5, Some(1)), post(4, Some(9))]);
    assert_eq!(rows, ["1<9 9 1 pre", "4<9 9 1 pre", "5<1 9 2 pre", "9<top 9 0 pre"]);
}

#[test]
fn a_declared_root_does_not_count_where_the_top_is_known() {
    let rows = table(&[declaring(1, post(1, None)), declaring(8, post(2, Some(1))), post(7, None)]);
    assert_eq!(rows, ["1<top 1 0 pre", "2<1 1 1 pre", "7<top 7 0 pre"]);
}

#[test]
fn a_missing_parent_is_a_stub_behind_the_known_rows() {
    let rows = table(&[post(20, Some(10)), post(30, Some(20)), post(40, Some(5))]);
    assert_eq!(
        rows,
        ["20<10 10 1 p--", "30<20 10 2 p--", "40<5 5 1 p--", "5<top 5 0 ---", "10<top 10 0 ---"]
    );
}

#[test]
fn siblings_whose_parents_are_lost_stay_together_by_their_declared_root() {
    let root = post(1, None);
    let rows = table(&[root, declaring(1, post(20, Some(10))), declaring(1, post(21, Some(11)))]);
    assert_eq!(rows[1..], ["20<10 1 1 pr-", "21<11 1 1 pr-", "10<top 1 0 -r-", "11<top 1 0 -r-"]);
}

#[test]
fn a_declared_root_need_not_be_known() {
    let replies = [declaring(2, post(20, Some(10))), declaring(2, post(21, Some(11)))];
    let rows = table(&replies);
    assert_eq!(rows, ["20<10 2 1 p--", "21<11 2 1 p--", "10<top 2 0 ---", "11<top 2 0 ---"]);
    let forest = place(replies.into_iter().collect()).unwrap();
    assert_eq!(forest.n_conversations(), 1);
    assert_eq!(forest.row_of(2), None, "the declared root is a name, not a row");
}

#[test]
fn a_record_that_names_only_its_root_sits_below_it_nobody_knows_how_deep() {
    let rows = table(&[post(1, None), declaring(1, post(5, None)), declaring(9, post(6, Some(5)))]);
    assert_eq!(rows, ["1<top 1 0 pre", "5<top 1 0 pr-", "6<5 1 1 pr-"], "and decides for what is below");
    let absent = [declaring(1, post(5, None)), declaring(1, post(6, None))];
    assert_eq!(table(&absent), ["5<top 1 0 p--", "6<top 1 0 p--"]);
    assert_eq!(place(absent.into_iter().collect()).unwrap().n_conversations(), 1);
}

#[test]
fn branches_of_a_stub_go_each_to_the_root_that_its_uppermost_record_names() {
    let rows = table(&[
        declaring(7, post(20, Some(10))),
        declaring(3, post(21, Some(20))), // Deeper: has no say.
        declaring(4, post(22, Some(10))),
        post(23, Some(10)), // Declares nothing: what is below it decides.
        post(24, Some(23)),
        declaring(6, post(25, Some(23))),
        declaring(5, post(26, Some(23))), // As deep as 25, and smaller.
        declaring(2, post(27, Some(24))), // Deeper.
    ]);
    assert_eq!(
        rows,
        [
            "20<10 7 1 p--",
            "21<20 7 2 p--",
            "22<10 4 1 p--",
            "23<10 5 1 p--",
            "24<23 5 2 p--",
            "25<23 5 2 p--",
            "26<23 5 2 p--",
            "27<24 5 3 p--",
            "10<top 4 0 ---" // The smallest that its children declare.
        ]
    );
}

#[test]
fn what_is_known_of_some_replies_serves_those_of_which_nothing_is() {
    // 20 and 21 came without their conversation, 22 and 31 with it.
    let rows = table(&[
        post(1, None),
        post(20, Some(10)),
        post(21, Some(20)),
        declaring(1, post(22, Some(10))),
        post(30, Some(11)),
        declaring(1, post(31, Some(30))),
        post(32, Some(11)),
    ]);
    assert_eq!(
        rows[1..],
        [
            "20<10 1 1 pr-",
            "21<20 1 2 pr-",
            "22<10 1 1 pr-",
            "30<11 1 1 pr-",
            "31<30 1 2 pr-",
            "32<11 1 1 pr-",
            "10<top 1 0 -r-",
            "11<top 1 0 -r-"
        ]
    );
}

#[test]
fn a_root_named_in_one_branch_and_in_another_is_one_conversation() {
    // Neither 5 nor 6 is a row; 5 is named by a direct child and from deeper.
    let replies = [
        declaring(5, post(20, Some(10))),
        post(30, Some(11)),
        declaring(5, post(31, Some(30))),
        post(40, Some(12)),
        declaring(6, post(41, Some(40))),
    ];
    assert_eq!(place(replies.into_iter().collect()).unwrap().n_conversations(), 2);
}

#[test]
fn the_smallest_root_of_a_stub_may_be_its_own_key_or_another_stub() {
    let rows = table(&[
        declaring(10, post(20, Some(10))),
        declaring(12, post(21, Some(10))),
        declaring(10, post(22, Some(12))),
    ]);
    assert_eq!(
        rows,
        ["20<10 10 1 p--", "21<10 12 1 p--", "22<12 10 1 p--", "10<top 10 0 ---", "12<top 10 0 ---"]
    );
}

#[test]
fn a_declared_root_is_taken_as_it_stands() {
    // 2 sits in conversation 1; 20 and 30 declare each other.
    let rows = table(&[
        post(1, None),
        post(2, Some(1)),
        declaring(30, post(20, Some(10))),
        declaring(20, post(30, Some(11))),
        declaring(2, post(40, Some(12))),
    ]);
    assert_eq!(rows[2..5], ["20<10 30 1 pr-", "30<11 20 1 pr-", "40<12 2 1 pr-"]);
}

#[test]
fn a_tombstone_with_a_known_parent_is_a_link_like_any_other() {
    let rows = table(&[post(1, None), tombstone(2, Some(1)), declaring(9, post(3, Some(2)))]);
    assert_eq!(rows, ["1<top 1 0 pre", "2<1 1 1 -re", "3<2 1 2 pre"]);
    let rows = table(&[tombstone(2, Some(1)), post(3, Some(2))]);
    assert_eq!(rows, ["2<1 1 1 ---", "3<2 1 2 p--", "1<top 1 0 ---"]);
}

#[test]
fn a_tombstone_without_parent_is_a_top_of_unknown_height() {
    let rows = table(&[tombstone(2, None), post(3, Some(2)), declaring(1, post(4, Some(2)))]);
    assert_eq!(rows, ["2<top 1 0 ---", "3<2 1 1 p--", "4<2 1 1 p--"]);
    assert_eq!(table(&[tombstone(2, None)]), ["2<top 2 0 ---"]);
}

#[test]
fn an_open_tombstone_that_declares_a_root_decides_for_its_tree() {
    let rows = table(&[post(1, None), declaring(1, tombstone(2, None)), declaring(9, post(3, Some(2)))]);
    assert_eq!(rows[1..], ["2<top 1 0 -r-", "3<2 1 1 pr-"]);
}

#[test]
fn a_deleted_root_is_not_present() {
    let rows = table(&[tombstone(1, None), declaring(1, post(20, Some(10)))]);
    assert_eq!(rows, ["1<top 1 0 ---", "20<10 1 1 p--", "10<top 1 0 ---"]);
}

#[test]
fn a_self_reply_names_no_parent() {
    assert_eq!(table(&[post(1, Some(1)), post(2, Some(1))]), ["1<top 1 0 pre", "2<1 1 1 pre"]);
    assert_eq!(table(&[declaring(7, tombstone(1, Some(1)))]), ["1<top 7 0 ---"]);
}

#[test]
fn a_cycle_is_cut_at_its_smallest_key() {
    assert_eq!(table(&[post(1, Some(2)), post(2, Some(1))]), ["1<top 1 0 pr-", "2<1 1 1 pr-"]);
    // 5 -> 3 -> 8 -> 4 -> 5, entered by the tail 1 -> 2 -> 8.
    let replies =
        [(5, 3), (3, 8), (8, 4), (4, 5), (1, 2), (2, 8)].map(|(key, parent)| post(key, Some(parent)));
    assert_eq!(
        table(&replies),
        ["1<2 3 5 pr-", "2<8 3 4 pr-", "3<top 3 0 pr-", "4<5 3 2 pr-", "5<3 3 1 pr-", "8<4 3 3 pr-"]
    );
}

#[test]
fn a_cycle_heeds_no_declared_root_and_may_hold_a_tombstone() {
    let rows = table(&[declaring(9, tombstone(1, Some(2))), declaring(9, post(2, Some(1)))]);
    assert_eq!(rows, ["1<top 1 0 ---", "2<1 1 1 p--"]);
}

#[test]
fn a_key_given_twice_is_an_error_that_names_it() {
    let replies = [post(9, None), post(9, None), post(4, None), tombstone(4, Some(1)), post(4, None)];
    assert_eq!(placed(&replies), Err(Error::DuplicateKey { key: "4".to_owned(), n_copies: 3 }));
}

#[test]
fn rows_are_found_by_key_and_followed_to_the_top() {
    let forest =
        place([post(3_u64, Some(2)), post(2, Some(1)), post(8, None)].into_iter().collect()).unwrap();
    assert_eq!([1, 2, 3, 8, 4].map(|key| forest.row_of(key)), [Some(3), Some(0), Some(1), Some(2), None]);
    assert_eq!(forest.path_to_root(1).collect::<Vec<_>>(), [1, 0, 3]);
    assert_eq!(forest.path_to_root(2).collect::<Vec<_>>(), [2]);
    assert_eq!(forest.path_to_root(4).count(), 0);
    assert_eq!(forest.iter().len(), forest.len());
}
