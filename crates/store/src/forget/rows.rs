//! What becomes of one row: the forgotten's own go, and in other people's rows the ids of the forgotten go.
//!
//! A reference keeps its key, so that threads stay whole and joins work; its text becomes null. Texts that people wrote
//! are theirs and stay as they are.

use populi_model::table::{
    AccountRow, ActionRow, AttributeRow, EdgeRow, MediaRow, OriginalRow, PostRow, QuarantineRow, Row,
    SourceRow, Text, TombstoneRow, UnavailableRow,
};
use populi_model::{Class, Key, Quarantined};

use super::list::Forgotten;
use super::names::without_cut_did;
use crate::settle::SettledRecord;

/// What is to become of a row that is not the forgotten's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// It names nobody who is forgotten.
    Stays,
    /// It named somebody, and does no more.
    Blanked,
    /// There is nothing in it but that name.
    Goes,
}

impl Fate {
    fn blanked_if(is_blanked: bool) -> Self {
        if is_blanked { Self::Blanked } else { Self::Stays }
    }

    fn goes_if(goes: bool) -> Self {
        if goes { Self::Goes } else { Self::Stays }
    }
}

/// A row of a table that ingest fills.
pub(super) trait Forgettable: Row {
    /// The record or account with which the row goes; `None` where only what it says decides.
    fn owner(&self) -> Option<Key> {
        None
    }

    /// Takes the ids of the forgotten out of the row.
    fn blank(&mut self, forgotten: &Forgotten) -> Fate;

    /// What its input record counts as, in `sources`.
    fn class(&self) -> Option<Class> {
        None
    }
}

impl Forgettable for PostRow<'_> {
    fn owner(&self) -> Option<Key> {
        Some(self.post_key)
    }

    fn blank(&mut self, forgotten: &Forgotten) -> Fate {
        let references = blank_id(forgotten, &mut self.reply_to, self.reply_to_key)
            | blank_id(forgotten, &mut self.root, self.root_key)
            | blank_id(forgotten, &mut self.quote_of, self.quote_of_key)
            | blank_id(forgotten, &mut self.conversation_id, None);
        let n_before = self.mentions.len() + self.urls.len();
        let handle =
            |mention: &Text<'_>| mention.rsplit_once(":@").is_some_and(|(_, name)| forgotten.is_called(name));
        self.mentions.retain(|mention| !forgotten.names(mention) && !handle(mention));
        self.urls.retain(|url| !forgotten.names(url));
        Fate::blanked_if(references || self.mentions.len() + self.urls.len() < n_before)
    }
}

impl Forgettable for AccountRow<'_> {
    fn owner(&self) -> Option<Key> {
        Some(self.account_key)
    }

    /// An account says nothing of others but in its own words.
    fn blank(&mut self, _: &Forgotten) -> Fate {
        Fate::Stays
    }
}

impl Forgettable for ActionRow<'_> {
    fn owner(&self) -> Option<Key> {
        Some(self.record_key)
    }

    fn blank(&mut self, forgotten: &Forgotten) -> Fate {
        let post = blank_id(forgotten, &mut self.target_post, self.target_key);
        Fate::blanked_if(post | blank_id(forgotten, &mut self.target_account, None))
    }
}

impl Forgettable for TombstoneRow<'_> {
    fn owner(&self) -> Option<Key> {
        Some(self.record_key)
    }

    fn blank(&mut self, forgotten: &Forgotten) -> Fate {
        let parent = blank_id(forgotten, &mut self.reply_to, self.reply_to_key)
            | blank_id(forgotten, &mut self.conversation_id, None);
        Fate::blanked_if(parent | blank_id(forgotten, &mut self.root, self.root_key))
    }
}

impl Forgettable for EdgeRow<'_> {
    /// A relation without one of its ends is none.
    fn blank(&mut self, forgotten: &Forgotten) -> Fate {
        Fate::goes_if(
            forgotten.holds(self.follower_key) || forgotten.names_keyed(&self.followed_id, self.followed_key),
        )
    }
}

