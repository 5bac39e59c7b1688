//! sohoa-compose
