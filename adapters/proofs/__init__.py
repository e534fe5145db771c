"""What shows an outsider that nothing was changed: the tree, checkpoints, proofs, bundles, verification."""
