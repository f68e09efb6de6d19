//! A seeded world with planted truth, written in each platform's own dump format.
