"""Who watches what, and who is told what of what changes. Follows the index; decides nothing itself."""
