//! Every query of docs/sql.md runs, over a corpus with rows and over one without.

use populi_query::Format;

use crate::world::World;

const DOCUMENT: &str = include_str!("../../../../docs/sql.md");

fn examples() -> Vec<&'static str> {
    DOCUMENT.split("```sql\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn the_examples_run() {
    assert_eq!(examples().len(), 11);
    let (full, empty) = (World::full(), World::empty());
    for sql in examples() {
        let rows = full.rows(sql);
        // The conversation of example 4 is not in this corpus.
        assert!(!rows.is_empty() || sql.contains("did:plc:ann"), "{sql}");
        assert!(empty.rows(sql).is_empty(), "{sql}");
        assert!(full.ask(sql, Format::Json).ends_with("\n]\n"), "{sql}");
    }
}

#[test]
fn the_examples_find_what_they_say() {
    let world = World::full();
    let liked = examples()[4];
    assert_eq!(world.rows(liked), ["p1,1,the first post"]);
    let took_back = examples()[5];
    assert_eq!(
        world.rows(took_back),
        [
            "2024-01-01T03:00:00Z,l1#delete@3/unlike,l1#create@2/like",
            "2024-01-01T05:00:00Z,p2#delete@5/delete,p2#create@4/quote",
            "2024-01-01T05:00:00Z,p2#delete@5/delete,p2#create@4/reply",
        ]
    );
    let not_taken = examples()[9];
    assert!(world.rows(not_taken)[0].ends_with(",2,7,{oops"), "{:?}", world.rows(not_taken));
}

#[test]
fn the_document_lists_every_view() {
    for view in populi_query::VIEWS {
        assert!(DOCUMENT.contains(&format!("| `{}` | ", view.name)), "{}", view.name);
    }
}
