//! sohoa-sign
