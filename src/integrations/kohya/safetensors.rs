//! Whether a LoRA's file is whole. The trainer writes it under its final name, so a file alone proves nothing.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{ErrorKind, Read},
    path::Path,
};

use serde::Deserialize;

/// No header is larger.
const LARGEST_HEADER: u64 = 100 << 20;

/// What the head of a file tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// What its maker wrote into it.
    pub metadata: BTreeMap<String, String>,
    /// How many tensors it has.
    pub tensors: usize,
    /// How large the file is.
    pub bytes: u64,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum LoraFault {
    /// There is none.
    #[error("it is not there")]
    Missing,
    /// It was not written to its end.
    #[error("it was not written to its end")]
    Cut,
    /// It is something else.
    #[error("it is no safetensors file")]
    Other,
    /// It has no tensors.
    #[error("there is nothing in it")]
    Empty,
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(std::io::Error),
}

#[derive(Deserialize)]
struct Tensor {
    data_offsets: (u64, u64),
}

/// Reads the head of a file, and checks that the rest is there.
pub fn read_header(path: &Path) -> Result<Header, LoraFault> {
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => LoraFault::Missing,
        ErrorKind::UnexpectedEof => LoraFault::Cut,
        _ => LoraFault::Unreadable(error),
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let bytes = file.metadata().map_err(unreadable)?.len();
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(unreadable)?;
    let length = u64::from_le_bytes(length);
    if length > LARGEST_HEADER {
        return Err(LoraFault::Other);
    }
    if length + 8 > bytes {
        return Err(LoraFault::Cut);
    }
    let mut head = vec![0; usize::try_from(length).map_err(|_| LoraFault::Other)?];
    file.read_exact(&mut head).map_err(unreadable)?;
    let mut entries: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&head).map_err(|_| LoraFault::Other)?;
    let metadata =
        entries.remove("__metadata__").map(serde_json::from_value).transpose().map_err(|_| LoraFault::Other)?.unwrap_or_default();
    let ends = entries.values().map(|entry| Tensor::deserialize(entry).map(|tensor| tensor.data_offsets.1));
    let ends: Vec<u64> = ends.collect::<Result<_, _>>().map_err(|_| LoraFault::Other)?;
    let Some(end) = ends.iter().max() else { return Err(LoraFault::Empty) };
    match (length + 8).checked_add(*end) {
        Some(whole) if whole == bytes => Ok(Header { metadata, tensors: ends.len(), bytes }),
        Some(whole) if whole > bytes => Err(LoraFault::Cut),
        Some(_) | None => Err(LoraFault::Other),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(head: &str, data: usize) -> Vec<u8> {
        [&(head.len() as u64).to_le_bytes()[..], head.as_bytes(), &vec![0; data]].concat()
    }

    fn read(bytes: &[u8]) -> Result<Header, LoraFault> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        read_header(file.path())
    }

    const HEAD: &str = r#"{"__metadata__":{"ss_base_model_version":"sd_v1"},"lora_unet_x.alpha":{"dtype":"F16","shape":[],"data_offsets":[0,2]},"lora_unet_x.lora_up.weight":{"dtype":"F16","shape":[2,2],"data_offsets":[2,10]}}"#;

    #[test]
    fn only_a_whole_file_counts() {
        let whole = file(HEAD, 10);
        let header = read(&whole).unwrap();
        assert_eq!((header.tensors, header.metadata["ss_base_model_version"].as_str()), (2, "sd_v1"));
        for cut in [0, 7, 8, 50, whole.len() - 1] {
            assert!(matches!(read(&whole[..cut]), Err(LoraFault::Cut)), "cut at {cut}");
        }
        assert!(matches!(read(&file("{}", 0)), Err(LoraFault::Empty)));
        assert!(matches!(read(b"GIF89a.............."), Err(LoraFault::Other)));
        assert!(matches!(read(&file(HEAD, 11)), Err(LoraFault::Other)));
        assert!(matches!(read_header(Path::new("/nowhere/x.safetensors")), Err(LoraFault::Missing)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            prop_assert!(read(&bytes).is_err());
        }
    }
}
