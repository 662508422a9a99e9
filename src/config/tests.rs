//! What the command line and the environment may say.

use std::path::PathBuf;

use clap::Parser;

use super::*;

fn wrong(arguments: &[&str]) -> String {
    Config::try_parse_from(["digital-dalla"].iter().chain(arguments)).unwrap_err().to_string()
}

#[test]
fn the_word_about_a_wrong_value_names_its_variable() {
    assert!(wrong(&["--listen", "3000"]).contains("DALLA_LISTEN"));
    assert!(wrong(&["--comfyui-url", "ftp://box"]).contains("COMFYUI_URL"));
    assert!(wrong(&["--timezone", "Mars/Base"]).contains("DALLA_TIMEZONE"));
    assert!(wrong(&["--allowed-hosts", "box.home,http://box.home"]).contains("DALLA_ALLOWED_HOSTS"));
    assert!(wrong(&["--allowed-hosts", "box.home:3000"]).contains("without a port"));
}

#[test]
fn the_sandbox_is_asked_for_by_a_flag_alone() {
    let sandbox = |arguments: &[&str]| Config::try_parse_from(["digital-dalla"].iter().chain(arguments)).unwrap().sandbox;
    assert!(sandbox(&["--sandbox"]) && sandbox(&["--sandbox", "--listen", "127.0.0.1:1"]) && sandbox(&["--sandbox=yes"]));
    assert!(!sandbox(&[]) && !sandbox(&["--sandbox=0"]));
    assert!(wrong(&["--sandbox=perhaps"]).contains("DALLA_SANDBOX"));
}

#[test]
fn proxies_are_addresses_or_networks() {
    let config = Config::try_parse_from(["digital-dalla", "--trusted-proxies", "127.0.0.1,172.16.0.0/12,fd00::/8"]).unwrap();
    assert_eq!(config.trusted_proxies.len(), 3);
    assert!(wrong(&["--trusted-proxies", "the-proxy"]).contains("DALLA_TRUSTED_PROXIES"));
}

#[test]
fn a_command_knows_where_the_data_is() {
    let config = Config::try_parse_from(["digital-dalla", "set-password", "--data-dir", "elsewhere"]).unwrap();
    assert_eq!((config.command.clone(), config.data_dir()), (Some(Command::SetPassword), PathBuf::from("elsewhere")));
}

#[test]
fn a_bucket_needs_its_keys() {
    let bucket = |arguments: &[&str]| Config::try_parse_from(["digital-dalla"].iter().chain(arguments)).unwrap();
    assert!(bucket(&[]).goes_together().is_ok());
    let mut config = bucket(&["--s3-bucket", "pictures", "--s3-access-key-id", "key"]);
    assert!(config.goes_together().unwrap_err().contains("DALLA_S3_SECRET_ACCESS_KEY"));
    config.bucket_secret = Some("secret".into());
    assert!(config.goes_together().is_ok());
}

#[test]
fn several_comfyui_servers_are_separated_by_commas() {
    let config = Config::try_parse_from(["digital-dalla", "--comfyui-url", "http://a:1,http://b:2"]).unwrap();
    assert_eq!(config.comfyui.len(), 2);
}
