//! sohoa-schemas
