//! Publishing the JSON Schemas.
