//! sohoa-ocr
