//! The example authorization server.
