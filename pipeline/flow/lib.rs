//! sohoa-flow