impl Forgettable for MediaRow<'_> {
    fn owner(&self) -> Option<Key> {
        Some(self.post_key)
    }

    /// A card may show a page of the forgotten.
    fn blank(&mut self, forgotten: &Forgotten) -> Fate {
        Fate::blanked_if(blank_id(forgotten, &mut self.url, None))
    }
}

impl Forgettable for AttributeRow<'_> {
    fn owner(&self) -> Option<Key> {
        Some(self.post_key)
    }

    /// Only a value that is an id is no text of its author's.
    fn blank(&mut self, forgotten: &Forgotten) -> Fate {
        let is_id = !self.value.contains(char::is_whitespace);
        Fate::goes_if(is_id && (forgotten.names(&self.value) || forgotten.is_called(&self.value)))
    }
}

impl Forgettable for SourceRow {
    fn owner(&self) -> Option<Key> {
        Some(self.record_key)
    }

    fn blank(&mut self, _: &Forgotten) -> Fate {
        Fate::Stays
    }

    fn class(&self) -> Option<Class> {
        Some(self.class)
    }
}

impl Forgettable for UnavailableRow<'_> {
    /// There is nothing in it but the id.
    fn blank(&mut self, forgotten: &Forgotten) -> Fate {
        Fate::goes_if(forgotten.names_keyed(&self.post_id, self.post_key))
    }
}

impl Forgettable for OriginalRow<'_> {
    fn owner(&self) -> Option<Key> {
        Some(self.record_key)
    }

    /// An untouched record cannot be changed, so one that names the forgotten is no longer kept.
    fn blank(&mut self, forgotten: &Forgotten) -> Fate {
        Fate::goes_if(forgotten.is_named_in_record(&self.bytes))
    }
}

impl Forgettable for QuarantineRow<'_> {
    fn blank(&mut self, forgotten: &Forgotten) -> Fate {
        if forgotten.is_named_in_record(&self.head) || forgotten.is_named_in_record(self.detail.as_bytes()) {
            return Fate::Goes;
        }
        let n_cut = match self.head.len() {
            Quarantined::MAX_HEAD_BYTES => Quarantined::MAX_HEAD_BYTES - without_cut_did(&self.head).len(),
            _ => 0,
        };
        if n_cut > 0 {
            let left = self.head.len() - n_cut;
            self.head.to_mut().truncate(left);
        }
        let shown = forgotten.shown(&self.file);
        let is_renamed = shown != self.file;
        if is_renamed {
            self.file = shown.to_owned().into();
        }
        Fate::blanked_if(n_cut > 0 || is_renamed)
    }
}

impl Forgotten {
    /// Takes the ids of the forgotten out of what a record of somebody else is to leave in the tables.
    pub(crate) fn blank_record(&self, record: &mut SettledRecord<'_>) {
        let rows = &mut record.rows;
        rows.post.iter_mut().for_each(|row| _ = row.blank(self));
        rows.tombstone.iter_mut().for_each(|row| _ = row.blank(self));
        rows.actions.iter_mut().for_each(|row| _ = row.blank(self));
        rows.media.iter_mut().for_each(|row| _ = row.blank(self));
        rows.attributes.retain_mut(|row| row.blank(self) != Fate::Goes);
        rows.original.take_if(|row| row.blank(self) == Fate::Goes);
        rows.unavailable.take_if(|row| row.blank(self) == Fate::Goes);
        record.follows.retain(|follow| !self.names(&follow.followed_id));
    }
}

/// Makes an id null that names the forgotten.
fn blank_id(forgotten: &Forgotten, id: &mut Option<Text<'_>>, key: Option<Key>) -> bool {
    let is_named = |id: &Text<'_>| match key {
        Some(key) => forgotten.names_keyed(id, key),
        None => forgotten.names(id),
    };
    id.take_if(|id| is_named(id)).is_some()
}
