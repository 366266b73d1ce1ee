"""The pages under docs/reference: each made from the table it describes, so that none of them can go stale."""
