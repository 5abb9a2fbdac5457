//! CRC-32C, the checksum of a batch.

/// CRC-32C of the bytes.
pub fn crc32c(bytes: &[u8]) -> u32 {
    crc_fast::crc32_iscsi(bytes)
}
