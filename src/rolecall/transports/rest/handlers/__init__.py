"""What each operation does: JSON in, a call of the administration or the authorizer, JSON out."""
