//! sohoa-decode
