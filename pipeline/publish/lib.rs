//! sohoa-publish
