//! sohoa-page-workers
