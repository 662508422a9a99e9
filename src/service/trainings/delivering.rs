//! Bringing a LoRA into ComfyUI's folder.

use std::{
    fs::File,
    io::{BufReader, ErrorKind, Read},
    path::Path,
};

/// Copies a LoRA into the folder: whole or not at all, and never over another file. Answers the name it has there.
/// Done twice, it finds its own copy.
pub(super) fn deliver(made: &Path, folder: &Path, name: &str) -> std::io::Result<String> {
    for number in 1..=1_000_u32 {
        let called = if number == 1 { format!("{name}.safetensors") } else { format!("{name}-{number}.safetensors") };
        let place = folder.join(&called);
        match place.metadata() {
            Ok(_) if same(made, &place)? => return Ok(called),
            Ok(_) => continue,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let mut temporary = tempfile::Builder::new().prefix(".dalla-").suffix(".part").tempfile_in(folder)?;
        std::io::copy(&mut File::open(made)?, temporary.as_file_mut())?;
        readable(temporary.as_file())?;
        temporary.as_file().sync_all()?;
        match temporary.persist_noclobber(&place) {
            Ok(_) => {
                File::open(folder)?.sync_all()?;
                return Ok(called);
            }
            // Somebody else put a file there in this moment: it stays, and ours gets the next name.
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.error),
        }
    }
    Err(std::io::Error::other("there are a thousand files of this name"))
}

/// ComfyUI may run as somebody else; temporary files are readable by their owner only.
fn readable(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

fn same(one: &Path, other: &Path) -> std::io::Result<bool> {
    let (one, other) = (File::open(one)?, File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut one, mut other) = (BufReader::with_capacity(1 << 20, one), BufReader::with_capacity(1 << 20, other));
    let (mut left, mut right) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        let read = one.read(&mut left)?;
        if read == 0 {
            return Ok(true);
        }
        other.read_exact(&mut right[..read])?;
        if left[..read] != right[..read] {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lora_is_never_put_over_another_and_its_own_copy_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let (made, loras) = (dir.path().join("made.safetensors"), dir.path().join("loras"));
        std::fs::create_dir(&loras).unwrap();
        std::fs::write(&made, vec![7; 200_000]).unwrap();
        assert_eq!(deliver(&made, &loras, "luna").unwrap(), "luna.safetensors");
        assert_eq!(deliver(&made, &loras, "luna").unwrap(), "luna.safetensors", "a second time it is found");
        std::fs::write(&made, vec![8; 200_000]).unwrap();
        assert_eq!(deliver(&made, &loras, "luna").unwrap(), "luna-2.safetensors");
        assert_eq!(std::fs::read(loras.join("luna.safetensors")).unwrap(), vec![7; 200_000]);
        assert_eq!(std::fs::read_dir(&loras).unwrap().count(), 2, "nothing half is left");
        assert!(deliver(&made, Path::new("/nowhere"), "luna").is_err());
    }
}
