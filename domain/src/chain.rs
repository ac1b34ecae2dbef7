//! The log's proof: a leaf per event, a Merkle root per batch (RFC 6962 §2.1), a chain over the batches.
//!
//! A batch's tree has one leaf more than it has events: its [`commands_leaf`], which is the last. (Batches written before
//! there was one have none; their roots are those of their events alone.)

use std::fmt::{self, Write as _};

use sha2::{Digest, Sha256};

use crate::ids::{Sequence, Timestamp};
use crate::json::push_string;

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// The chain value before the first batch.
pub const GENESIS: Hash = [0; 32];

/// sha256(0x00 ‖ the event's stored JSON, without its sequence number).
pub fn leaf(stored: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(stored).finalize().into()
}

/// The leaf that closes a batch and proves what its events don't say of their commands: of each unit with events, in
/// order, the command's name, the fingerprint of what was asked, and how many events it has. It is the leaf of a JSON
/// array, `[["DEPOSIT","<32 hexadecimal digits>",1],…]`, and so never that of an event, which is an object.
pub fn commands_leaf<'a>(units: impl IntoIterator<Item = (&'a str, &'a [u8], usize)>) -> Hash {
    let mut text = String::from("[");
    for (name, fingerprint, events) in units {
        text.push_str(if text.len() > 1 { ",[" } else { "[" });
        push_string(&mut text, name);
        text.push_str(",\"");
        push_hex(&mut text, fingerprint);
        // Writing to a string cannot fail.
        let _ = write!(text, "\",{events}]");
    }
    text.push(']');
    leaf(text.as_bytes())
}

/// Bytes that display as lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug)]
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(self.0.len().saturating_mul(2));
        push_hex(&mut text, self.0);
        f.write_str(&text)
    }
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    let digit = |number: u8| char::from_digit(u32::from(number), 16).unwrap_or('0');
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
}

/// Reads what [`Hex`] displays; `None` for any other text, and for another number of bytes.
pub fn from_hex<const BYTES: usize>(text: &str) -> Option<[u8; BYTES]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(byte.wrapping_sub(b'a').wrapping_add(10)),
        _ => None,
    };
    let mut bytes = [0; BYTES];
    let mut pairs = text.as_bytes().chunks_exact(2);
    for byte in &mut bytes {
        let [high, low] = pairs.next()? else { return None };
        *byte = digit(*high)?.wrapping_shl(4) | digit(*low)?;
    }
    (pairs.next().is_none() && pairs.remainder().is_empty()).then_some(bytes)
}

/// The Merkle tree hash over the leaves of a batch (RFC 6962 §2.1); an empty batch has none.
pub fn root(leaves: &[Hash]) -> Option<Hash> {
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        level = above(&level);
    }
    level.first().copied()
}

/// Pairing neighbours level by level, an odd last one moving up as it is, builds the tree of the RFC, whose left part is
/// always the largest power of two.
fn above(level: &[Hash]) -> Vec<Hash> {
    let node = |pair: &[Hash]| match pair {
        [left, right] => inner(left, right),
        odd => odd.first().copied().unwrap_or_default(),
    };
    level.chunks(2).map(node).collect()
}

