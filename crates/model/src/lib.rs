//! What a post, an account and an action are: ids, keys, time, events, and the tables' schemas and row builders.
