use super::*;

fn vault(folder: &std::path::Path) -> Vault {
    let path = folder.join("secrets.key");
    KeyFile::make(&path).unwrap();
    Vault {
        keeper: Keeper::File(KeyFile::read(&path).unwrap()),
        opened: Mutex::default(),
    }
}

#[tokio::test]
async fn a_secret_opens_where_it_belongs_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let (vault, secret) = (vault(folder.path()), SigningSecret::generate());
    let sealed = vault.seal("acme#live H#1", &secret).await.unwrap();
    assert_eq!(vault.unseal("acme#live H#1", &sealed).await.unwrap(), secret);
    assert!(
        !sealed
            .windows(8)
            .any(|part| secret.reveal().as_bytes().windows(8).any(|of| of == part))
    );
    for other in ["acme#live H#2", "acme#test H#1", ""] {
        assert!(
            matches!(vault.unseal(other, &sealed).await, Err(VaultError::Corrupt)),
            "{other}"
        );
    }
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(
            matches!(vault.unseal("acme#live H#1", &changed).await, Err(VaultError::Corrupt)),
            "{at}"
        );
        assert!(matches!(
            vault.unseal("acme#live H#1", &sealed[..at]).await,
            Err(VaultError::Corrupt)
        ));
    }
    let again = vault.seal("acme#live H#1", &secret).await.unwrap();
    assert_ne!(again, sealed, "no two are the same");
}

#[tokio::test]
async fn a_key_file_stays_as_it_is_and_another_key_opens_nothing() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let secret = SigningSecret::generate();
    let sealed = vault(one.path()).seal("x", &secret).await.unwrap();
    assert_eq!(vault(one.path()).unseal("x", &sealed).await.unwrap(), secret);
    assert!(matches!(
        vault(other.path()).unseal("x", &sealed).await,
        Err(VaultError::Corrupt)
    ));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let made = std::fs::metadata(one.path().join("secrets.key")).unwrap();
        assert_eq!(made.permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_file_without_a_key_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secrets.key");
    assert!(KeyFile::read(&path).unwrap_err().to_string().starts_with("cannot use "));
    for wrong in ["", "\n", "abc", &"g".repeat(64), &"é".repeat(32)] {
        std::fs::write(&path, wrong).unwrap();
        let refused = KeyFile::read(&path).unwrap_err().to_string();
        assert!(refused.contains("rotate the secrets"), "{refused}");
    }
}