/// sha256(0x01 ‖ left ‖ right)
fn inner(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The nodes that lead from a leaf to the root, from the bottom up (RFC 6962 §2.1.1); `None` where there is no such leaf.
pub fn path(leaves: &[Hash], place: usize) -> Option<Vec<Hash>> {
    if place >= leaves.len() {
        return None;
    }
    let (mut level, mut place, mut path) = (leaves.to_vec(), place, Vec::new());
    while level.len() > 1 {
        // An odd last one has nobody beside it and moves up.
        path.extend(level.get(place ^ 1));
        level = above(&level);
        place >>= 1;
    }
    Some(path)
}

/// The root that a path leads to from a leaf at that place among so many; `None` where the path is not as long as the one
/// of such a tree.
pub fn root_by(leaf: &Hash, place: u64, leaves: u64, path: &[Hash]) -> Option<Hash> {
    if place >= leaves {
        return None;
    }
    let (mut hash, mut place, mut width, mut path) = (*leaf, place, leaves, path.iter());
    while width > 1 {
        let odd_last = place.checked_add(1) == Some(width) && width & 1 == 1;
        if !odd_last {
            let beside = path.next()?;
            hash = if place & 1 == 1 { inner(beside, &hash) } else { inner(&hash, beside) };
        }
        place >>= 1;
        width = width.div_ceil(2);
    }
    path.next().is_none().then_some(hash)
}

/// sha256(previous ‖ root ‖ first ‖ last ‖ committed at, in µs), integers as 8 bytes big-endian.
pub fn link(previous: &Hash, root: &Hash, first: Sequence, last: Sequence, committed_at: Timestamp) -> Hash {
    Sha256::new()
        .chain_update(previous)
        .chain_update(root)
        .chain_update(first.get().to_be_bytes())
        .chain_update(last.get().to_be_bytes())
        .chain_update(committed_at.as_micros().to_be_bytes())
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        Hex(bytes).to_string()
    }

    /// The vectors of the Certificate Transparency reference implementation (RFC 6962 trees over its eight inputs).
    #[test]
    fn roots_are_those_of_rfc_6962() {
        let inputs: [&[u8]; 8] = [
            &[],
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        for (count, expected) in (1..).zip(roots) {
            let leaves: Vec<Hash> = inputs.iter().take(count).map(|input| leaf(input)).collect();
            assert_eq!(root(&leaves).map(|hash| hex(&hash)).as_deref(), Some(expected), "{count} leaves");
        }
        assert_eq!(root(&[]), None);
    }

    #[test]
    fn every_leaf_of_every_tree_has_a_path_to_its_root_and_no_other_leaf_has() {
        for count in 1..=33_u8 {
            let leaves: Vec<Hash> = (0..count).map(|number| leaf(&[number])).collect();
            let root = root(&leaves);
            for (place, own) in leaves.iter().enumerate() {
                let path = path(&leaves, place).unwrap();
                let by = |leaf: &Hash, place: usize, leaves: u8, path: &[Hash]| {
                    root_by(leaf, u64::try_from(place).unwrap(), u64::from(leaves), path)
                };
                assert_eq!(by(own, place, count, &path), root, "{place} of {count}");
                assert_ne!(by(&leaf(b"other"), place, count, &path), root);
                assert_ne!(by(own, place ^ 1, count, &path), root);
                let longer = [path.as_slice(), &[[0; 32]]].concat();
                assert_eq!(by(own, place, count, &longer), None);
                if let Some((_, shorter)) = path.split_last() {
                    assert_eq!(by(own, place, count, shorter), None);
                }
            }
            assert_eq!(path(&leaves, leaves.len()), None);
            assert_eq!(root_by(&leaves[0], u64::from(count), u64::from(count), &[]), None);
        }
    }

    #[test]
    fn the_commands_have_a_leaf_of_their_own() {
        let units: [(&str, &[u8], usize); 2] = [("DEPOSIT", &[1, 255], 1), ("TRANSFER", &[2], 2)];
        assert_eq!(commands_leaf(units), leaf(br#"[["DEPOSIT","01ff",1],["TRANSFER","02",2]]"#));
        assert_eq!(commands_leaf([]), leaf(b"[]"));
    }

    #[test]
    fn hexadecimal_digits_come_back() {
        assert_eq!(from_hex(&hex(&[0, 1, 171, 255])), Some([0, 1, 171, 255]));
        for wrong in ["", "0", "001", "0g", "0A", "0001"] {
            assert_eq!(from_hex::<1>(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_link_depends_on_each_of_its_parts() {
        let base = (GENESIS, [1; 32], Sequence::new(1), Sequence::new(2), Timestamp::from_micros(3));
        let of = |(p, r, f, l, t): (Hash, Hash, Sequence, Sequence, Timestamp)| link(&p, &r, f, l, t);
        let others = [
            ([9; 32], base.1, base.2, base.3, base.4),
            (base.0, [9; 32], base.2, base.3, base.4),
            (base.0, base.1, Sequence::new(9), base.3, base.4),
            (base.0, base.1, base.2, Sequence::new(9), base.4),
            (base.0, base.1, base.2, base.3, Timestamp::from_micros(9)),
        ];
        for other in others {
            assert_ne!(of(other), of(base));
        }
    }
}
