//! The log's proof: a leaf per event, a Merkle root per batch (RFC 6962 §2.1), a chain over the batches.

use sha2::{Digest, Sha256};

use crate::ids::{Sequence, Timestamp};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// The chain value before the first batch.
pub const GENESIS: Hash = [0; 32];

/// sha256(0x00 ‖ the event's stored JSON, without its sequence number).
pub fn leaf(stored: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(stored).finalize().into()
}

/// The Merkle tree hash over the leaves of a batch (RFC 6962 §2.1); an empty batch has none.
pub fn root(leaves: &[Hash]) -> Option<Hash> {
    // Pairing neighbours level by level, an odd last one moving up as it is, builds the tree of the RFC, whose left
    // part is always the largest power of two.
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => {
                    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
                }
                odd => odd.first().copied().unwrap_or_default(),
            })
            .collect();
    }
    level.first().copied()
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
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
