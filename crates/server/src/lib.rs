//! Mapae.
