//! sohoa-source
