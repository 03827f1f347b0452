//! The five parties.
