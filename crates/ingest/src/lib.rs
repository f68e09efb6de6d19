//! How the bytes of a platform's dump become events.
